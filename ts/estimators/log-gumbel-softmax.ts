import {
  checkApart,
  checkKept,
  type Kept,
  type Matrix,
  type PerRow,
  readLike,
  readOut,
} from "../arrays.ts";
import { gather, roomFor, SHAPE_OPTIONS, scatter } from "../axis.ts";
import { kernels } from "../backend.ts";
import { checkCompleted, makeBatch, type OnInvalidRow } from "../batch.ts";
import { checkOptions, readFlag } from "../check.ts";
import { PERTURBED_OPTIONS, type PerturbedOptions } from "../gumbel-max.ts";
import { type gumbelSoftmax, type Relaxed, readRelaxed } from "../gumbel-softmax.ts";
import type { GumbelSoftmaxGradient, GumbelSoftmaxGradientOptions } from "../gumbel-softmax-vjp.ts";
import { canonical } from "../js/math.ts";
import { fixNaNs } from "../js/vjp.ts";
import { divide } from "../js/weights.ts";
import type { Batch } from "../kernels.ts";
import { type Key, publicKey } from "../key.ts";
import { scaleOf, tauOf } from "../rate.ts";
import { estimatorKernels } from "./kernels.ts";

/** Options of {@link logGumbelSoftmax}. */
export interface LogGumbelSoftmaxOptions extends PerturbedOptions {
  /** τ, finite and > 0, one or one a row. Default 1. */
  tau?: PerRow<number> | undefined;
  /** Where the result goes: a Float32Array of the input's length; may be the input itself. Default: a new one. */
  out?: Float32Array | undefined;
}

/** Options of {@link logGumbelSoftmaxVjp}. */
export interface LogGumbelSoftmaxVjpOptions extends LogGumbelSoftmaxOptions {
  /** Where the sample goes: a Float32Array of the input's length, in memory of its own. Default: a new one. */
  out?: Float32Array | undefined;
}

/**
 * A log-space sample that can be differentiated, by {@link logGumbelSoftmaxVjp}.
 *
 * @example
 * ```ts
 * const g = logGumbelSoftmaxVjp([0.2, 1, -1], { tau: 0.5, seed: 1 });
 * g.sample; // Float32Array [-1.847, -0.284, -2.409]
 * const { input, tau } = g.vjp([1, 2, 3], { tau: true });
 * input; // Float32Array [0.108, -5.030, 4.921]
 * tau; // Float32Array [10.625]
 * ```
 */
export interface LogGumbelSoftmaxSample {
  /** `[rows, classes]`, ≤ 0: the logarithm of the soft sample. */
  readonly sample: Float32Array;
  /** As options it draws the same sample again; `undefined` where the noise was given. */
  readonly key: Key | undefined;
  /**
   * Backward: by the input, and by τ on request.
   *
   * With y = exp(sample) and dz = v − y·Σ v it is dz/τ for logits, divided by the weights for weights (0 where one is
   * 0), and −(1/τ)·Σ sample·dz for τ. Where the sample is −∞, nothing of v is looked at and the gradient is exactly 0.
   * NaN in a marked row.
   *
   * Error: that of y, times Σ |v| / τ, and 2^-22·(|v| + y·|Σ v|)/τ; by τ these times |sample|, added up.
   *
   * @param v - d loss / d sample, `[rows, classes]`.
   * @param options - Whether the gradient by τ is wanted, and where the one by the input goes.
   * @returns The gradient by the input, `[rows, classes]`, and by τ, one a row, where asked for.
   * @throws TypeError for an argument of the wrong kind, or where an array that is kept has been detached.
   * @throws RangeError for a wrong length, or an `out` that shares memory with what is kept.
   */
  vjp(v: Matrix, options?: GumbelSoftmaxGradientOptions): GumbelSoftmaxGradient;
}

const OPTIONS = [...PERTURBED_OPTIONS, "tau", "out", ...SHAPE_OPTIONS];

/**
 * The logarithm of a Gumbel-Softmax sample of each row: (log p + G)/τ less its log-sum-exp. Its law is ExpConcrete, of
 * which {@link concreteLogProb} is the density: it stays finite where the sample itself is rounded to 0.
 *
 * Range: [−∞, 0]; −∞ at impossible classes and where (score − largest score)/τ is beyond float32. Error, for the same
 * noise: at most 2^-21·(a + a_max)/τ + 2^-22·(1 + |result|) with a = |l − max l| + |G|, a_max that of the winner.
 * For the same key exp of it is {@link gumbelSoftmax} within the sum of both errors.
 *
 * @param logits - `[rows, classes]`; weights with `from: "weights"`.
 * @param options - The key or the noise, τ, and where the result goes.
 * @returns `[rows, classes]`, row-major; NaN in a marked row.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that overlaps an input without
 *   being it, or a row that is no law (see {@link OnInvalidRow}).
 * @see Maddison, Mnih & Teh, [The Concrete distribution](https://arxiv.org/abs/1611.00712), ICLR 2017, appendix C.3.
 *
 * @example
 * ```ts
 * logGumbelSoftmax([0.2, 1, -1], { tau: 0.5, seed: 1 }); // Float32Array [-1.847, -0.284, -2.409]
 * logGumbelSoftmax([0, 1, -Infinity], { tau: 0.001, noise: [0, 0, 0] }); // Float32Array [-1000, 0, -Infinity]
 * ```
 */
