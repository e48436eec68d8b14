import { checkApart, type Matrix, type PerRow, readOut, readPerRow } from "../arrays.ts";
import { SHAPE_OPTIONS, type ShapeOptions } from "../axis.ts";
import { checkCompleted, type OnInvalidRow } from "../batch.ts";
import { checkOptions } from "../check.ts";
import type { RowUpstream } from "../gradients.ts";
import type { gumbelSoftmax } from "../gumbel-softmax.ts";
import { canonical } from "../js/math.ts";
import { each } from "../js/rows.ts";
import { tauOf } from "../rate.ts";
import { ConcreteDensity } from "./concrete-density.ts";
import { type ConcreteSpace, checkSample, isSample } from "./concrete-sample.ts";
import { type DensityCall, densityVjp, gathered, readDensityCall } from "./density-call.ts";
import { product } from "./product.ts";

/** Options of {@link concreteLogProb}. */
export interface ConcreteLogProbOptions extends ShapeOptions {
  /** Classes in a row, an integer from 1 to 2^30 that divides the length. Default: a flat array is one row. */
  classes?: number | undefined;
  /** τ of the law, finite and > 0, one or one a row; beyond 2^±126 it counts as that. Default 1. */
  tau?: PerRow<number> | undefined;
  /** What the sample is: its logarithm (`"log"`, default), or a point of the simplex. */
  space?: ConcreteSpace | undefined;
  /** What happens at a row that is no law, or no sample. Default `"throw"`. */
  onInvalidRow?: OnInvalidRow | undefined;
  /** Where the result goes: a Float32Array of length rows. Default: a new one. */
  out?: Float32Array | undefined;
}

/** Options of {@link concreteLogProbVjp}. */
export interface ConcreteLogProbVjpOptions extends ConcreteLogProbOptions {
  /** Where the value goes: a Float32Array of length rows, in memory of its own. Default: a new one. */
  out?: Float32Array | undefined;
}

/** Where gradients of {@link concreteLogProbVjp} go: those that are given, in memory of their own; new ones else. */
export interface ConcreteLogProbOut {
  /** For the one by the sample, a Float32Array of its length. */
  sample?: Float32Array | undefined;
  /** For the one by the logits, a Float32Array of their length. */
  input?: Float32Array | undefined;
  /** For the one by τ, a Float32Array of length rows. */
  tau?: Float32Array | undefined;
}

/** Gradients of a log-density of Concrete. */
export interface ConcreteLogProbGradient {
  /** By the sample as it was given, `[rows, classes]`, each entry moved by itself. */
  readonly sample: Float32Array;
  /** By the logits, `[rows, classes]`; a row sums to 0 but for rounding. */
  readonly input: Float32Array;
  /** By τ, one a row. */
  readonly tau: Float32Array;
}

/**
 * A log-density of Concrete with its gradients, by {@link concreteLogProbVjp}.
 *
 * @example
 * ```ts
 * const { value, vjp } = concreteLogProbVjp([-1.5, -0.5, -1.75], [0.2, 1, -1], { tau: 0.5 });
 * value; // Float32Array [-4.438]
 * vjp(1).tau; // Float32Array [4.660]
 * ```
 */
export interface ConcreteLogProb {
  /** The log-density, one a row. */
  readonly value: Float32Array;
  /**
   * Backward: with p = softmax(l − τ·z) over the K possible classes, v·(1 − K·p) by the logits, −τ times that by the
   * sample's logarithms z, v·((K − 1)/τ − Σ z·(1 − K·p)) by τ; by a point x of the simplex −v·(τ·(1 − K·p) + 1)/x.
   *
   * Exactly 0 at impossible classes, and in a row whose sample lies on the edge or where the law has no mass; NaN in a
   * marked row. Error: 2^-24 of the result, and 10^-12·K times the sizes of its terms.
   *
   * @param v - d loss / d value, one a row or one for all.
   * @param options - Where the gradients go, `{ out: { sample, input, tau } }`.
   * @returns The gradients by sample, logits and τ.
   * @throws TypeError for an argument of the wrong kind, or where an array that is kept has been detached.
   * @throws RangeError for a wrong length, or an array in `out` that shares memory with another or what is kept.
   */
  vjp(v: RowUpstream, options?: { out?: ConcreteLogProbOut | undefined }): ConcreteLogProbGradient;
}

const OPTIONS = ["classes", "tau", "space", "onInvalidRow", "out", ...SHAPE_OPTIONS];
const SPACES = ["log", "simplex"] as const satisfies readonly ConcreteSpace[];

