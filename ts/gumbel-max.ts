import { type Matrix, type PerRow, readIndexOut, readLike, readMatrix } from "./arrays.ts";
import { kernels } from "./backend.ts";
import {
  checkCompleted,
  type From,
  makeBatch,
  type OnInvalidRow,
  readFrom,
  readOnInvalidRow,
} from "./batch.ts";
import { checkOptions } from "./check.ts";
import { KEY_OPTIONS, type KeyOptions, readNoiseKey } from "./key.ts";
import { readTemperature } from "./rate.ts";

/** Options that all functions on perturbed rows share. */
export interface PerturbedOptions extends KeyOptions {
  /** Classes in a row; default: the whole array is one row. */
  classes?: number | undefined;
  /** What the input holds: `"logits"` (default), or `"weights"`, which need not sum to 1. */
  from?: From | undefined;
  /** The noise itself, `[rows, classes]`, finite or −∞, instead of a key. */
  noise?: Matrix | undefined;
  /** What happens at a row that is no law. Default `"throw"`. */
  onInvalidRow?: OnInvalidRow | undefined;
}

/** Options of {@link gumbelMax}. */
export interface GumbelMaxOptions extends PerturbedOptions {
  /** T ≥ 0, one or one a row: divides the logits, not the noise. 0 takes the largest logit. Default 1. */
  temperature?: PerRow<number> | undefined;
  /** Where the result goes: an Int32Array of length rows. */
  out?: Int32Array | undefined;
}

export const PERTURBED_OPTIONS = [...KEY_OPTIONS, "classes", "from", "noise", "onInvalidRow"];
const OPTIONS = [...PERTURBED_OPTIONS, "temperature", "out"];

/**
 * Draws one class a row by Gumbel-Max: argmax((l − max)/T + G), whose law is softmax(l/T). A class at −∞ (or of
 * weight 0) is never drawn, and the law is right down to probabilities of 2^-64.
 *
 * For the same key it is the index of {@link gumbelSoftmaxVjp}, for every τ; for many draws from one row
 * {@link categorical} is faster.
 *
 * @param logits - `[rows, classes]`; weights with `from: "weights"`.
 * @returns One index a row, the smallest on a tie; −1 for a marked row.
 * @throws TypeError, RangeError for options of the wrong kind or value; RangeError for a row with NaN, with more than
 *   one +∞ or with nothing above −∞ (weights: a negative, NaN or infinite one, or none above 0): then rows before it
 *   are in `out`, later ones untouched and no stream is taken.
 * @see Maddison, Tarlow & Minka, "A* sampling", NeurIPS 2014, §2; Gumbel 1954.
 *
 * @example
 * ```ts
 * gumbelMax([0.9, 0.1, 0.1], { from: "weights", seed: 1 }); // Int32Array [0]: class 0 in 9 of 11 draws
 * ```
 */
export function gumbelMax(logits: Matrix, options: GumbelMaxOptions = {}): Int32Array {
  checkOptions(options, OPTIONS);
  const input = readMatrix("logits", logits, options.classes);
  const from = readFrom(options.from);
  const t = readTemperature(options.temperature, input.rows);
  const onInvalidRow = readOnInvalidRow(options.onInvalidRow);
  const key = readNoiseKey(options, input.rows, options.noise !== undefined);
  const noise = options.noise === undefined ? undefined : readLike("noise", options.noise, input);
  const index = readIndexOut("out", options.out, input.rows, [
    ["logits", logits],
    ["noise", options.noise],
  ]);
  const batch = makeBatch(input, { key, t, from, onInvalidRow });
  const completed = kernels().gumbelMax(batch, input.data, noise, { index });
  checkCompleted(completed, "logits", input, from, noise);
  key?.rng?.next();
  return index;
}
