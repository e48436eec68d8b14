import {
  checkApart,
  checkKept,
  type Kept,
  type Matrix,
  type Named,
  type Rows,
  readIndexOut,
  readLike,
  readMatrix,
  readOut,
} from "../arrays.ts";
import { roomFor, SHAPE_OPTIONS, scatter } from "../axis.ts";
import { checkCompleted, type OnInvalidRow, readFrom, readOnInvalidRow } from "../batch.ts";
import { checkNames, checkOptions, choice, kindError } from "../check.ts";
import { type Gradient, PRODUCT_OPTIONS, type VjpOptions } from "../gradients.ts";
import { PERTURBED_OPTIONS } from "../gumbel-max.ts";
import { divide } from "../js/weights.ts";
import { type Key, publicKey, readNoiseKey } from "../key.ts";
import { type DecoupledOptions, decoupled } from "./decoupled.ts";
import type { Draw, Drawn, Estimator, GumbelMaxVjpOut } from "./draw.ts";
import { type GstOptions, gst } from "./gst.ts";
import { type GumbelRaoOptions, gumbelRao } from "./gumbel-rao.ts";
import { type ReinMaxOptions, reinMax } from "./reinmax.ts";
import { type StraightThroughOptions, straightThrough } from "./straight-through.ts";
import {
  type StraightThroughGumbelOptions,
  straightThroughGumbel,
} from "./straight-through-gumbel.ts";

/** Options of {@link gumbelMaxVjp}: which estimator, what it takes, and what all take. */
export type GumbelMaxVjpOptions =
  | StraightThroughGumbelOptions
  | StraightThroughOptions
  | DecoupledOptions
  | ReinMaxOptions
  | GumbelRaoOptions
  | GstOptions;

/**
 * A categorical draw with an estimated gradient, by {@link gumbelMaxVjp}.
 *
 * @example
 * ```ts
 * const g = gumbelMaxVjp([0.2, 1, -1], { estimator: "reinmax", seed: 1 });
 * g.sample; // Float32Array [0, 1, 0]
 * g.index; // Int32Array [1]
 * g.key; // { seed: 1, stream: 0, row: 0 }
 * g.vjp([1, 2, 3]).input; // Float32Array [-0.142, 0.099, 0.043]
 * ```
 */
export interface GumbelMaxSample {
  /** `[rows, classes]`: one-hot, exact 0 and 1; NaN in a marked row. */
  readonly sample: Float32Array;
  /** `[rows]`: the class drawn; −1 in a marked row. */
  readonly index: Int32Array;
  /** As options it draws the same sample again; `undefined` where the noise was given. */
  readonly key: Key | undefined;
  /**
   * Backward: the estimate of d E[loss] by the input, from d loss / d sample at the sample drawn.
   *
   * By weights it is that by logits divided by the weights (0 where one is 0). Exactly 0 at impossible classes,
   * whatever v holds there, and, for a finite v, in a row where one class is certain; NaN in a marked row. By logits a row sums to 0
   * within 2^-20·Σ y|v|/τ, the sum over all softmaxes y of the formula. The same call gives the same result.
   *
   * @param v - d loss / d sample, `[rows, classes]`.
   * @param options - Where the gradient goes.
   * @returns The gradient by the input, `[rows, classes]`.
   * @throws TypeError for an argument of the wrong kind, or where an array that is kept has been detached.
   * @throws RangeError for a wrong length, or an `out` that shares memory with what is kept.
   */
  vjp(v: Matrix, options?: VjpOptions): Gradient;
}

type EstimatorName = NonNullable<GumbelMaxVjpOptions["estimator"]>;

const NAMES = [
  "straight-through-gumbel",
  "straight-through",
  "decoupled",
  "reinmax",
  "gumbel-rao",
  "gst",
] as const satisfies readonly EstimatorName[];

/** What each takes beside what all take. */
const OWN: Record<EstimatorName, readonly string[]> = {
  "straight-through-gumbel": ["tau"],
  "straight-through": ["tau"],
  decoupled: ["temperature", "backwardTemperature", "backwardNoise"],
  reinmax: ["tau"],
  "gumbel-rao": ["tau", "replicas"],
  gst: ["tau", "gap"],
};

const OWN_OPTIONS = [...new Set(Object.values(OWN).flat())];
const OPTIONS = ["estimator", ...PERTURBED_OPTIONS, ...OWN_OPTIONS, "out", ...SHAPE_OPTIONS];

