import { type Matrix, type PerRow, readLike, readMatrix } from "./arrays.ts";
import { SHAPE_OPTIONS, type ShapeOptions } from "./axis.ts";
import { kernels } from "./backend.ts";
import {
  checkCompleted,
  type From,
  makeBatch,
  type OnInvalidRow,
  readFrom,
  readOnInvalidRow,
} from "./batch.ts";
import { checkOptions, readFlag } from "./check.ts";
import { type Drawn, type DrawnOut, readDrawTo } from "./details.ts";
import { KEY_OPTIONS, type KeyOptions, readNoiseKey } from "./key.ts";
import { readTemperature } from "./rate.ts";
import { RESTRICTION_OPTIONS, type RestrictionOptions, readEdits } from "./restriction.ts";

/** Options that all functions on perturbed rows share. */
export interface PerturbedOptions extends KeyOptions, ShapeOptions {
  /**
   * Classes in a row, an integer from 1 to 2^30 that divides the length. Default: a flat array is one row.
   * WebAssembly takes rows of up to 130,000,000 classes whatever the options, and more with few.
   */
  classes?: number | undefined;
  /** What the input holds: `"logits"` (default), or `"weights"`, which need not sum to 1. */
  from?: From | undefined;
  /** The noise itself, `[rows, classes]`, finite or −∞. Excludes `seed`, `stream`, `row` and `rng`. Default: drawn. */
  noise?: Matrix | undefined;
  /** What happens at a row that is no law. Default `"throw"`. */
  onInvalidRow?: OnInvalidRow | undefined;
}

/** Options of {@link gumbelMax}. */
export interface GumbelMaxOptions extends PerturbedOptions, RestrictionOptions {
  /** T, finite and ≥ 0, one or one a row: divides the logits, not the noise. 0 takes the largest. Default 1. */
  temperature?: PerRow<number> | undefined;
  /** Whether log-probabilities, log Z and entropy are wanted too: see {@link GumbelMaxDetailsOptions}. Default false. */
  details?: false | undefined;
  /** Where the result goes: an Int32Array of length rows that shares no memory with an input. Default: a new one. */
  out?: Int32Array | undefined;
}

/** Options of {@link gumbelMax} with details. */
export interface GumbelMaxDetailsOptions extends Omit<GumbelMaxOptions, "details" | "out"> {
  /** Log-probabilities, log Z and entropy are wanted too. */
  details: true;
  /** Where the results go: arrays that share no memory with each other or an input. Default: new ones. */
  out?: DrawnOut | undefined;
}

export const PERTURBED_OPTIONS = [...KEY_OPTIONS, "classes", "from", "noise", "onInvalidRow"];
const OPTIONS = [
  ...PERTURBED_OPTIONS,
  ...["temperature", "details", "out"],
  ...RESTRICTION_OPTIONS,
  ...SHAPE_OPTIONS,
];

/**
 * Draws one class a row by Gumbel-Max: argmax((l − max)/T + G), whose law is softmax(l/T). A class at −∞ (or of
 * weight 0) is never drawn, and the law is right down to probabilities of 2^-64.
 *
 * For the same key it is the index of {@link gumbelSoftmaxVjp}, for every τ; for many draws from one row
 * {@link categorical} is faster.
 *
 * With `details: true` the result has the log-probability of each draw too, and log Σ exp(l/T) and the entropy H of each
 * row, in nats, under that law, so with the temperature applied. Errors: 2^-21·(1 + |logProb| + H) of `logProb`,
 * 2^-21·(1 + H + |max l|/T) of `logZ`, 2^-19·(1 + H) + 2^-22·log²(classes) of `entropy`; of weights w the logarithms, in
 * float32, add 2^-22·max |log w|/T. Where one class is certain, `logProb` and `entropy` are 0; `logZ` is +∞ for a logit
 * of +∞, and at T = 0 what max l/T tends to: ±∞ by the sign of the largest logit, or 0.
 *
 * `mask` and `bias` restrict the law before anything else, the temperature included.
 *
 * @param logits - `[rows, classes]`; weights with `from: "weights"`.
 * @param options - The key or the noise, temperature, and where the result goes.
 * @returns `[rows]`: classes from 0 to classes − 1, the smallest on a tie; −1 for a marked row.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with an
 *   input, or a row that is no law (see {@link OnInvalidRow}).
 * @see Maddison, Tarlow & Minka, [A* sampling](https://arxiv.org/abs/1411.0030), NeurIPS 2014, §2; E. J. Gumbel,
 *   "Statistical theory of extreme values and some practical applications", 1954.
 *
 * @example
 * ```ts
 * gumbelMax([0.9, 0.1, 0.1], { from: "weights", seed: 1 }); // Int32Array [0]: class 0 in 9 of 11 draws
 * gumbelMax([[0, 1, 2], [2, 1, 0]], { temperature: 0 }); // Int32Array [2, 0], the largest logits
 * gumbelMax([0, 1], { noise: [3, 0] }); // Int32Array [0], since 0 + 3 > 1 + 0
 * gumbelMax([[0, 9], [0, NaN]], { seed: 1, onInvalidRow: "mark" }); // Int32Array [1, -1]
 * ```
 */
export function gumbelMax(logits: Matrix, options?: GumbelMaxOptions): Int32Array;
/**
 * The same draws with their details, which are of the law softmax(l/T), also where the noise is given. They take one more
 * pass over the row.
 *
 * @param logits - `[rows, classes]`; weights with `from: "weights"`.
 * @param options - `details: true`, the key or the noise, temperature, and where the results go.
 * @returns `index`, `logProb`, `logZ` and `entropy`, one a row.
 * @throws TypeError as without details, also for an array of the wrong kind in `out`.
 * @throws RangeError as without details, also for arrays in `out` that share memory.
 *
 * @example
 * ```ts
 * const drawn = gumbelMax([[0, 1, 2], [1, 1, 1]], { details: true, seed: 1 });
 * drawn.index; // Int32Array [2, 1]
 * drawn.logProb; // Float32Array [-0.408, -1.099]
 * drawn.logZ; // Float32Array [2.408, 2.099]
 * drawn.entropy; // Float32Array [0.832, 1.099]
 * ```
 */
export function gumbelMax(logits: Matrix, options: GumbelMaxDetailsOptions): Drawn;
export function gumbelMax(
  logits: Matrix,
  options: GumbelMaxOptions | GumbelMaxDetailsOptions = {},
): Int32Array | Drawn {
  checkOptions(options, OPTIONS);
  const input = readMatrix("logits", logits, options.classes, options.shape, options.axis);
  const from = readFrom(options.from);
  const t = readTemperature(options.temperature, input.rows);
  const onInvalidRow = readOnInvalidRow(options.onInvalidRow);
  const key = readNoiseKey(options, input.rows, options.noise !== undefined);
  const noise = options.noise === undefined ? undefined : readLike("noise", options.noise, input);
  const details = readFlag("details", options.details, false);
  const to = readDrawTo(options.out, details, input.rows, 1, [
    ["logits", logits],
    ["noise", options.noise],
  ]);
  const edits = readEdits(options, input, from, options.out);
  const batch = makeBatch(input, { key, t, from, onInvalidRow, edits });
  const completed = kernels().gumbelMax(batch, input.data, noise, to);
  checkCompleted(completed, "logits", input, from, noise, edits);
  key?.rng?.next();
  return to.result;
}
