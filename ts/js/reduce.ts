/**
 * Sums of a row in the one order of reduction rule 6: blocks of 256 columns, in a block sixteen
 * partial sums in float32 (partial j takes the columns ≡ j mod 16), joined j + 8, j + 4, j + 2,
 * j + 1, and the blocks' results added in float64 from left to right.
 */

import { exps } from "./math.ts";
import { BLOCK, blockEnd } from "./row.ts";

const fround = Math.fround;

/** Partial sums of a block. */
export const WIDTH = 16;
const partial = /* @__PURE__ */ new Float32Array(WIDTH);

/**
 * Partial sums j, j + 8, j + 4 and j + 12 of at most sixteen terms, joined: `x[at]` is the first of
 * them, and there are none from `x[end]` on. One that is missing is 0.
 *
 * In variables, since a short row feels every pass over an array.
 */
function joinFour(x: Float32Array, at: number, end: number): number {
  if (at + 8 >= end) {
    if (at + 4 < end) return fround(x[at] + x[at + 4]);
    return at < end ? x[at] : 0;
  }
  const high = at + 12 < end ? fround(x[at + 4] + x[at + 12]) : x[at + 4];
  return fround(fround(x[at] + x[at + 8]) + high);
}

/**
 * The sum of at most sixteen partial sums, which begin at `x[at]`. It is left in `partial[0]`: for a
 * number that is returned, an engine allocates.
 */
function join(x: Float32Array, at: number, count: number): void {
  const end = at + count;
  const even = fround(joinFour(x, at, end) + joinFour(x, at + 2, end));
  const odd = fround(joinFour(x, at + 1, end) + joinFour(x, at + 3, end));
  partial[0] = even + odd;
}

/** The sum of a block that begins at `x[at]`. */
function blockSum(x: Float32Array, at: number, count: number): number {
  if (count <= WIDTH) join(x, at, count);
  else {
    sumBySixteen(x, at, count);
    join(partial, 0, WIDTH);
  }
  return partial[0];
}

/** The partial sums of sixteen values and more. */
function sumBySixteen(x: Float32Array, at: number, count: number): void {
  const end = at + count;
  const whole = end - (count % 16);
  // Four partial sums at a time: in variables, and none waits for its own last addition.
  for (let j = 0; j < 16; j += 4) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = at + j; i < whole; i += 16) {
      s0 = fround(s0 + x[i]);
      s1 = fround(s1 + x[i + 1]);
      s2 = fround(s2 + x[i + 2]);
      s3 = fround(s3 + x[i + 3]);
    }
    partial[j] = s0;
    partial[j + 1] = s1;
    partial[j + 2] = s2;
    partial[j + 3] = s3;
  }
  for (let i = whole; i < end; i++) partial[i - whole] += x[i];
}

/** ⟨x, y⟩ of at most sixteen terms. */
function shortDot(
  x: Float32Array,
  at: number,
  y: Float32Array,
  yAt: number,
  count: number,
): number {
  for (let i = 0; i < count; i++) partial[i] = x[at + i] * y[yAt + i];
  join(partial, 0, count);
  return partial[0] + 0; // 0 and not −0, as from partial sums that begin at 0
}

/** ⟨x, y⟩ of more, block by block. */
function longDot(x: Float32Array, at: number, y: Float32Array, yAt: number, count: number): number {
  let total = 0;
  for (let start = 0; start < count; start += BLOCK) {
    dotBySixteen(x, at + start, y, yAt + start, blockEnd(start, count) - start);
    join(partial, 0, WIDTH);
    total += partial[0];
  }
  return total;
}

function dotBySixteen(
  x: Float32Array,
  at: number,
  y: Float32Array,
  yAt: number,
  count: number,
): void {
  const end = at + count;
  const whole = end - (count % 16);
  const shift = yAt - at;
  for (let j = 0; j < 16; j += 4) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = at + j; i < whole; i += 16) {
      const k = i + shift;
      s0 = fround(s0 + fround(x[i] * y[k]));
      s1 = fround(s1 + fround(x[i + 1] * y[k + 1]));
      s2 = fround(s2 + fround(x[i + 2] * y[k + 2]));
      s3 = fround(s3 + fround(x[i + 3] * y[k + 3]));
    }
    partial[j] = s0;
    partial[j + 1] = s1;
    partial[j + 2] = s2;
    partial[j + 3] = s3;
  }
  for (let i = whole; i < end; i++) partial[i - whole] += fround(x[i] * y[i + shift]);
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
    const count = blockEnd(start, classes) - start;
    exps(x, at + start, out, to + start, count, max, rate);
    total += blockSum(out, to + start, count);
  }
  return total;
}

/** The sum of a row. */
export function rowSum(x: Float32Array, at: number, classes: number): number {
  if (classes <= BLOCK) return blockSum(x, at, classes);
  let total = 0;
  for (let start = 0; start < classes; start += BLOCK) {
    total += blockSum(x, at + start, blockEnd(start, classes) - start);
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
  const few = classes <= WIDTH;
  const total = few
    ? shortDot(weights, at, v, vAt, classes)
    : longDot(weights, at, v, vAt, classes);
  return Number.isFinite(total) ? fround(total) : carefulDot(weights, at, v, vAt, classes);
}

/** 0·∞ and 0·NaN: only now is it worth looking at each weight. */
function carefulDot(
  weights: Float32Array,
  at: number,
  v: Float32Array,
  vAt: number,
  classes: number,
): number {
  return sumOf(classes, (i) => (weights[at + i] === 0 ? 0 : weights[at + i] * v[vAt + i]));
}

/** Σ v over the columns where `value` is above −∞. */
export function sumOfPossible(
  value: Float32Array,
  v: Float32Array,
  at: number,
  classes: number,
): number {
  return sumOf(classes, (i) => (value[at + i] === Number.NEGATIVE_INFINITY ? 0 : v[at + i]));
}

/** Terms of a sum over one block. */
const terms = /* @__PURE__ */ new Float32Array(BLOCK);

/** The sum of terms, each rounded to float32, and itself as well. */
function sumOf(classes: number, term: (column: number) => number): number {
  let total = 0;
  for (let start = 0; start < classes; start += BLOCK) {
    const count = blockEnd(start, classes) - start;
    for (let i = 0; i < count; i++) terms[i] = term(start + i);
    total += blockSum(terms, 0, count);
  }
  return fround(total);
}

/** The sum of `weights` times z = (l − max)·scale, over those that aren't 0. */
export function sumTimesZ(
  weights: Float32Array,
  logits: Float32Array,
  at: number,
  classes: number,
  max: number,
  scale: number,
): number {
  let total = 0;
  for (let start = 0; start < classes; start += BLOCK) {
    const count = blockEnd(start, classes) - start;
    for (let i = 0; i < count; i++) {
      const e = weights[start + i];
      terms[i] = e === 0 ? 0 : e * fround(fround(logits[at + start + i] - max) * scale);
    }
    total += blockSum(terms, 0, count);
  }
  return total;
}