/**
 * A categorical draw that can be differentiated: forward the one-hot sample, backward one of the estimates of the
 * gradient that research uses. The draw is that of `gumbelMax` for the same key, whatever the estimator, so that
 * they can be compared on the same samples.
 *
 * With J(y)v = y ⊙ (v − ⟨y, v⟩), logits l and v = d loss / d sample:
 *
 * | `estimator` | gradient by the logits | mean | variance |
 * |---|---|---|---|
 * | `"straight-through-gumbel"` | J(softmax((l + G)/τ))v/τ | biased, less so for small τ | grows as τ falls |
 * | `"straight-through"` | J(softmax(l/τ))v/τ | exact for linear losses at τ = 1 | that of v alone |
 * | `"decoupled"` | J(softmax(l/T'))v/T', drawn at T | biased | as straight-through |
 * | `"reinmax"` | 2·J((softmax(l/τ) + D)/2)v − J(softmax(l))v/2 | exact for quadratic losses at τ = 1 | of D and v |
 * | `"gumbel-rao"` | mean of J(softmax(z/τ))v/τ, z given D | as the first | at most that of the first |
 * | `"gst"` | J(softmax(moved l/τ))v/τ | biased | of D and v |
 *
 * Begin with `"reinmax"` at τ = 1 if τ shall not be tuned; take `"gumbel-rao"` where straight-through Gumbel-Softmax
 * works but is noisy, `"gst"` where that is too slow. Each has its options and limits:
 * {@link StraightThroughGumbelOptions}, {@link StraightThroughOptions}, {@link DecoupledOptions},
 * {@link ReinMaxOptions}, {@link GumbelRaoOptions}, {@link GstOptions}. The closure keeps the input and given noise:
 * changing those changes the gradient, but for an axis along which rows are copied together.
 *
 * @param logits - `[rows, classes]`; weights with `from: "weights"`.
 * @param options - The estimator with its options, the key or the noise, and where the results go.
 * @returns The one-hot sample, `[rows, classes]`, the index of each row, the key, and `vjp`.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, one of another estimator, or options
 *   that exclude each other.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with an
 *   input or with another, or a row that is no law (see {@link OnInvalidRow}).
 * @see Jang, Gu & Poole, [Categorical reparameterization with Gumbel-Softmax](https://arxiv.org/abs/1611.01144),
 *   ICLR 2017, §2.2; Bengio, Léonard & Courville, [Estimating or propagating gradients through stochastic
 *   neurons](https://arxiv.org/abs/1308.3432), 2013, §4; Shah, Yan, Mozer & Liu, [Improving discrete optimisation via
 *   decoupled straight-through estimator](https://arxiv.org/abs/2410.13331), 2024; Liu, Dong, Liu, Yu & Gao, [Bridging
 *   discrete and backpropagation: straight-through and beyond](https://arxiv.org/abs/2304.08612), NeurIPS 2023; Paulus,
 *   Maddison & Krause, [Rao-Blackwellizing the straight-through Gumbel-Softmax gradient
 *   estimator](https://arxiv.org/abs/2010.04838), ICLR 2021; Fan, Chi, Rudnicky & Ramadge, [Training discrete deep
 *   generative models via gapped straight-through estimator](https://arxiv.org/abs/2206.07235), ICML 2022, §4.2.
 *
 * @example
 * ```ts
 * const logits = [0.2, 1, -1];
 * const { sample, vjp } = gumbelMaxVjp(logits, { tau: 0.5, seed: 1 });
 * sample; // Float32Array [0, 1, 0]
 * vjp([1, 2, 3]).input; // Float32Array [-0.294, 0.102, 0.192], by the logits
 * const plain = gumbelMaxVjp(logits, { estimator: "straight-through", seed: 1 });
 * plain.vjp([1, 2, 3]).input; // Float32Array [-0.227, 0.125, 0.102]
 * const temperatures = { temperature: 2, backwardTemperature: 0.5 };
 * const decoupled = gumbelMaxVjp(logits, { estimator: "decoupled", ...temperatures, seed: 1 });
 * decoupled.vjp([1, 2, 3]).input; // Float32Array [-0.281, 0.247, 0.035]
 * const reinmax = gumbelMaxVjp(logits, { estimator: "reinmax", seed: 1 });
 * reinmax.vjp([1, 2, 3]).input; // Float32Array [-0.142, 0.099, 0.043]
 * const rao = gumbelMaxVjp(logits, { estimator: "gumbel-rao", tau: 0.5, replicas: 10, seed: 1 });
 * rao.vjp([1, 2, 3]).input; // Float32Array [-0.114, 0.097, 0.017]
 * const gapped = gumbelMaxVjp(logits, { estimator: "gst", tau: 0.5, gap: 1, seed: 1 });
 * gapped.vjp([1, 2, 3]).input; // Float32Array [-0.211, 0.176, 0.035]
 * ```
 */
