import {
  checkApart,
  checkKept,
  type Kept,
  type Matrix,
  type Named,
  type PerRow,
  type Rows,
  readLike,
  readMatrix,
  readOut,
} from "../arrays.ts";
import { gather, roomFor, SHAPE_OPTIONS, type ShapeOptions, scatter } from "../axis.ts";
import { makeBatch, type OnInvalidRow, readOnInvalidRow } from "../batch.ts";
import { checkNames, checkOptions, choice, kindError, readFlag, stateError } from "../check.ts";
import type { GumbelSoftmaxGradient, GumbelSoftmaxGradientOptions } from "../gumbel-softmax-vjp.ts";
import { canonical, expF64 } from "../js/math.ts";
import type { Batch } from "../kernels.ts";
import {
  type CallKey,
  KEY_OPTIONS,
  type Key,
  type KeyOptions,
  publicKey,
  readNoiseKey,
} from "../key.ts";
import type { gumbelNoise } from "../noise.ts";
import { readTau, scaleOf, tauOf } from "../rate.ts";
import { type BinaryOut, estimatorKernels } from "./kernels.ts";
import { product } from "./product.ts";

/**
 * What a relaxed Bernoulli variable is given as: in (0, 1), or by its logit log y − log(1 − y), which has digits at both
 * ends.
 */
export type BinarySpace = "unit" | "logit";

interface SampleOptions extends KeyOptions, ShapeOptions {
  /**
   * Variables in a row, an integer from 1 to 2^30 that divides the length: those which share τ and the key's row.
   * Default: a flat array is one row.
   */
  classes?: number | undefined;
  /** τ, finite and > 0, one or one a row. Default 1. */
  tau?: PerRow<number> | undefined;
  /** Whether the sample is the outcome itself, 0 or 1. Default false. */
  hard?: boolean | undefined;
  /** What soft samples are given as: `"unit"` (default), or `"logit"`, which excludes `hard`. */
  space?: BinarySpace | undefined;
  /** The logistic noise L itself, `[rows, classes]`. Excludes `seed`, `stream`, `row` and `rng`. Default: drawn. */
  noise?: Matrix | undefined;
  /** What happens at a row with a NaN, or with a logit and noise of +∞ and −∞. Default `"throw"`. */
  onInvalidRow?: OnInvalidRow | undefined;
}

/** Options of {@link binaryConcrete}. */
export interface BinaryConcreteOptions extends SampleOptions {
  /** Where the result goes: a Float32Array of the input's length; may be the input itself. Default: a new one. */
  out?: Float32Array | undefined;
}

/** Options of {@link binaryConcreteVjp}. */
export interface BinaryConcreteVjpOptions extends SampleOptions {
  /** Where the results go, each in memory apart from the others and from the inputs. Default: new arrays. */
  out?: BinaryConcreteOut | undefined;
}

/** Arrays for the results of {@link binaryConcreteVjp}, of the input's length: those that are given, new ones else. */
export interface BinaryConcreteOut {
  /** For the sample. Without `hard` it is the soft one, in the same array. */
  sample?: Float32Array | undefined;
  /** For the soft sample. */
  soft?: Float32Array | undefined;
}

/**
 * Relaxed Bernoulli variables that can be differentiated, by {@link binaryConcreteVjp}.
 *
 * @example
 * ```ts
 * const g = binaryConcreteVjp([1.5, -1], { tau: 0.5, hard: true, seed: 1 });
 * g.sample; // Float32Array [1, 0]
 * g.soft; // Float32Array [0.622, 0.000112]
 * g.key; // { seed: 1, stream: 0, row: 0 }
 * const { input, tau } = g.vjp([1, 2], { tau: true });
 * input; // Float32Array [0.470, 0.000448]
 * tau; // Float32Array [-0.231]
 * ```
 */
export interface BinaryConcreteSample {
  /** `[rows, classes]`: exact 0 and 1 with `hard`, else the same array as `soft`. */
  readonly sample: Float32Array;
  /** `[rows, classes]`: the soft sample, which the derivatives are of. */
  readonly soft: Float32Array;
  /** As options it draws the same sample again; `undefined` where the noise was given. */
  readonly key: Key | undefined;
  /**
   * Backward, of the soft sample (straight-through with `hard`): by the logits, and by τ on request.
   *
   * With t = (l + L)/τ it is v·y·(1 − y)/τ by the logits, y = σ(t), and −Σ v·y·(1 − y)·t/τ by τ; in logit space without
   * the y·(1 − y). Both are worked out from t, so they keep their digits where y is rounded to 1. Exactly 0 where t is
   * infinite, whatever v holds there; NaN in a marked row. Error: 2^-22·(1 + |t|) of each term.
   *
   * @param v - d loss / d sample, `[rows, classes]`.
   * @param options - Whether the gradient by τ is wanted, and where the one by the logits goes.
   * @returns The gradient by the logits, `[rows, classes]`, and by τ, one a row, where asked for.
   * @throws TypeError for an argument of the wrong kind, or where an array that is kept has been detached.
   * @throws RangeError for a wrong length, or an `out` that shares memory with what is kept.
   */
  vjp(v: Matrix, options?: GumbelSoftmaxGradientOptions): GumbelSoftmaxGradient;
}

