import { MAX_COLUMNS, type Matrix, type PerRow, readMatrix } from "./arrays.ts";
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
import { checkOptions, integer, readFlag, stateError } from "./check.ts";
import { type Drawn, type DrawnOut, readDrawTo } from "./details.ts";
import { KEY_OPTIONS, type KeyOptions, NEXT_STREAM, readKey } from "./key.ts";
import { readTemperature } from "./rate.ts";
import { RESTRICTION_OPTIONS, type RestrictionOptions, readEdits } from "./restriction.ts";

/** Options of {@link categorical}. */
export interface CategoricalOptions extends KeyOptions, RestrictionOptions, ShapeOptions {
  /**
   * Classes in a row, an integer from 1 to 2^30 that divides the length. Default: a flat array is one row.
   * WebAssembly takes rows of up to 355,117,738 classes, 266,338,304 of weights.
   */
  classes?: number | undefined;
  /** Draws from each row, an integer from 0 to 2^30. Default 1. */
  draws?: number | undefined;
  /**
   * The number of the first draw: `draws: n` is n calls with `draw` 0 … n − 1. An integer ≥ 0; with `draws` at most
   * 2^30. Default 0.
   */
  draw?: number | undefined;
  /** What the input holds: `"logits"` (default), or `"weights"`, which need not sum to 1. */
  from?: From | undefined;
  /** T, finite and ≥ 0, one or one a row: divides the logits. 0 takes the largest. Default 1. */
  temperature?: PerRow<number> | undefined;
  /** What happens at a row that is no law. Default `"throw"`. */
  onInvalidRow?: OnInvalidRow | undefined;
  /** Whether log-probabilities, log Z and entropy are wanted too: see {@link CategoricalDetailsOptions}. Default false. */
  details?: false | undefined;
  /**
   * Where the result goes: an Int32Array of length rows × draws that shares no memory with the input. Default: a new
   * one.
   */
  out?: Int32Array | undefined;
}

/** Options of {@link categorical} with details. */
export interface CategoricalDetailsOptions extends Omit<CategoricalOptions, "details" | "out"> {
  /** Log-probabilities, log Z and entropy are wanted too. */
  details: true;
  /** Where the results go: arrays that share no memory with each other or the input. Default: new ones. */
  out?: DrawnOut | undefined;
}

const OPTIONS = [
  ...KEY_OPTIONS,
  ...["classes", "draws", "draw", "from", "temperature", "onInvalidRow", "details", "out"],
  ...RESTRICTION_OPTIONS,
  ...SHAPE_OPTIONS,
];

/**
 * Draws classes by inverse CDF from softmax(l/T): the fastest exact sampler where no noise is needed.
 *
 * One random word a draw, cumulative sums in float64; a second word where the first doesn't settle the class. A class
 * at −∞ (or of weight 0) is never drawn.
 *
 * The law is that of the float32 weights exp((l − max)/T), exact to about 2^-50; each of those has a relative error
 * of at most expm1(2^-22·|l − max|/T) + 2^-21. The draws are not those of {@link gumbelMax}.
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
 * @param options - The key, the number of draws, temperature, and where the result goes.
 * @returns `[rows, draws]`, row-major: classes from 0 to classes − 1; −1 in a marked row.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with the
 *   input, or a row that is no law (see {@link OnInvalidRow}).
 * @see L. Devroye, "Non-uniform random variate generation", 1986, §III.2.
 *
 * @example
 * ```ts
 * categorical([5, 2, 3], { from: "weights", draws: 6, seed: 1 }); // Int32Array [2, 0, 0, 0, 1, 2]
 * categorical([5, 2, 3], { from: "weights", draws: 2, draw: 4, seed: 1 }); // Int32Array [1, 2], the last two alone
 * categorical([[0, 1], [1, 0]], { draws: 3, seed: 1 }); // Int32Array [1, 1, 0, 0, 0, 1], [rows, draws]
 * ```
 */
export function categorical(logits: Matrix, options?: CategoricalOptions): Int32Array;
/**
 * The same draws with their details, which come in the pass of the draw.
 *
 * @param logits - `[rows, classes]`; weights with `from: "weights"`.
 * @param options - `details: true`, the key, the number of draws, temperature, and where the results go.
 * @returns `index` and `logProb`, `[rows, draws]`; `logZ` and `entropy`, one a row.
 * @throws TypeError as without details, also for an array of the wrong kind in `out`.
 * @throws RangeError as without details, also for arrays in `out` that share memory.
 *
 * @example
 * ```ts
 * const drawn = categorical([5, 2, 3], { from: "weights", draws: 3, details: true, seed: 1 });
 * drawn.index; // Int32Array [2, 0, 0]
 * drawn.logProb; // Float32Array [-1.204, -0.693, -0.693], log 0.3 and log 0.5
 * drawn.logZ; // Float32Array [2.303], log 10
 * drawn.entropy; // Float32Array [1.030]
 * ```
 */
export function categorical(logits: Matrix, options: CategoricalDetailsOptions): Drawn;
export function categorical(
  logits: Matrix,
  options: CategoricalOptions | CategoricalDetailsOptions = {},
): Int32Array | Drawn {
  checkOptions(options, OPTIONS);
  const input = readMatrix("logits", logits, options.classes, options.shape, options.axis);
  const from = readFrom(options.from);
  const t = readTemperature(options.temperature, input.rows);
  const onInvalidRow = readOnInvalidRow(options.onInvalidRow);
  const draws = readCount("draws", options.draws, 1);
  const draw = readDraw(options.draw, draws);
  const key = readKey(options, input.rows);
  const details = readFlag("details", options.details, false);
  const to = readDrawTo(options.out, details, input.rows, draws, [["logits", logits]]);
  const edits = readEdits(options, input, from, options.out);
  const batch = makeBatch(input, { key, draw, t, from, onInvalidRow, edits });
  const completed = kernels().categorical(batch, input.data, draws, to.index, to.details);
  checkCompleted(completed, "logits", input, from, undefined, edits);
  key.rng?.next();
  return to.result;
}

/** The number of the first of so many draws. */
export function readDraw(value: unknown, draws: number): number {
  const draw = readCount("draw", value, 0);
  if (draw + draws <= MAX_COLUMNS) return draw;
  const range = `${draw} to ${draw + draws - 1}`;
  throw stateError("draw", `draw numbers below 2^30${NEXT_STREAM}`, range);
}

function readCount(label: string, value: unknown, absent: number): number {
  return value === undefined ? absent : integer(label, value, 0, MAX_COLUMNS, NEXT_STREAM);
}
