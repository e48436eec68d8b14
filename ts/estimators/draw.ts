/** What every estimator of {@link gumbelMaxVjp} knows of a call, and the steps that several share. */

import type { Rows } from "../arrays.ts";
import { kernels } from "../backend.ts";
import { type From, makeBatch, type OnInvalidRow } from "../batch.ts";
import type { PerturbedOptions } from "../gumbel-max.ts";
import { toLogits } from "../js/weights.ts";
import type { Batch } from "../kernels.ts";
import type { CallKey } from "../key.ts";

/** Options of {@link gumbelMaxVjp} that every estimator has. */
export interface EstimatorOptions extends PerturbedOptions {
  /** Where the results go, each in memory apart from the other and from the inputs. Default: new arrays. */
  out?: GumbelMaxVjpOut | undefined;
}

/** Arrays for the results of {@link gumbelMaxVjp}: those that are given, new ones for the rest. */
export interface GumbelMaxVjpOut {
  /** For the one-hot sample, a Float32Array of the input's length. */
  sample?: Float32Array | undefined;
  /** For the index of each row, an Int32Array of length rows. */
  index?: Int32Array | undefined;
}

/** The arguments of a call, checked. */
export interface Draw {
  readonly input: Rows;
  readonly from: From;
  readonly onInvalidRow: OnInvalidRow;
  readonly key: CallKey | undefined;
  readonly noise: Float32Array | undefined;
}

/** Where a draw goes. */
export interface Drawn {
  readonly sample: Float32Array;
  readonly index: Int32Array;
}

/** How a draw is made, and what its backward product is. */
export interface Estimator {
  /** Draws; returns the rows completed. */
  forward(out: Drawn): number;
  /**
   * Writes the gradient by the logits, where `index` was drawn. `out` is apart from all else, so it is room for a
   * softmax until then. Rows of index −1 may be left as anything: who calls makes them NaN.
   */
  backward(v: Float32Array, index: Int32Array, out: Float32Array): void;
}

/** The draw of `gumbelMax` at a temperature, from one pass that keeps nothing. */
export function drawAt({ input, ...given }: Draw, t: number | number[], out: Drawn): number {
  return kernels().gumbelMax(makeBatch(input, { ...given, t }), input.data, given.noise, out);
}

/** A batch for the backward pass, which begins at logits and never stops: rows that are no law come out as NaN. */
export function backwardBatch({ input, key }: Draw, t: number | number[]): Batch {
  return makeBatch(input, { key, t, onInvalidRow: "mark" });
}

/** The logits: those given, or the logarithms of the weights. */
export function logitsOf({ input: { data }, from }: Draw): Float32Array {
  if (from === "logits") return data;
  const logits = new Float32Array(data.length);
  toLogits(data, 0, data.length, logits);
  return logits;
}

/** J(softmax(x/t))v/t. */
export function backwardAt(
  draw: Draw,
  t: number | number[],
  x: Float32Array,
  v: Float32Array,
  out: Float32Array,
): void {
  const batch = backwardBatch(draw, t);
  kernels().softmax(batch, x, out);
  kernels().softmaxBackward(batch, out, v, out);
}
