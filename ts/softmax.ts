import { type Matrix, type PerRow, readMatrix, readOut } from "./arrays.ts";
import { kernels } from "./backend.ts";
import { checkCompleted, makeBatch, type OnInvalidRow, readOnInvalidRow } from "./batch.ts";
import { checkOptions } from "./check.ts";
import type { Batch, Kernels } from "./kernels.ts";
import { readTemperature } from "./rate.ts";

/** Options of {@link logSumExp}. */
export interface RowOptions {
  /** Classes in a row; default: the whole array is one row. */
  classes?: number | undefined;
  /** What happens at a row that is no law. Default `"throw"`. */
  onInvalidRow?: OnInvalidRow | undefined;
  /** Where the result goes: a Float32Array of the result's length; may be the input itself if that fits. */
  out?: Float32Array | undefined;
}

/** Options of {@link softmaxVjp}, {@link logSoftmaxVjp} and {@link logSumExpVjp}. */
export interface DifferentiableOptions extends RowOptions {
  /** Where the value goes: a Float32Array of its length that shares no memory with the input. */
  out?: Float32Array | undefined;
}

/** Options of {@link softmax} and {@link logSoftmax}. */
export interface SoftmaxOptions extends RowOptions {
  /** T ≥ 0, one or one a row: divides the input. 0 gives the limit, one-hot at the largest entry. Default 1. */
  temperature?: PerRow<number> | undefined;
}

export const ROW_OPTIONS = ["classes", "onInvalidRow", "out"];
const OPTIONS = ["classes", "temperature", "onInvalidRow", "out"];

/**
 * Softmax of each row, exp((x − max)/T) / Σ: probabilities from unnormalised log-probabilities.
 *
 * Range: [0, 1]; an entry below 2^-100 of the largest is exactly 0, and so is one at −∞. Relative error: at most
 * expm1(2^-21·|x − max|/T) + 2^-20; a row sums to 1 within 10^-6.
 *
 * @param x - `[rows, classes]`; −∞ is an impossible class, one +∞ a certain one.
 * @returns `[rows, classes]`.
 * @throws TypeError, RangeError for options of the wrong kind or value; RangeError for a row with NaN, with more than
 *   one +∞ or with nothing above −∞: then rows before it are in `out` and later ones untouched.
 * @see Blanchard, Higham & Higham, "Accurately computing the log-sum-exp and softmax functions", 2021, §4.
 *
 * @example
 * ```ts
 * softmax([0, 0]); // Float32Array [0.5, 0.5]
 * ```
 */
export function softmax(x: Matrix, options: SoftmaxOptions = {}): Float32Array {
  return run(x, options, (batch, data, out) => kernels().softmax(batch, data, out));
}

/**
 * Log-softmax of each row, (x − max)/T − log Σ exp((x − max)/T).
 *
 * Range: [−∞, 0]; −∞ stays −∞. At temperature 0: 0 at the largest entry, else −∞. Error: at most 2^-22·(1 + |result|)
 * beyond that of (x − max)/T.
 *
 * @param x - `[rows, classes]`, as for {@link softmax}.
 * @returns `[rows, classes]`.
 * @throws As {@link softmax}.
 *
 * @example
 * ```ts
 * logSoftmax([0, 0]); // Float32Array [-0.6931..., -0.6931...]
 * ```
 */
export function logSoftmax(x: Matrix, options: SoftmaxOptions = {}): Float32Array {
  return run(x, options, (batch, data, out) => kernels().logSoftmax(batch, data, out));
}

type Kernel = (batch: Batch, x: Float32Array, out: Float32Array) => ReturnType<Kernels["softmax"]>;

function run(x: Matrix, options: SoftmaxOptions, kernel: Kernel): Float32Array {
  checkOptions(options, OPTIONS);
  const input = readMatrix("x", x, options.classes);
  const t = readTemperature(options.temperature, input.rows);
  const onInvalidRow = readOnInvalidRow(options.onInvalidRow);
  const out = readOut("out", options.out, input.data.length, [["x", x]]);
  const completed = kernel(makeBatch(input, { t, onInvalidRow }), input.data, out);
  checkCompleted(completed, "x", input);
  return out;
}

/**
 * log Σ exp(x) of each row.
 *
 * A row of nothing but −∞ gives −∞, one +∞ gives +∞. Error: one float32 rounding of the result and 2^-22.
 *
 * @param x - `[rows, classes]`.
 * @returns One value a row.
 * @throws TypeError, RangeError for options of the wrong kind or value; RangeError for a row with NaN or with more
 *   than one +∞, as {@link softmax}.
 * @see Blanchard, Higham & Higham, "Accurately computing the log-sum-exp and softmax functions", 2021, §3.
 *
 * @example
 * ```ts
 * logSumExp([0, 0]); // Float32Array [0.6931...]
 * ```
 */
export function logSumExp(x: Matrix, options: RowOptions = {}): Float32Array {
  checkOptions(options, ROW_OPTIONS);
  const input = readMatrix("x", x, options.classes);
  const onInvalidRow = readOnInvalidRow(options.onInvalidRow);
  const out = readOut("out", options.out, input.rows, [["x", x]]);
  const completed = kernels().logSumExp(makeBatch(input, { onInvalidRow }), input.data, out);
  checkCompleted(completed, "x", input);
  return out;
}