const SHARED = [
  ...[...KEY_OPTIONS, "classes", "tau", "hard", "space", "noise", "onInvalidRow", "out"],
  ...SHAPE_OPTIONS,
];
const RESULTS = ["soft", "logit", "hard"] as const;
const SPACES: readonly BinarySpace[] = ["unit", "logit"];

/**
 * Relaxed Bernoulli variables, also called Binary Concrete: σ((l + L)/τ) with logistic noise L, each entry for itself. It
 * is the first entry of a Gumbel-Softmax sample of two classes with logits l and 0.
 *
 * The logits are log odds: the outcome, `hard`, is 1 with probability σ(l) for every τ. L = G − G', where G is
 * {@link gumbelNoise}'s value at the same place and G' that of words of its own, so the law is right down to
 * probabilities of 2^-64 on both sides. A logit of +∞ gives 1, of −∞ 0, exactly.
 *
 * Range: [0, 1]; 0 where the odds are below 2^-100. Error for the same L: relative expm1(2^-22·|l + L|/τ) + 2^-21, and that
 * of l + L, 2^-24·|l + L|/τ. A float32 has no digits close to 1, where y is 1 less at most 2^-25: for densities, and
 * whatever asks how close it is, take the logit space, (l + L)/τ, with two roundings to float32.
 *
 * @param logits - `[rows, classes]`, log odds; ±∞ is certain.
 * @param options - The key or the noise, τ, `hard`, the space, and where the result goes.
 * @returns `[rows, classes]`; NaN in a marked row.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that overlaps an input without
 *   being the same view, a NaN, or noise that is infinite on the other side than its logit.
 * @see Maddison, Mnih & Teh, [The Concrete distribution](https://arxiv.org/abs/1611.00712), ICLR 2017, appendix B;
 *   Jang, Gu & Poole, [Categorical reparameterization with Gumbel-Softmax](https://arxiv.org/abs/1611.01144), ICLR 2017.
 *
 * @example
 * ```ts
 * binaryConcrete([1.5, -1], { tau: 0.5, seed: 1 }); // Float32Array [0.622, 0.000112]
 * binaryConcrete([1.5, -1], { tau: 0.5, space: "logit", seed: 1 }); // Float32Array [0.500, -9.096]
 * binaryConcrete([1.5, -1], { hard: true, seed: 1 }); // Float32Array [1, 0], 1 with probability 0.818 and 0.269
 * binaryConcrete([0, Infinity], { noise: [0, 0] }); // Float32Array [0.5, 1]
 * ```
 */
export function binaryConcrete(logits: Matrix, options: BinaryConcreteOptions = {}): Float32Array {
  checkOptions(options, SHARED);
  const binary = readBinary(logits, options);
  const out = readOut("out", options.out, binary.input.data.length, binary.inputs);
  const { hard, space } = binary;
  draw(binary, hard ? { hard: out } : space === "unit" ? { soft: out } : { logit: out });
  return out;
}

/**
 * {@link binaryConcrete} with its derivatives: forward the outcomes with `hard`, and then backward as if they were soft
 * (straight-through).
 *
 * The closure keeps the logits of the sample in memory of its own; in logit space these are `soft`: changing it changes
 * the gradient by τ.
 *
 * @param logits - `[rows, classes]`, log odds; ±∞ is certain.
 * @param options - The key or the noise, τ, `hard`, the space, and where the results go.
 * @returns The sample and the soft sample, `[rows, classes]`, the key, and `vjp`.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with an
 *   input or with another, a NaN, or noise that is infinite on the other side than its logit.
 * @see Maddison, Mnih & Teh, [The Concrete distribution](https://arxiv.org/abs/1611.00712), ICLR 2017, appendix B;
 *   Bengio, Léonard & Courville, [Estimating or propagating gradients through stochastic
 *   neurons](https://arxiv.org/abs/1308.3432), 2013, §4.
 *
 * @example
 * ```ts
 * const { sample, vjp } = binaryConcreteVjp([1.5, -1], { tau: 0.5, seed: 1 });
 * sample; // Float32Array [0.622, 0.000112]
 * vjp([1, 2]).input; // Float32Array [0.470, 0.000448]
 * ```
 */
export function binaryConcreteVjp(
  logits: Matrix,
  options: BinaryConcreteVjpOptions = {},
): BinaryConcreteSample {
  checkOptions(options, SHARED);
  const binary = readBinary(logits, options);
  const { input, key, space } = binary;
  const { sample, soft } = readOuts(binary, options.out);
  const hard = binary.hard ? sample : undefined;
  // In the shape of the input, as the samples are.
  const t = space === "logit" ? soft : new Float32Array(soft.length);
  draw(binary, space === "logit" ? { logit: soft } : { soft, logit: t, hard });
  const kept: Kept[] = [["sample", t, t.length]];
  return {
    sample,
    soft,
    key: key && publicKey(key),
    vjp(v, options = {}) {
      checkOptions(options, ["out", "tau"]);
      const withTau = readFlag("tau", options.tau, false);
      const upstream = readLike("v", v, input);
      const out = readOut("out", options.out, upstream.length, [["v", v]]);
      checkKept(kept);
      checkApart("out", options.out, kept);
      const tau = new Float32Array(input.rows);
      const room = roomFor(out, input, upstream);
      backward(binary, gather(t, input), upstream, room, tau);
      scatter(room, out, input, input.rows);
      return withTau ? { input: out, tau } : { input: out };
    },
  };
}

