import {
  checkApart,
  checkKept,
  type Kept,
  type Matrix,
  type PerRow,
  type Rows,
  readGiven,
  readLike,
  readMatrix,
  readOut,
  readPerRow,
} from "./arrays.ts";
import { gather, roomFor, SHAPE_OPTIONS, type ShapeOptions, scatter } from "./axis.ts";
import { kernels } from "./backend.ts";
import { makeBatch } from "./batch.ts";
import { checkNames, checkOptions } from "./check.ts";
import {
  type Differentiable,
  type InputTangent,
  PRODUCT_OPTIONS,
  type RowUpstream,
} from "./gradients.ts";
import type { Batch } from "./kernels.ts";
import { readTau } from "./rate.ts";
import {
  type DifferentiableOptions,
  logSoftmax,
  logSumExp,
  ROW_OPTIONS,
  type RowOptions,
  softmax,
} from "./softmax.ts";

/** Options of {@link softmaxBackward}. */
export interface SoftmaxBackwardOptions extends ShapeOptions {
  /**
   * Classes in a row, an integer from 1 to 2^30 that divides the length. Default: a flat array is one row.
   * WebAssembly takes rows of up to 355,117,738 classes.
   */
  classes?: number | undefined;
  /** τ, finite and > 0, one or one a row, of y = softmax(x/τ). Default 1. */
  tau?: PerRow<number> | undefined;
  /** Where the result goes: a Float32Array of the length of `y`; may be `y` or `v` itself. Default: a new one. */
  out?: Float32Array | undefined;
}

const BACKWARD_OPTIONS = ["classes", "tau", "out", ...SHAPE_OPTIONS];

/**
 * Backward product of a softmax from its value alone, y ⊙ (v − ⟨y, v⟩)/τ: for hosts that keep y themselves.
 *
 * The Jacobian is symmetric, so it is the forward product as well. Where y = 0 the result is exactly 0, whatever v
 * holds. Error: for a y of {@link softmax} a row sums to 0 within 2^-20·Σ y|v|/τ.
 *
 * @param y - The softmax, `[rows, classes]`; it is taken as it is, and not checked to be one.
 * @param v - The upstream gradient, d loss / dy, in the same shape.
 * @param options - Shape, τ, and where the result goes.
 * @returns d loss / dx, `[rows, classes]`, row-major.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, or an `out` that overlaps an input
 *   without being it.
 * @see Martins & Astudillo, [From softmax to sparsemax](https://arxiv.org/abs/1602.02068), ICML 2016, §2.5.
 *
 * @example
 * ```ts
 * softmaxBackward([0.5, 0.5], [1, 0]); // Float32Array [0.25, -0.25]
 * softmaxBackward([0.5, 0.5], [1, 0], { tau: 0.5 }); // Float32Array [0.5, -0.5]
 * ```
 */
export function softmaxBackward(
  y: Matrix,
  v: Matrix,
  options: SoftmaxBackwardOptions = {},
): Float32Array {
  checkOptions(options, BACKWARD_OPTIONS);
  const input = readMatrix("y", y, options.classes, options.shape, options.axis);
  const upstream = readLike("v", v, input);
  const t = readTau(options.tau, input.rows);
  const out = readOut("out", options.out, input.data.length, [
    ["y", y],
    ["v", v],
  ]);
  const room = roomFor(out, input, upstream);
  kernels().softmaxBackward(makeBatch(input, { t }), input.data, upstream, room);
  scatter(room, out, input, input.rows);
  return out;
}

/** A forward pass whose input and value are kept for its derivatives, as they were given. */
interface Forward {
  readonly input: Rows;
  readonly batch: Batch;
  readonly value: Float32Array;
}

type Value = (x: Rows["data"], options: RowOptions) => Float32Array;

function forward(x: Matrix, options: RowOptions, value: Value): Forward {
  checkOptions(options, ROW_OPTIONS);
  const input = readGiven("x", x, options.classes, options.shape, options.axis);
  if (options.out instanceof Float32Array) checkApart("out", options.out, [["x", x]]);
  // The data is flat, also where nested rows were given.
  const flat = options.shape === undefined ? { ...options, classes: input.classes } : options;
  return { input, batch: makeBatch(input, {}), value: value(input.data, flat) };
}

/** The kernel of a product of two arrays in the input's shape. */
type Product = (batch: Batch, a: Float32Array, b: Float32Array, out: Float32Array) => void;

function elementwise(
  { input, batch, value }: Forward,
  vjp: Product,
  jvp: Product,
): Differentiable<Matrix> {
  const kept: Kept[] = [["value", value, value.length]];
  const product = (
    kernel: Product,
    label: string,
    given: Matrix,
    options: { out?: Float32Array | undefined },
  ) => {
    checkOptions(options, PRODUCT_OPTIONS);
    const b = readLike(label, given, input);
    const out = readOut("out", options.out, b.length, [[label, given]]);
    checkKept(kept);
    checkApart("out", options.out, kept);
    const room = roomFor(out, input, b);
    kernel(batch, gather(value, input), b, room);
    scatter(room, out, input, input.rows);
    return out;
  };
  return {
    value,
    vjp: (v, options = {}) => ({ input: product(vjp, "v", v, options) }),
    jvp: (tangent, options = {}) => product(jvp, "input", readTangent(tangent), options),
  };
}

