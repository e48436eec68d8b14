import {
  checkApart,
  checkKept,
  type Kept,
  type Matrix,
  type Named,
  type PerRow,
  readIndexOut,
  readLike,
  readOut,
  readPerRow,
} from "./arrays.ts";
import { gather, roomFor, SHAPE_OPTIONS, scatter } from "./axis.ts";
import { kernels } from "./backend.ts";
import { checkCompleted, makeBatch } from "./batch.ts";
import { checkNames, checkOptions, kindError, readFlag } from "./check.ts";
import { type Gradient, type JvpOptions, PRODUCT_OPTIONS, type VjpOptions } from "./gradients.ts";
import {
  RELAXED_OPTIONS,
  type Relaxed,
  type RelaxedOptions,
  readRelaxed,
} from "./gumbel-softmax.ts";
import type { Batch, Kernels, SoftOut } from "./kernels.ts";
import { type Key, publicKey } from "./key.ts";

/** Options of {@link gumbelSoftmaxVjp}. */
export interface GumbelSoftmaxVjpOptions extends RelaxedOptions {
  /** Where the results go, each in memory apart from the others and from the inputs. Default: new arrays. */
  out?: GumbelSoftmaxOut | undefined;
}

/** Arrays for the results of {@link gumbelSoftmaxVjp}: those that are given, new ones for the rest. */
export interface GumbelSoftmaxOut {
  /** For the sample, a Float32Array of the input's length. Without `hard` it is the soft one, in the same array. */
  sample?: Float32Array | undefined;
  /** For the soft sample, a Float32Array of the input's length. */
  soft?: Float32Array | undefined;
  /** For the index of each row, an Int32Array of length rows. */
  index?: Int32Array | undefined;
}

/** Options of the backward product of a Gumbel-Softmax sample. */
export interface GumbelSoftmaxGradientOptions extends VjpOptions {
  /** Whether the gradient by τ is wanted too; the scores are then computed again. Default false. */
  tau?: boolean | undefined;
}

/** What the backward product of a Gumbel-Softmax sample gives. */
export interface GumbelSoftmaxGradient extends Gradient {
  /** By τ, one a row, where asked for: d loss / dτ of that row. */
  readonly tau?: Float32Array;
}

/** A direction in the input, in τ, or in both; at least one of them. */
export interface GumbelSoftmaxTangent {
  /** Of the input, `[rows, classes]`. */
  readonly input?: Matrix | undefined;
  /** Of τ: one for all rows, or one a row. */
  readonly tau?: PerRow<number> | undefined;
}

/**
 * A Gumbel-Softmax sample that can be differentiated, by {@link gumbelSoftmaxVjp}.
 *
 * @example
 * ```ts
 * const g = gumbelSoftmaxVjp([0.2, 1, -1], { tau: 0.5, hard: true, seed: 1 });
 * g.sample; // Float32Array [0, 1, 0]
 * g.soft; // Float32Array [0.158, 0.752, 0.090]
 * g.index; // Int32Array [1]
 * g.key; // { seed: 1, stream: 0, row: 0 }
 * const { input, tau } = g.vjp([1, 2, 3], { tau: true });
 * input; // Float32Array [-0.294, 0.102, 0.192]
 * tau; // Float32Array [-0.052]
 * g.jvp({ input: [1, 2, 3], tau: 1 }); // Float32Array [0.061, -0.556, 0.495]
 * ```
 */
