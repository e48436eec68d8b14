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
  /** Classes in a row; default: the whole array is one row. */
  classes?: number | undefined;
  /** Draws from each row, an integer ≥ 0. Default 1. */
  draws?: number | undefined;
  /** The number of the first draw: `draws: n` is n calls with `draw` 0 … n − 1. Default 0. */
  draw?: number | undefined;
  /** What the input holds: `"logits"` (default), or `"weights"`, which need not sum to 1. */
  from?: From | undefined;
  /** T ≥ 0, one or one a row: divides the logits. 0 takes the largest. Default 1. */
  temperature?: PerRow<number> | undefined;
  /** What happens at a row that is no law. Default `"throw"`. */
  onInvalidRow?: OnInvalidRow | undefined;
  /** Where the result goes: an Int32Array of length rows × draws. */
  out?: Int32Array | undefined;
}

const OPTIONS = [
  ...KEY_OPTIONS,
  ...["classes", "draws", "draw", "from", "temperature", "onInvalidRow", "out"],
];

/**
 * Draws classes by inverse CDF from softmax(l/T): the fastest exact sampler where no noise is needed. One random word
 * a draw, cumulative sums in float64; a second word where the first doesn't settle the class. A class at −∞ (or of
 * weight 0) is never drawn.
 *
 * The law is that of the float32 weights exp((l − max)/T), exact to about 2^-50; each of those has a relative error
 * of at most expm1(2^-22·|l − max|/T) + 2^-21. The draws are not those of {@link gumbelMax}.
 *
 * @param logits - `[rows, classes]`; weights with `from: "weights"`.
 * @returns `[rows, draws]`; −1 in a marked row.
 * @throws As {@link gumbelMax}.
 * @see Devroye, "Non-uniform random variate generation", 1986, §III.2.
 *
 * @example
 * ```ts
 * categorical([5, 2, 3], { from: "weights", draws: 4, seed: 1 }); // Int32Array of 4 classes
 * ```
 */
export function categorical(logits: Matrix, options: CategoricalOptions = {}): Int32Array {
  checkOptions(options, OPTIONS);
  const input = readMatrix("logits", logits, options.classes);
  const from = readFrom(options.from);
  const t = readTemperature(options.temperature, input.rows);
  const onInvalidRow = readOnInvalidRow(options.onInvalidRow);
  const draws = readDraws("draws", options.draws, 1);
  const draw = readDraws("draw", options.draw, 0);
  if (draw + draws > MAX_COLUMNS) {
    const range = `${draw} to ${draw + draws - 1}`;
    throw stateError("draw", `draw numbers below 2^30${NEXT_STREAM}`, range);
  }
  const key = readKey(options, input.rows);
  const out = readIndexOut("out", options.out, input.rows * draws, [["logits", logits]]);
  const batch = makeBatch(input, { key, draw, t, from, onInvalidRow });
  const completed = kernels().categorical(batch, input.data, draws, out);
  checkCompleted(completed, "logits", input, from);
  key.rng?.next();
  return out;
}

function readDraws(label: string, value: unknown, absent: number): number {
  return value === undefined ? absent : integer(label, value, 0, MAX_COLUMNS, NEXT_STREAM);
}
