/**
 * Softmax, log-softmax and log-sum-exp of one row, relative to its largest logit.
 *
 * A function that can meet an invalid row returns whether the row was valid; if not, it has written
 * nothing. `out` may be the input: each value is read before its place is written.
 */

import { logF64, RATE } from "./math.ts";
import { expSum } from "./reduce.ts";
import { argmax, inspect, isFixed, oneHot, type Params } from "./row.ts";

const fround = Math.fround;

/** Softmax at the temperature of `params`. The rows of `x` and `out` begin at the same place. */
export function softmax(
  x: Float32Array,
  at: number,
  classes: number,
  params: Params,
  out: Float32Array,
): boolean {
  const max = inspect(x, at, classes);
  if (Number.isNaN(max)) return false;
  if (isFixed(max, params)) oneHot(argmax(x, at, classes), out, at, classes);
  else softmaxFrom(x, at, classes, max, params.rate, out, at);
  return true;
}

/** The softmax of scores with maximum `max`. */
export function softmaxFrom(
  scores: Float32Array,
  at: number,
  classes: number,
  max: number,
  rate: number,
  out: Float32Array,
  to: number,
): void {
  const sum = expSum(scores, at, out, to, classes, max, rate);
  scale(out, to, classes, fround(1 / sum));
}

/** `x ·= factor`. */
export function scale(x: Float32Array, at: number, classes: number, factor: number): void {
  for (let i = at; i < at + classes; i++) x[i] = fround(x[i] * factor);
}

/** Log-softmax at the temperature of `params`: (x − max)/T − log Σ; −∞ stays −∞. */
export function logSoftmax(
  x: Float32Array,
  at: number,
  classes: number,
  params: Params,
  room: Float32Array,
  out: Float32Array,
): boolean {
  const max = inspect(x, at, classes);
  if (Number.isNaN(max)) return false;
  if (isFixed(max, params)) {
    certain(argmax(x, at, classes), out, at, classes);
    return true;
  }
  const { scale, rate } = params;
  const logSum = fround(logF64(expSum(x, at, room, 0, classes, max, rate)));
  for (let i = at; i < at + classes; i++) {
    out[i] = fround(fround(fround(x[i] - max) * scale) - logSum);
  }
  return true;
}

/** Log-softmax of values whose largest is 0. */
export function logSoftmaxFrom(
  relative: Float32Array,
  classes: number,
  room: Float32Array,
  out: Float32Array,
  to: number,
): void {
  const logSum = fround(logF64(expSum(relative, 0, room, 0, classes, 0, RATE)));
  for (let i = 0; i < classes; i++) out[to + i] = fround(relative[i] - logSum);
}

/** Relative scores, or logarithms, of a row where one class is certain. */
export function certain(column: number, out: Float32Array, at: number, classes: number): void {
  out.fill(Number.NEGATIVE_INFINITY, at, at + classes);
  out[at + column] = 0;
}

/**
 * log Σ exp(x). A row of nothing but −∞ gives −∞, one +∞ gives +∞; any other row that is no law
 * gives NaN.
 */
export function logSumExp(
  x: Float32Array,
  at: number,
  classes: number,
  room: Float32Array,
): number {
  const max = inspect(x, at, classes);
  if (Number.isNaN(max)) return isEmptyLaw(x, at, classes) ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (max === Number.POSITIVE_INFINITY) return max;
  return fround(max + logF64(expSum(x, at, room, 0, classes, max, RATE)));
}

/** Whether every logit is −∞. */
export function isEmptyLaw(x: Float32Array, at: number, classes: number): boolean {
  for (let i = at; i < at + classes; i++) if (x[i] !== Number.NEGATIVE_INFINITY) return false;
  return true;
}