export interface GumbelSoftmaxSample {
  /** `[rows, classes]`: one-hot of exact 0 and 1 with `hard`, else the same array as `soft`. */
  readonly sample: Float32Array;
  /** `[rows, classes]`, in [0, 1]: the soft sample, which the derivatives are of. */
  readonly soft: Float32Array;
  /** `[rows]`, the class of each row's largest score: a draw from the law; −1 in a marked row. */
  readonly index: Int32Array;
  /** As options it draws the same sample again; `undefined` where the noise was given. */
  readonly key: Key | undefined;
  /**
   * Backward, of the soft sample (straight-through with `hard`): by the input, and by τ on request.
   *
   * With dz = y ⊙ (v − ⟨y, v⟩) it is dz/τ for logits, divided by the weights for weights (0 where one is 0), and
   * −(1/τ)·Σ ẑ·dz for τ, where s are the scores l + G and ẑ = (s − max s)/τ. Exactly 0 at impossible classes,
   * whatever v holds there; NaN in a marked row.
   *
   * Error: by logits a row sums to 0 within 2^-20·Σ y|v|/τ; by τ it is 10^-5 of the sum of its terms' sizes for τ ≥ 1,
   * and below that the error of y adds to it.
   *
   * @param v - d loss / d sample, `[rows, classes]`.
   * @param options - Whether the gradient by τ is wanted, and where the one by the input goes.
   * @returns The gradient by the input, `[rows, classes]`, and by τ, one a row, where asked for.
   * @throws TypeError for an argument of the wrong kind, or where an array that is kept has been detached.
   * @throws RangeError for a wrong length, or an `out` that shares memory with what is kept.
   */
  vjp(v: Matrix, options?: GumbelSoftmaxGradientOptions): GumbelSoftmaxGradient;
  /**
   * Forward: the derivative of the soft sample along a direction in the input, in τ, or in both.
   *
   * @param tangent - The direction: `input`, `tau`, or both.
   * @param options - Where the result goes.
   * @returns The tangent of the soft sample, `[rows, classes]`; a row sums to 0 but for rounding.
   * @throws TypeError for an argument of the wrong kind, or where an array that is kept has been detached.
   * @throws RangeError for a wrong length, or an `out` that shares memory with what is kept.
   */
  jvp(tangent: GumbelSoftmaxTangent, options?: JvpOptions): Float32Array;
}

const OPTIONS = [...RELAXED_OPTIONS, "out", ...SHAPE_OPTIONS];
const OUTS = ["sample", "soft", "index"];

/**
 * A Gumbel-Softmax sample with its derivatives, without any autograd: forward one-hot with `hard`, and then backward
 * as if it were soft (straight-through).
 *
 * Sample, range and error are those of {@link gumbelSoftmax}; Σ of a row's gradient by logits is 0 within
 * 2^-20·Σ y|v|/τ. The closures keep `soft`, the input and given noise: changing those changes the gradient.
 *
 * @param logits - `[rows, classes]`; weights with `from: "weights"`.
 * @param options - The key or the noise, τ, `hard`, and where the results go.
 * @returns The sample and the soft sample, `[rows, classes]`, the index of each row, the key, and `vjp` and `jvp`.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with an
 *   input or with another, or a row that is no law (see {@link OnInvalidRow}).
 * @see Jang, Gu & Poole, [Categorical reparameterization with Gumbel-Softmax](https://arxiv.org/abs/1611.01144),
 *   ICLR 2017, §2.2; Bengio, Léonard & Courville, [Estimating or propagating gradients through stochastic
 *   neurons](https://arxiv.org/abs/1308.3432), 2013, §4.
 *
 * @example
 * ```ts
 * const g = gumbelSoftmaxVjp([0.9, 0.1, 0.1], { from: "weights", tau: 0.5, hard: true, seed: 1 });
 * g.sample; // Float32Array [1, 0, 0]
 * g.vjp([1, 2, 3]).input; // Float32Array [-0.313, 0.185, 2.631], of 1·y0 + 2·y1 + 3·y2 by the weights
 * ```
 */
export function gumbelSoftmaxVjp(
  logits: Matrix,
  options: GumbelSoftmaxVjpOptions = {},
): GumbelSoftmaxSample {
  checkOptions(options, OPTIONS);
  const relaxed = readRelaxed(logits, options);
  const { input, from, tau, onInvalidRow, noise, key } = relaxed;
  const out = readOuts(relaxed, options, [
    ["logits", logits],
    ["noise", options.noise],
  ]);
  const batch = makeBatch(input, { key, t: tau, from, onInvalidRow });
  const soft = roomFor(out.soft, input, input.data);
  const sample = out.sample && roomFor(out.sample, input);
  const completed = kernels().gumbelSoftmax(batch, input.data, noise, { ...out, soft, sample });
  scatter(soft, out.soft, input, completed);
  if (sample && out.sample) scatter(sample, out.sample, input, completed);
  checkCompleted(completed, "logits", input, from, noise);
  key?.rng?.next();
  return differentiable(relaxed, batch, out);
}

