import { type Matrix, type PerRow, readMatrix, readOut } from "./arrays.ts";
import { roomFor, SHAPE_OPTIONS, type ShapeOptions, scatter } from "./axis.ts";
import { kernels } from "./backend.ts";
import { checkCompleted, makeBatch, type OnInvalidRow, readOnInvalidRow } from "./batch.ts";
import { checkOptions } from "./check.ts";
import type { Batch, Kernels } from "./kernels.ts";
import { readTemperature } from "./rate.ts";

/** Options of {@link logSumExp}. */
export interface RowOptions extends ShapeOptions {
  /**
   * Classes in a row, an integer from 1 to 2^30 that divides the length. Default: a flat array is one row.
   * WebAssembly takes rows of up to 532,676,608 classes, 355,117,738 in derivatives.
   */
  classes?: number | undefined;
  /** What happens at a row that is no law. Default `"throw"`. */
  onInvalidRow?: OnInvalidRow | undefined;
  /**
   * Where the result goes: a Float32Array of the result's length; may be the input itself, if that is of this length.
   * Default: a new one.
   */
  out?: Float32Array | undefined;
}

/** Options of {@link softmaxVjp}, {@link logSoftmaxVjp} and {@link logSumExpVjp}. */
export interface DifferentiableOptions extends RowOptions {
  /** Where the value goes: a Float32Array of its length that shares no memory with the input. Default: a new one. */
  out?: Float32Array | undefined;
}

/** Options of {@link softmax} and {@link logSoftmax}. */
export interface SoftmaxOptions extends RowOptions {
  /** T, finite and ≥ 0, one or one a row: divides the input. 0 gives the limit, all on the largest. Default 1. */
  temperature?: PerRow<number> | undefined;
}

export const ROW_OPTIONS = ["classes", "onInvalidRow", "out", ...SHAPE_OPTIONS];
const OPTIONS = [...ROW_OPTIONS, "temperature"];

/**
 * Softmax of each row, exp((x − max)/T) / Σ: probabilities from unnormalised log-probabilities.
 *
 * Range: [0, 1]; an entry below 2^-100 of the largest is exactly 0, and so is one at −∞. Relative error: at most
 * expm1(2^-21·|x − max|/T) + 2^-20; a row sums to 1 within 10^-6.
 *
 * @param x - `[rows, classes]`; −∞ is an impossible class, one +∞ a certain one.
 * @param options - Shape, temperature, and where the result goes.
 * @returns `[rows, classes]`, row-major; NaN in a marked row.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that overlaps the input without
 *   being it, or a row that is no law (see {@link OnInvalidRow}).
 * @see Blanchard, Higham & Higham, [Accurately computing the log-sum-exp and softmax
 *   functions](https://arxiv.org/abs/1909.03469), 2021, §4.
 *
 * @example
 * ```ts
 * softmax([[1, 2, 3], [0, 0, -Infinity]]); // Float32Array [0.090, 0.245, 0.665, 0.5, 0.5, 0], [rows, classes]
 * softmax([1, 2, 3], { temperature: 0.5 }); // Float32Array [0.016, 0.117, 0.867]
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
 * @param x - `[rows, classes]`; −∞ is an impossible class, one +∞ a certain one.
 * @param options - Shape, temperature, and where the result goes.
 * @returns `[rows, classes]`, row-major; NaN in a marked row.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that overlaps the input without
 *   being it, or a row that is no law (see {@link OnInvalidRow}).
 * @see Blanchard, Higham & Higham, [Accurately computing the log-sum-exp and softmax
 *   functions](https://arxiv.org/abs/1909.03469), 2021, §4.
 *
 * @example
 * ```ts
 * logSoftmax([1000, 1000]); // Float32Array [-0.693, -0.693]
 * logSoftmax([0, -Infinity]); // Float32Array [0, -Infinity]
 * ```
 */
export function logSoftmax(x: Matrix, options: SoftmaxOptions = {}): Float32Array {
  return run(x, options, (batch, data, out) => kernels().logSoftmax(batch, data, out));
}

type Kernel = (batch: Batch, x: Float32Array, out: Float32Array) => ReturnType<Kernels["softmax"]>;

function run(x: Matrix, options: SoftmaxOptions, kernel: Kernel): Float32Array {
  checkOptions(options, OPTIONS);
  const input = readMatrix("x", x, options.classes, options.shape, options.axis);
  const t = readTemperature(options.temperature, input.rows);
  const onInvalidRow = readOnInvalidRow(options.onInvalidRow);
  const out = readOut("out", options.out, input.data.length, [["x", x]]);
  const room = roomFor(out, input, input.data);
  const completed = kernel(makeBatch(input, { t, onInvalidRow }), input.data, room);
  scatter(room, out, input, completed);
  checkCompleted(completed, "x", input);
  return out;
}

/**
 * Log-sum-exp of each row, log Σ exp(x).
 *
 * Range: [−∞, +∞]. A row of nothing but −∞ gives −∞, one +∞ gives +∞. Error: one float32 rounding of the result and
 * 2^-22.
 *
 * @param x - `[rows, classes]`.
 * @param options - Shape, and where the result goes.
 * @returns `[rows]`; NaN for a marked row.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that overlaps the input without
 *   being it, or a row with NaN or with more than one +∞ (see {@link OnInvalidRow}).
 * @see Blanchard, Higham & Higham, [Accurately computing the log-sum-exp and softmax
 *   functions](https://arxiv.org/abs/1909.03469), 2021, §4.
 *
 * @example
 * ```ts
 * logSumExp([[1000, 1000], [0, 0]]); // Float32Array [1000.693, 0.693], one a row
 * logSumExp([-Infinity, -Infinity]); // Float32Array [-Infinity]
 * ```
 */
export function logSumExp(x: Matrix, options: RowOptions = {}): Float32Array {
  checkOptions(options, ROW_OPTIONS);
  const input = readMatrix("x", x, options.classes, options.shape, options.axis);
  const onInvalidRow = readOnInvalidRow(options.onInvalidRow);
  const out = readOut("out", options.out, input.rows, [["x", x]]);
  const completed = kernels().logSumExp(makeBatch(input, { onInvalidRow }), input.data, out);
  checkCompleted(completed, "x", input);
  return out;
}
