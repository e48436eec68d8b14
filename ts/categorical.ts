import { MAX_COLUMNS, type Matrix, type PerRow, readIndexOut, readMatrix } from "./arrays.ts";
import { kernels } from "./backend.ts";
import {
  checkCompleted,
  type From,
  makeBatch,
  type OnInvalidRow,
  readFrom,
  readOnInvalidRow,
} from "./batch.ts";
import { checkOptions, integer, stateError } from "./check.ts";
import { KEY_OPTIONS, type KeyOptions, NEXT_STREAM, readKey } from "./key.ts";
import { readTemperature } from "./rate.ts";

/** Options of {@link categorical}. */
export interface CategoricalOptions extends KeyOptions {
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
  /**
   * Where the result goes: an Int32Array of length rows × draws that shares no memory with the input. Default: a new
   * one.
   */
  out?: Int32Array | undefined;
}

const OPTIONS = [
  ...KEY_OPTIONS,
  ...["classes", "draws", "draw", "from", "temperature", "onInvalidRow", "out"],
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
export function categorical(logits: Matrix, options: CategoricalOptions = {}): Int32Array {
  checkOptions(options, OPTIONS);
  const input = readMatrix("logits", logits, options.classes);
  const from = readFrom(options.from);
  const t = readTemperature(options.temperature, input.rows);
  const onInvalidRow = readOnInvalidRow(options.onInvalidRow);
  const draws = readCount("draws", options.draws, 1);
  const draw = readDraw(options.draw, draws);
  const key = readKey(options, input.rows);
  const out = readIndexOut("out", options.out, input.rows * draws, [["logits", logits]]);
  const batch = makeBatch(input, { key, draw, t, from, onInvalidRow });
  const completed = kernels().categorical(batch, input.data, draws, out);
  checkCompleted(completed, "logits", input, from);
  key.rng?.next();
  return out;
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