/** The arguments of a call, checked. */
interface Binary {
  readonly input: Rows;
  readonly batch: Batch;
  readonly tau: number | number[];
  readonly hard: boolean;
  readonly space: BinarySpace;
  readonly noise: Float32Array | undefined;
  readonly key: CallKey | undefined;
  readonly inputs: readonly Named[];
}

function readBinary(logits: Matrix, options: SampleOptions): Binary {
  const input = readMatrix("logits", logits, options.classes, options.shape, options.axis);
  const tau = readTau(options.tau, input.rows);
  const hard = readFlag("hard", options.hard, false);
  const space = options.space === undefined ? "unit" : choice("space", options.space, SPACES);
  if (hard && space === "logit") throw kindError("hard", 'no "space" of logits with it', hard);
  const onInvalidRow = readOnInvalidRow(options.onInvalidRow);
  const key = readNoiseKey(options, input.rows, options.noise !== undefined);
  const noise = options.noise === undefined ? undefined : readLike("noise", options.noise, input);
  const batch = makeBatch(input, { key, t: tau, onInvalidRow });
  const inputs: Named[] = [
    ["logits", logits],
    ["noise", options.noise],
  ];
  return { input, batch, tau, hard, space, noise, key, inputs };
}

/** Draws all rows and takes the stream, or throws for the first that is invalid. */
function draw({ input, batch, noise, key }: Binary, out: BinaryOut): void {
  const room = (result?: Float32Array) => result && roomFor(result, input);
  const rooms = { soft: room(out.soft), logit: room(out.logit), hard: room(out.hard) };
  const completed = estimatorKernels().binaryConcrete(batch, input.data, noise, rooms);
  for (const name of RESULTS) {
    const result = out[name];
    if (result !== undefined) scatter(rooms[name] as Float32Array, result, input, completed);
  }
  if (completed < input.rows) throw explain(completed, input, noise);
  key?.rng?.next();
}

/** Why a row is invalid. */
function explain(
  row: number,
  { data, classes }: Rows,
  noise: Float32Array | undefined,
): RangeError {
  const [start, end] = [row * classes, (row + 1) * classes];
  const nan = data.subarray(start, end).findIndex((l) => Number.isNaN(l));
  if (noise === undefined || nan >= 0) {
    return stateError("logits", "no NaN", `NaN at row ${row}, class ${nan}`);
  }
  const bad = noise.subarray(start, end).findIndex((g, i) => Number.isNaN(g + data[start + i]));
  const expected = "no NaN, and nothing infinite on the other side than its logit";
  return stateError("noise", expected, `${noise[start + bad]} at row ${row}, class ${bad}`);
}

/** The gradients of ⟨v, soft sample⟩ from its logits `t`. */
function backward(
  { input, tau, space }: Binary,
  t: Float32Array,
  v: Float32Array,
  out: Float32Array,
  byTau: Float32Array,
): void {
  const { rows, classes } = input;
  for (let row = 0; row < rows; row++) {
    const scale = scaleOf(tauOf(tau, row));
    let sum = 0;
    for (let i = row * classes; i < (row + 1) * classes; i++) {
      const x = t[i];
      if (Number.isFinite(x)) {
        const along = (space === "logit" ? v[i] : product(v[i], slope(x))) * scale;
        sum -= along * x;
        out[i] = canonical(along);
      } else {
        // What is infinite can't be moved; a marked row is NaN.
        out[i] = Number.isNaN(x) ? Number.NaN : 0;
        sum += out[i];
      }
    }
    byTau[row] = canonical(sum);
  }
}

/** σ(t)·σ(−t), to the last digits at both ends. */
function slope(t: number): number {
  const e = expF64(t < 0 ? t : -t);
  return e / ((1 + e) * (1 + e));
}

/** The arrays for the results, each apart from all others. */
function readOuts(
  { hard, input, inputs }: Binary,
  out: BinaryConcreteOut = {},
): { sample: Float32Array; soft: Float32Array } {
  checkNames("out", out, ["sample", "soft"]);
  if (!hard && out.sample !== undefined && out.soft !== undefined && out.sample !== out.soft) {
    throw kindError("out.sample", 'the same array as "out.soft", or "hard" with it', out.sample);
  }
  const { length } = input.data;
  const [label, given] =
    out.soft === undefined && !hard
      ? (["out.sample", out.sample] as const)
      : (["out.soft", out.soft] as const);
  const soft = readOut(label, given, length, []);
  checkApart(label, given, inputs);
  if (!hard) return { sample: soft, soft };
  const sample = readOut("out.sample", out.sample, length, []);
  checkApart("out.sample", out.sample, [...inputs, [label, soft]]);
  return { sample, soft };
}
