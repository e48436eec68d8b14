/**
 * Sums of a row in the one order of reduction rule 6: blocks of 256 columns, in a block sixteen
 * partial sums in float32 (partial j takes the columns ≡ j mod 16), joined j + 8, j + 4, j + 2,
 * j + 1, and the blocks' results added in float64 from left to right.
 */

import { exp2 } from "./math.ts";
import { BLOCK, blockEnd } from "./row.ts";

const fround = Math.fround;

/** Partial sums of a block. */
export const WIDTH = 16;
/** Storing a sum here rounds it to float32. */
const partial = /* @__PURE__ */ new Float32Array(WIDTH);

/** The sum of the partial sums, which are 0 again afterwards. */
function join(): number {
  for (let half = WIDTH >> 1; half > 0; half >>= 1) {
    for (let j = 0; j < half; j++) {
      partial[j] += partial[j + half];
      partial[j + half] = 0;
    }
  }
  const sum = partial[0];
  partial[0] = 0;
  return sum;
}

/** `out[i] = 2^((x[i] − max)·rate)`, and their sum. */
export function expSum(
  x: Float32Array,
  at: number,
  out: Float32Array,
  to: number,
  classes: number,
  max: number,
  rate: number,
): number {
  let total = 0;
  for (let start = 0; start < classes; start += BLOCK) {
    const end = blockEnd(start, classes);
    for (let i = start; i < end; i++) {
      const e = exp2(fround(fround(x[at + i] - max) * rate));
      out[to + i] = e;
      partial[i & 15] += e;
    }
    total += join();
  }
  return total;
}

/** ⟨weights, v⟩ over the columns with a non-zero weight, whatever `v` holds in the others. */
export function dot(
  weights: Float32Array,
  at: number,
  v: Float32Array,
  vAt: number,
  classes: number,
): number {
  let total = 0;
  for (let start = 0; start < classes; start += BLOCK) {
    const end = blockEnd(start, classes);
    for (let i = start; i < end; i++) {
      const weight = weights[at + i];
      if (weight !== 0) partial[i & 15] += fround(weight * v[vAt + i]);
    }
    total += join();
  }
  return fround(total);
}

/** Σ v over the columns where `value` is above −∞. */
export function sumOfPossible(
  value: Float32Array,
  v: Float32Array,
  at: number,
  classes: number,
): number {
  let total = 0;
  for (let start = 0; start < classes; start += BLOCK) {
    const end = blockEnd(start, classes);
    for (let i = start; i < end; i++) {
      if (value[at + i] !== Number.NEGATIVE_INFINITY) partial[i & 15] += v[at + i];
    }
    total += join();
  }
  return fround(total);
}