function differentiable(
  { given, givenNoise, key }: Relaxed,
  batch: Batch,
  { soft, sample = soft, index }: Outs,
): GumbelSoftmaxSample {
  const length = given.rows * given.classes;
  const kept: Kept[] = [
    ["soft", soft, length],
    ["sample", sample, length],
    ["logits", given.data, length],
    ["noise", givenNoise, length],
  ];
  /** What the scores are computed from again. */
  const scored = () =>
    [gather(given.data, given), givenNoise && gather(givenNoise, given)] as const;
  return {
    sample,
    soft,
    index,
    key: key && publicKey(key),
    vjp(v, options = {}) {
      checkOptions(options, ["out", "tau"]);
      const withTau = readFlag("tau", options.tau, false);
      const upstream = readLike("v", v, given);
      const out = readOut("out", options.out, upstream.length, [["v", v]]);
      checkKept(kept);
      checkApart("out", options.out, kept);
      const tau = withTau ? new Float32Array(given.rows) : undefined;
      const room = roomFor(out, given, upstream);
      const [x, noise] = bySoftAlone(batch, tau) ? [given.data, givenNoise] : scored();
      backward(kernels(), batch, x, noise, gather(soft, given), upstream, room, tau);
      scatter(room, out, given, given.rows);
      return tau === undefined ? { input: out } : { input: out, tau };
    },
    jvp(tangent, options = {}) {
      checkNames("tangent", tangent, ["input", "tau"]);
      checkOptions(options, PRODUCT_OPTIONS);
      const { input, tau } = tangent;
      if (input === undefined && tau === undefined)
        throw kindError("tangent", '"input", "tau" or both', tangent);
      const direction = {
        input: input === undefined ? undefined : readLike("input", input, given),
        tau: tau === undefined ? undefined : readPerRow("tau", tau, given.rows),
      };
      const out = readOut("out", options.out, length, [
        ["input", input],
        ["tau", tau],
      ]);
      checkKept(kept);
      checkApart("out", options.out, kept);
      const room = roomFor(out, given, direction.input);
      const [x, noise] = scored();
      kernels().gumbelSoftmaxJvp(batch, x, noise, gather(soft, given), direction, room);
      scatter(room, out, given, given.rows);
      return out;
    },
  };
}

/** The gradient by the input, and by τ where it has an array. */
export function backward(
  kernels: Kernels,
  batch: Batch,
  x: Float32Array,
  noise: Float32Array | undefined,
  soft: Float32Array,
  upstream: Float32Array,
  out: Float32Array,
  byTau: Float32Array | undefined,
): void {
  if (bySoftAlone(batch, byTau)) kernels.softmaxBackward(batch, soft, upstream, out);
  else kernels.gumbelSoftmaxVjp(batch, x, noise, soft, upstream, out, byTau);
}

/** Whether the soft sample says all that the gradient is of. */
function bySoftAlone({ weights }: Batch, byTau: Float32Array | undefined): boolean {
  return byTau === undefined && !weights;
}

type Outs = SoftOut & { readonly index: Int32Array };

/** The arrays for the results, each apart from all others: backward reads what forward has read and written. */
function readOuts(
  { input, hard }: Relaxed,
  { out = {} }: GumbelSoftmaxVjpOptions,
  inputs: Named[],
): Outs {
  checkNames("out", out, OUTS);
  if (!hard && out.sample !== undefined && out.soft !== undefined && out.sample !== out.soft) {
    throw kindError("out.sample", 'the same array as "out.soft", or "hard" with it', out.sample);
  }
  const length = input.data.length;
  const [softLabel, softOut] =
    out.soft === undefined && !hard
      ? (["out.sample", out.sample] as const)
      : (["out.soft", out.soft] as const);
  const soft = readOut(softLabel, softOut, length, []);
  const index = readIndexOut("out.index", out.index, input.rows, []);
  const sample = hard ? readOut("out.sample", out.sample, length, []) : undefined;
  checkApart(softLabel, softOut, inputs);
  checkApart("out.index", out.index, [...inputs, [softLabel, soft]]);
  if (sample)
    checkApart("out.sample", out.sample, [...inputs, ["out.soft", soft], ["out.index", index]]);
  return { soft, sample, index };
}
