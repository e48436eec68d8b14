/** What all samplers of Gumbel variables that something is known of share: arguments, noise, and the shape of results. */

import {
  checkApart,
  checkKept,
  type Kept,
  type Matrix,
  type Named,
  type Rows,
  readGiven,
  readGivenLike,
  readLike,
  readOut,
  rowsOf,
} from "../arrays.ts";
import { gather, SHAPE_OPTIONS } from "../axis.ts";
import { kernels } from "../backend.ts";
import { type From, makeBatch, readFrom, readOnInvalidRow } from "../batch.ts";
import { checkOptions } from "../check.ts";
import { type Gradient, PRODUCT_OPTIONS, type VjpOptions } from "../gradients.ts";
import { PERTURBED_OPTIONS, type PerturbedOptions } from "../gumbel-max.ts";
import type { Batch, NoisePurpose } from "../kernels.ts";
import { type CallKey, type Key, readNoiseKey } from "../key.ts";

/** Options of {@link gumbelGivenArgmax} and {@link truncatedGumbel}. */
export interface ConditionalOptions extends PerturbedOptions {
  /**
   * Where the result goes: a Float32Array of length rows × classes. It may be the input itself, but for the functions
   * with a derivative, where it has memory of its own. Default: a new one.
   */
  out?: Float32Array | undefined;
}

/**
 * Gumbel variables that something is known of, with their derivative.
 *
 * @typeParam G - The gradients: by the input, and for {@link truncatedGumbelVjp} by the bound.
 *
 * @example
 * ```ts
 * const { value, key, vjp } = gumbelGivenArgmaxVjp([0, 1, 2], 1, { seed: 1 });
 * value; // Float32Array [0.448, 2.886, 2.155]
 * key; // { seed: 1, stream: 0, row: 0 }
 * vjp([1, 2, 3]).input; // Float32Array [1.231, 0.864, 3.906]
 * ```
 */
export interface ConditionalGumbels<G extends Gradient = Gradient> {
  /** The variables, `[rows, classes]`; NaN in a marked row. */
  readonly value: Float32Array;
  /** As options it draws the same variables again; `undefined` where the noise was given. */
  readonly key: Key | undefined;
  /**
   * Backward along the path: the gradient of ⟨v, value⟩ with the noise as it was drawn.
   *
   * Exactly 0 at impossible classes, whatever v holds there, and by a logit of +∞; NaN in a marked row. Each is worked
   * out in float64 and rounded once. By weights it is that by logits divided by the weights, 0 where one is 0.
   *
   * @param v - d loss / d value, `[rows, classes]`.
   * @param options - Where the gradient by the input goes.
   * @returns The gradient by the input, `[rows, classes]`, and what else the function was given.
   * @throws TypeError for an argument of the wrong kind, or where an array that is kept has been detached.
   * @throws RangeError for a wrong length, or an `out` that shares memory with what is kept.
   */
  vjp(v: Matrix, options?: VjpOptions): G;
}

export const CONDITIONAL_OPTIONS = [...PERTURBED_OPTIONS, "out", ...SHAPE_OPTIONS];

/** The arguments of a call, read. */
export interface Conditional {
  readonly input: Rows;
  /** The same as it was given, as is the noise. */
  readonly given: Rows;
  readonly from: From;
  readonly batch: Batch;
  readonly key: CallKey | undefined;
  /** Noise of the caller's own. */
  readonly noise: Float32Array | undefined;
  /** What an output may share memory with, or must not. */
  readonly inputs: readonly Named[];
}

export function readConditional(logits: Matrix, options: PerturbedOptions): Conditional {
  const given = readGiven("logits", logits, options.classes, options.shape, options.axis);
  const input = rowsOf(given);
  const from = readFrom(options.from);
  const onInvalidRow = readOnInvalidRow(options.onInvalidRow);
  const key = readNoiseKey(options, input.rows, options.noise !== undefined);
  const noise =
    options.noise === undefined ? undefined : readGivenLike("noise", options.noise, input);
  const batch = makeBatch(input, { key, from, onInvalidRow });
  const inputs: Named[] = [
    ["logits", logits],
    ["noise", options.noise],
  ];
  return { input, given, from, batch, key, noise, inputs };
}

/** The noise of a call: what was given, or that of a purpose. */
export function noiseOf({ input, batch, noise }: Conditional, purpose: NoisePurpose): Float32Array {
  if (noise !== undefined) return gather(noise, input);
  const drawn = new Float32Array(input.data.length);
  kernels().noise(batch, drawn, purpose);
  return drawn;
}

/** A backward product. */
export type Backward<G extends Gradient = Gradient> = ConditionalGumbels<G>["vjp"];

/** What a backward product works on: rows of input and noise as they are now, and arrays of its own. */
export interface BackwardRows {
  readonly input: Rows;
  readonly noise: Float32Array;
  readonly upstream: Float32Array;
  readonly out: Float32Array;
}

/** Reads it; the closure keeps the input, and the noise that was given, or else drawn. */
export function readBackward(
  { given, noise }: Conditional,
  drawn: Float32Array,
  v: Matrix,
  options: VjpOptions = {},
): BackwardRows {
  checkOptions(options, PRODUCT_OPTIONS);
  const length = given.rows * given.classes;
  const kept: Kept[] = [
    ["logits", given.data, length],
    ["noise", noise, length],
  ];
  const upstream = readLike("v", v, given);
  const out = readOut("out", options.out, length, [["v", v]]);
  checkKept(kept);
  checkApart("out", options.out, kept);
  const rows = noise === undefined ? drawn : gather(noise, given);
  return { input: rowsOf(given), noise: rows, upstream, out };
}
