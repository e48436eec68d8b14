/** Sums of blocks in float64. */

import { WIDTH } from "./reduce.ts";

const partial = /* @__PURE__ */ new Float64Array(WIDTH);

/** The sum of a block in the order of `reduce.ts`. */
export function blockSum(weights: Float32Array | Float64Array, start: number, end: number): number {
  const count = end - start;
  if (count <= WIDTH) return join(weights, start, end);
  const whole = end - (count % 16);
  for (let j = 0; j < 16; j += 4) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = start + j; i < whole; i += 16) {
      s0 += weights[i];
      s1 += weights[i + 1];
      s2 += weights[i + 2];
      s3 += weights[i + 3];
    }
    partial[j] = s0;
    partial[j + 1] = s1;
    partial[j + 2] = s2;
    partial[j + 3] = s3;
  }
  for (let i = whole; i < end; i++) partial[i - whole] += weights[i];
  return join(partial, 0, WIDTH);
}

/** Joins at most sixteen partial sums. */
function join(x: Float32Array | Float64Array, start: number, end: number): number {
  const even = joinFour(x, start, end) + joinFour(x, start + 2, end);
  return even + (joinFour(x, start + 1, end) + joinFour(x, start + 3, end));
}

/** Partial sums j, j + 8, j + 4 and j + 12, of those there are. */
function joinFour(x: Float32Array | Float64Array, at: number, end: number): number {
  if (at + 8 >= end) {
    if (at + 4 < end) return x[at] + x[at + 4];
    return at < end ? x[at] : 0;
  }
  const high = at + 12 < end ? x[at + 4] + x[at + 12] : x[at + 4];
  return x[at] + x[at + 8] + high;
}