function readTangent(tangent: InputTangent): Matrix {
  checkNames("tangent", tangent, ["input"]);
  return tangent.input;
}

/**
 * {@link softmax} with its derivatives, dx = y ⊙ (v − ⟨y, v⟩).
 *
 * They are exactly 0 at impossible classes, whatever v holds there; a marked row's are NaN. The closures keep `value`:
 * changing it changes them. Range and error of the value are those of {@link softmax}; a row of the gradient sums to 0
 * within 2^-20·Σ y|v|.
 *
 * @param x - `[rows, classes]`; −∞ is an impossible class, one +∞ a certain one.
 * @param options - Shape, and where the value goes.
 * @returns `value` `[rows, classes]`, `vjp(v)` with v in that shape, `jvp({ input })`.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with `x`, or
 *   a row that is no law (see {@link OnInvalidRow}).
 * @see Martins & Astudillo, [From softmax to sparsemax](https://arxiv.org/abs/1602.02068), ICML 2016, §2.5.
 *
 * @example
 * ```ts
 * const { value, vjp } = softmaxVjp([0, 0]);
 * vjp([1, 0]).input; // Float32Array [0.25, -0.25]
 * ```
 */
export function softmaxVjp(x: Matrix, options: DifferentiableOptions = {}): Differentiable<Matrix> {
  const backward: Product = (batch, y, v, out) => kernels().softmaxBackward(batch, y, v, out);
  return elementwise(forward(x, options, softmax), backward, backward);
}

/**
 * {@link logSoftmax} with its derivatives, dx = v − y·Σv.
 *
 * The sum leaves out the impossible classes, and their gradient is exactly 0; a marked row's is NaN. The closures keep
 * `value`: changing it changes them. Range and error of the value are those of {@link logSoftmax}.
 *
 * @param x - `[rows, classes]`; −∞ is an impossible class, one +∞ a certain one.
 * @param options - Shape, and where the value goes.
 * @returns `value` `[rows, classes]`, `vjp(v)` with v in that shape, `jvp({ input })`.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with `x`, or
 *   a row that is no law (see {@link OnInvalidRow}).
 * @see Blanchard, Higham & Higham, [Accurately computing the log-sum-exp and softmax
 *   functions](https://arxiv.org/abs/1909.03469), 2021, §1:
 *   the softmax is the gradient of log-sum-exp, which is subtracted here.
 *
 * @example
 * ```ts
 * const { vjp } = logSoftmaxVjp([0, 0]);
 * vjp([1, 0]).input; // Float32Array [0.5, -0.5]
 * ```
 */
export function logSoftmaxVjp(
  x: Matrix,
  options: DifferentiableOptions = {},
): Differentiable<Matrix> {
  return elementwise(
    forward(x, options, logSoftmax),
    (batch, value, v, out) => kernels().logSoftmaxVjp(batch, value, v, out),
    (batch, value, t, out) => kernels().logSoftmaxJvp(batch, value, t, out),
  );
}

/**
 * {@link logSumExp} with its derivatives, dx = v·softmax(x).
 *
 * They are 0 for a row of nothing but −∞ and for one with a +∞; a marked row's are NaN. The closures keep `x`: changing
 * it changes them. Range and error of the value are those of {@link logSumExp}.
 *
 * @param x - `[rows, classes]`.
 * @param options - Shape, and where the value goes.
 * @returns `value`, one a row; `vjp(v)` with v one a row or one for all; `jvp({ input })`, one a row.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with `x`, or
 *   a row with NaN or with more than one +∞ (see {@link OnInvalidRow}).
 * @see Blanchard, Higham & Higham, [Accurately computing the log-sum-exp and softmax
 *   functions](https://arxiv.org/abs/1909.03469), 2021, §1:
 *   the softmax is the gradient of log-sum-exp.
 *
 * @example
 * ```ts
 * const { vjp } = logSumExpVjp([0, 0]);
 * vjp(1).input; // Float32Array [0.5, 0.5]
 * ```
 */
export function logSumExpVjp(
  x: Matrix,
  options: DifferentiableOptions = {},
): Differentiable<RowUpstream> {
  const { input, batch, value } = forward(x, options, logSumExp);
  const length = input.rows * input.classes;
  const kept: Kept[] = [["x", input.data, length]];
  return {
    value,
    vjp(v, options = {}) {
      checkOptions(options, PRODUCT_OPTIONS);
      const upstream = readPerRow("v", v, input.rows);
      const out = readOut("out", options.out, length, [["v", v]]);
      checkKept(kept);
      checkApart("out", options.out, kept);
      const rows = gather(input.data, input);
      const room = roomFor(out, input, rows);
      kernels().logSumExpVjp(batch, rows, upstream, room);
      scatter(room, out, input, input.rows);
      return { input: out };
    },
    jvp(tangent, options = {}) {
      checkOptions(options, PRODUCT_OPTIONS);
      const given = readTangent(tangent);
      const t = readLike("input", given, input);
      const out = readOut("out", options.out, input.rows, [["input", given]]);
      checkKept(kept);
      checkApart("out", options.out, kept);
      kernels().logSumExpJvp(batch, gather(input.data, input), t, out);
      return out;
    },
  };
}
