/** Unnormalised weights as input: their logarithms are the logits. */

import { canonical, log } from "./math.ts";

const fround = Math.fround;

/**
 * `logits = log(weights)`. Zero gives −∞, an impossible class; a negative weight, ∞ or NaN gives
 * NaN, which makes the row invalid.
 */
export function toLogits(
  weights: Float32Array,
  at: number,
  classes: number,
  logits: Float32Array,
): void {
  for (let i = 0; i < classes; i++) logits[i] = log(weights[at + i]);
}

/**
 * Turns a gradient by logits into one by weights, dw = dl/w, or a tangent of weights into one of
 * logits, ẇ/w: 0 where the weight is 0.
 */
export function divide(
  x: Float32Array,
  at: number,
  weights: Float32Array,
  weightsAt: number,
  classes: number,
): void {
  for (let i = 0; i < classes; i++) {
    const weight = weights[weightsAt + i];
    x[at + i] = weight === 0 ? 0 : canonical(fround(x[at + i] / weight));
  }
}