export function gumbelMaxVjp(logits: Matrix, options: GumbelMaxVjpOptions = {}): GumbelMaxSample {
  checkOptions(options, OPTIONS);
  checkOwnOptions(options);
  const input = readMatrix("logits", logits, options.classes, options.shape, options.axis);
  const { noise } = options;
  const draw: Draw = {
    input,
    from: readFrom(options.from),
    onInvalidRow: readOnInvalidRow(options.onInvalidRow),
    key: readNoiseKey(options, input.rows, noise !== undefined),
    noise: noise === undefined ? undefined : readLike("noise", noise, input),
  };
  const estimator = makeEstimator(draw, options);
  const out = readOuts(input, options.out, [
    ["logits", logits],
    ["noise", noise],
  ]);
  const sample = roomFor(out.sample, input);
  const completed = estimator.forward({ ...out, sample });
  scatter(sample, out.sample, input, completed);
  checkCompleted(completed, "logits", input, draw.from, draw.noise);
  draw.key?.rng?.next();
  return differentiable(draw, estimator, out);
}

/** Refuses options that other estimators have and this one hasn't. */
function checkOwnOptions(options: GumbelMaxVjpOptions): void {
  const { estimator } = options;
  const name = estimator === undefined ? NAMES[0] : choice("estimator", estimator, NAMES);
  for (const option of OWN_OPTIONS) {
    if (options[option as keyof typeof options] === undefined || OWN[name].includes(option))
      continue;
    const owners = NAMES.filter((name) => OWN[name].includes(option));
    const expected = owners.map((name) => JSON.stringify(name)).join(" or ");
    throw kindError(option, `the estimator ${expected} with it`, name);
  }
}

function makeEstimator(draw: Draw, options: GumbelMaxVjpOptions): Estimator {
  switch (options.estimator) {
    case "straight-through":
      return straightThrough(draw, options);
    case "decoupled":
      return decoupled(draw, options);
    case "reinmax":
      return reinMax(draw, options);
    case "gumbel-rao":
      return gumbelRao(draw, options);
    case "gst":
      return gst(draw, options);
    default:
      return straightThroughGumbel(draw, options);
  }
}

/** The arrays for the results, apart from each other and from the inputs. */
function readOuts({ data, rows }: Rows, out: GumbelMaxVjpOut = {}, inputs: Named[]): Drawn {
  checkNames("out", out, ["sample", "index"]);
  const sample = readOut("out.sample", out.sample, data.length, []);
  const index = readIndexOut("out.index", out.index, rows, []);
  checkApart("out.sample", out.sample, inputs);
  checkApart("out.index", out.index, [...inputs, ["out.sample", sample]]);
  return { sample, index };
}

function differentiable(
  draw: Draw,
  estimator: Estimator,
  { sample, index }: Drawn,
): GumbelMaxSample {
  const { input, key, noise } = draw;
  const length = input.rows * input.classes;
  const kept: Kept[] = [
    ["logits", input.data, length],
    ["noise", noise, length],
  ];
  // A copy: what the caller does to the result can't make a row of another draw, or a class that there isn't.
  const drawn = index.slice();
  return {
    sample,
    index,
    key: key && publicKey(key),
    vjp(v, options = {}) {
      checkOptions(options, PRODUCT_OPTIONS);
      const upstream = readLike("v", v, input);
      const out = readOut("out", options.out, length, [["v", v]]);
      checkKept(kept);
      checkApart("out", options.out, [...kept, ["sample", sample], ["index", index]]);
      const isUpstream = options.out !== undefined && out.buffer === upstream.buffer;
      const gradient = isUpstream ? new Float32Array(length) : roomFor(out, input);
      estimator.backward(upstream, drawn, gradient);
      finish(draw, drawn, gradient);
      scatter(gradient, out, input, input.rows);
      return { input: out };
    },
  };
}

/** From the gradient by the logits to that by what was given; NaN in marked rows. */
function finish({ input, from }: Draw, index: Int32Array, out: Float32Array): void {
  const { data, classes } = input;
  for (let row = 0; row < index.length; row++) {
    const at = row * classes;
    if (index[row] < 0) out.fill(Number.NaN, at, at + classes);
    else if (from === "weights") divide(out, at, data, at, classes);
  }
}
