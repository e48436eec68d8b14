/** What is done to the rows before anything else: a bias, a mask, and changes to single values. */

import type { Batch, Edits } from "../kernels.ts";

const NEG_INFINITY = Number.NEGATIVE_INFINITY;

/** Makes the edits of row `row` to a copy of it, the first values of `x`. */
export function edit(
  { classes, weights }: Pick<Batch, "classes" | "weights">,
  edits: Edits,
  row: number,
  x: Float32Array,
): void {
  const { bias, mask, each } = edits;
  if (bias !== undefined) addBias(x, bias, rowAt(bias, row, classes), classes);
  if (mask !== undefined) {
    applyMask(x, mask, rowAt(mask, row, (classes + 31) >>> 5), classes, weights ? 0 : NEG_INFINITY);
  }
  each?.(x, 0, row);
}

/** Where the part of a row begins in an array with one row of so many values for all, or one a row. */
function rowAt(x: ArrayLike<number>, row: number, width: number): number {
  return x.length === width ? 0 : row * width;
}

/** A class at −∞ in either stays there, whatever the other holds. */
function addBias(x: Float32Array, bias: Float32Array, at: number, classes: number): void {
  for (let i = 0; i < classes; i++) {
    const forbidden = x[i] === NEG_INFINITY || bias[at + i] === NEG_INFINITY;
    x[i] = forbidden ? NEG_INFINITY : x[i] + bias[at + i];
  }
}

/** Writes `forbidden` where the bit of a column is 0: bit i mod 32 of word i div 32. */
function applyMask(
  x: Float32Array,
  mask: Int32Array,
  at: number,
  classes: number,
  forbidden: number,
): void {
  for (let i = 0; i < classes; i++) {
    if (((mask[at + (i >>> 5)] >>> (i & 31)) & 1) === 0) x[i] = forbidden;
  }
}