export function logGumbelSoftmax(
  logits: Matrix,
  options: LogGumbelSoftmaxOptions = {},
): Float32Array {
  checkOptions(options, OPTIONS);
  const relaxed = readRelaxed(logits, options);
  const out = readOut("out", options.out, relaxed.input.data.length, [
    ["logits", logits],
    ["noise", options.noise],
  ]);
  draw(relaxed, out);
  return out;
}

/**
 * {@link logGumbelSoftmax} with its backward product.
 *
 * Sample, range and error are those of {@link logGumbelSoftmax}. The closure keeps the sample, and weights: changing
 * those changes the gradient.
 *
 * @param logits - `[rows, classes]`; weights with `from: "weights"`.
 * @param options - The key or the noise, τ, and where the sample goes.
 * @returns The sample, `[rows, classes]`, the key, and `vjp`.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with an
 *   input, or a row that is no law (see {@link OnInvalidRow}).
 * @see Maddison, Mnih & Teh, [The Concrete distribution](https://arxiv.org/abs/1611.00712), ICLR 2017, appendix C.3.
 *
 * @example
 * ```ts
 * const { sample, vjp } = logGumbelSoftmaxVjp([0, 1], { tau: 0.5, noise: [0, 0] });
 * sample; // Float32Array [-2.127, -0.127]
 * vjp([1, 0]).input; // Float32Array [1.762, -1.762]
 * ```
 */
export function logGumbelSoftmaxVjp(
  logits: Matrix,
  options: LogGumbelSoftmaxVjpOptions = {},
): LogGumbelSoftmaxSample {
  checkOptions(options, OPTIONS);
  const relaxed = readRelaxed(logits, options);
  const sample = readOut("out", options.out, relaxed.input.data.length, []);
  checkApart("out", options.out, [
    ["logits", logits],
    ["noise", options.noise],
  ]);
  const batch = draw(relaxed, sample);
  const { given, from, tau, key } = relaxed;
  const weights = from === "weights" ? given.data : undefined;
  const kept: Kept[] = [
    ["sample", sample, sample.length],
    ["logits", weights, sample.length],
  ];
  return {
    sample,
    key: key && publicKey(key),
    vjp(v, options = {}) {
      checkOptions(options, ["out", "tau"]);
      const withTau = readFlag("tau", options.tau, false);
      const upstream = readLike("v", v, given);
      const out = readOut("out", options.out, upstream.length, [["v", v]]);
      checkKept(kept);
      checkApart("out", options.out, kept);
      const room = roomFor(out, given, upstream);
      const rows = gather(sample, given);
      kernels().logSoftmaxVjp(batch, rows, upstream, room);
      const byTau = withTau ? new Float32Array(given.rows) : undefined;
      finish(batch, tau, rows, weights && gather(weights, given), room, byTau);
      scatter(room, out, given, given.rows);
      return byTau === undefined ? { input: out } : { input: out, tau: byTau };
    },
  };
}

function draw({ input, from, tau, onInvalidRow, noise, key }: Relaxed, out: Float32Array): Batch {
  const batch = makeBatch(input, { key, t: tau, from, onInvalidRow });
  const room = roomFor(out, input, input.data);
  const completed = estimatorKernels().logGumbelSoftmax(batch, input.data, noise, room);
  scatter(room, out, input, completed);
  checkCompleted(completed, "logits", input, from, noise);
  key?.rng?.next();
  return batch;
}

/** Turns dz into the gradient by the input, and sums up the one by τ where it has an array. */
function finish(
  { rows, classes }: Batch,
  tau: number | number[],
  sample: Float32Array,
  weights: Float32Array | undefined,
  dz: Float32Array,
  byTau: Float32Array | undefined,
): void {
  for (let row = 0; row < rows; row++) {
    const [at, end] = [row * classes, (row + 1) * classes];
    const scale = scaleOf(tauOf(tau, row));
    // Σ dz is 0, so it makes no difference that a sample isn't relative to its largest value.
    if (byTau !== undefined) byTau[row] = canonical(0 - scale * dotOfPossible(sample, dz, at, end));
    let sum = 0;
    for (let i = at; i < end; i++) {
      dz[i] *= scale;
      sum += dz[i];
    }
    if (Number.isNaN(sum)) fixNaNs(dz, at, classes);
    if (weights !== undefined) divide(dz, at, weights, at, classes);
  }
}

/** Σ a·b where a isn't −∞. */
function dotOfPossible(a: Float32Array, b: Float32Array, at: number, end: number): number {
  let sum = 0;
  for (let i = at; i < end; i++) if (a[i] !== -Infinity) sum += a[i] * b[i];
  return sum;
}