/**
 * The log-density of a Concrete sample, one a row: log Γ(K) + (K − 1)·log τ + Σ a − K·logsumexp(a), a = l − τ·z, for
 * its logarithms z (ExpConcrete). On the simplex Σ z is taken from it (Concrete). K counts the possible classes.
 *
 * The log form is the stable one: a sample of {@link gumbelSoftmax} is 0 below 2^-100, where the density on the
 * simplex is 0 or infinite. What happens there:
 *
 * - An impossible class (logit −∞, or any beside a +∞) counts only if the sample isn't −∞ (0 on the simplex) there:
 *   then the result is −∞.
 * - m possible classes at −∞: −∞. At 0 on the simplex: the limit as they go to 0 together, which is +∞ where
 *   τ·(K − m) < m, −∞ where it is more, and finite where they are equal.
 * - One possible class: 0.
 *
 * Range: [−∞, +∞]. Error: 2^-24 of the result, and 10^-12·K·(1 + log K + |log τ| + max(|l| + τ·|z|)). It is computed in
 * float64, with the same bits on both backends. The sample is not checked to sum to 1.
 *
 * @param sample - `[rows, classes]`: log-samples as of {@link logGumbelSoftmax}, or points of the simplex.
 * @param logits - `[rows, classes]`, of the law; they need not be normalised.
 * @param options - Shape, τ, the space of the sample, and where the result goes.
 * @returns `[rows]`; NaN for a marked row.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that overlaps an input without
 *   being it, a row of logits that is no law (see {@link OnInvalidRow}), or a row of the sample with NaN, with +∞, with
 *   a negative value on the simplex, or with nothing above −∞ (0).
 * @see Maddison, Mnih & Teh, [The Concrete distribution](https://arxiv.org/abs/1611.00712), ICLR 2017, eq. 10 and
 *   appendix C.3.
 *
 * @example
 * ```ts
 * concreteLogProb([-1.5, -0.5, -1.75], [0.2, 1, -1], { tau: 0.5 }); // Float32Array [-4.438]
 * concreteLogProb([0.25, 0.75], [0, 0], { space: "simplex" }); // Float32Array [0], the uniform law
 * concreteLogProb([0, 1], [0, 1], { space: "simplex" }); // Float32Array [1], the limit
 * ```
 */
export function concreteLogProb(
  sample: Matrix,
  logits: Matrix,
  options: ConcreteLogProbOptions = {},
): Float32Array {
  checkOptions(options, OPTIONS);
  const concrete = readDensityCall<ConcreteSpace>(sample, logits, options, SPACES);
  const out = readOut("out", options.out, concrete.sample.rows, [
    ["sample", sample],
    ["logits", logits],
  ]);
  forward(gathered(concrete), out);
  return out;
}

/**
 * {@link concreteLogProb} with its gradients by sample, logits and τ.
 *
 * Range and error of the value are those of {@link concreteLogProb}. The closure keeps the sample and the logits:
 * changing them changes the gradients.
 *
 * @param sample - `[rows, classes]`: log-samples, or points of the simplex.
 * @param logits - `[rows, classes]`, of the law.
 * @param options - Shape, τ, the space of the sample, and where the value goes.
 * @returns `value`, one a row; `vjp(v)` with v one a row or one for all.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with an
 *   input, or a row that is no law or no sample, as {@link concreteLogProb} has it.
 * @see Maddison, Mnih & Teh, [The Concrete distribution](https://arxiv.org/abs/1611.00712), ICLR 2017, eq. 10 and
 *   appendix C.3.
 *
 * @example
 * ```ts
 * const { vjp } = concreteLogProbVjp([-1.5, -0.5, -1.75], [0.2, 1, -1], { tau: 0.5 });
 * vjp(1).input; // Float32Array [-0.115, -0.505, 0.620]
 * vjp(1).sample; // Float32Array [0.057, 0.252, -0.310]
 * ```
 */
export function concreteLogProbVjp(
  sample: Matrix,
  logits: Matrix,
  options: ConcreteLogProbVjpOptions = {},
): ConcreteLogProb {
  checkOptions(options, OPTIONS);
  const concrete = readDensityCall<ConcreteSpace>(sample, logits, options, SPACES);
  const { rows } = concrete.sample;
  const value = readOut("out", options.out, rows, []);
  checkApart("out", options.out, [
    ["sample", sample],
    ["logits", logits],
  ]);
  forward(gathered(concrete), value);
  const vjp = densityVjp(concrete, (v: RowUpstream) => readPerRow("v", v, rows), backward);
  return { value, vjp };
}

type Concrete = DensityCall<ConcreteSpace>;

/** Sets the density at a row. Returns whether the row is valid. */
function setRow(density: ConcreteDensity, concrete: Concrete, row: number): boolean {
  const { sample, logits, tau, space } = concrete;
  const { data, classes } = sample;
  const at = row * classes;
  return (
    isSample(data, at, classes, space) &&
    density.set(data, at, logits, at, classes, tauOf(tau, row), space)
  );
}

function forward(concrete: Concrete, out: Float32Array): void {
  const { sample, logits, space, onInvalidRow } = concrete;
  const density = new ConcreteDensity(sample.classes);
  const completed = each(
    { rows: sample.rows, mark: onInvalidRow === "mark" },
    (row) => {
      const isValid = setRow(density, concrete, row);
      if (isValid) out[row] = density.value;
      return isValid;
    },
    (row) => {
      out[row] = Number.NaN;
    },
  );
  checkSample(completed, sample, space);
  checkCompleted(completed, "logits", { ...sample, data: logits });
}

function backward(concrete: Concrete, upstream: Float32Array, out: ConcreteLogProbGradient): void {
  const { data, rows, classes } = concrete.sample;
  const density = new ConcreteDensity(classes);
  for (let row = 0; row < rows; row++) {
    const at = row * classes;
    const v = canonical(upstream[row]);
    const isValid = setRow(density, concrete, row);
    out.tau[row] = isValid ? product(v, density.byTau(data, at, classes)) : Number.NaN;
    for (let i = 0; i < classes; i++) {
      out.sample[at + i] = isValid ? product(v, density.bySample(i, data[at + i])) : Number.NaN;
      out.input[at + i] = isValid ? product(v, density.byLogit(i)) : Number.NaN;
    }
  }
}
