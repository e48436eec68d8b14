import { checkApart, type Matrix, type PerRow, readLike, readOut } from "../arrays.ts";
import { roomFor, SHAPE_OPTIONS, type ShapeOptions, scatter } from "../axis.ts";
import type { OnInvalidRow } from "../batch.ts";
import { checkOptions, stateError } from "../check.ts";
import { canonical } from "../js/math.ts";
import { each, markRow } from "../js/rows.ts";
import { tauOf } from "../rate.ts";
import type { BinarySpace, binaryConcrete } from "./binary-concrete.ts";
import { BinaryDensity } from "./binary-density.ts";
import { type DensityCall, densityVjp, gathered, readDensityCall } from "./density-call.ts";
import { product } from "./product.ts";

/** Options of {@link binaryConcreteLogProb} and {@link binaryConcreteLogProbVjp}. */
export interface BinaryConcreteLogProbOptions extends ShapeOptions {
  /**
   * Variables in a row, an integer from 1 to 2^30 that divides the length: those which share τ. Default: a flat array is
   * one row.
   */
  classes?: number | undefined;
  /** τ of the law, finite and > 0, one or one a row; beyond 2^±126 it counts as that. Default 1. */
  tau?: PerRow<number> | undefined;
  /** What the sample is: in [0, 1] (`"unit"`, default), or its logit. */
  space?: BinarySpace | undefined;
  /** What happens at a row with a NaN, or with a sample outside [0, 1]. Default `"throw"`. */
  onInvalidRow?: OnInvalidRow | undefined;
  /**
   * Where the value goes: a Float32Array of the sample's length. It may be an input itself, but for the function with
   * gradients, where it has memory of its own. Default: a new one.
   */
  out?: Float32Array | undefined;
}

/** Where gradients of {@link binaryConcreteLogProbVjp} go: those that are given, in memory of their own; new ones else. */
export interface BinaryConcreteLogProbOut {
  /** For the one by the sample, a Float32Array of its length. */
  sample?: Float32Array | undefined;
  /** For the one by the logits, a Float32Array of their length. */
  input?: Float32Array | undefined;
  /** For the one by τ, a Float32Array of length rows. */
  tau?: Float32Array | undefined;
}

/** Gradients of log-densities of Binary Concrete. */
export interface BinaryConcreteLogProbGradient {
  /** By the sample as it was given, `[rows, classes]`. */
  readonly sample: Float32Array;
  /** By the logits, `[rows, classes]`. */
  readonly input: Float32Array;
  /** By τ, one a row. */
  readonly tau: Float32Array;
}

/**
 * Log-densities of Binary Concrete with their gradients, by {@link binaryConcreteLogProbVjp}.
 *
 * @example
 * ```ts
 * const { value, vjp } = binaryConcreteLogProbVjp([0.9, 0.25], [0.5, -1], { tau: 0.5 });
 * value; // Float32Array [0.240, -0.456]
 * vjp([1, 1]).tau; // Float32Array [3.605]
 * ```
 */
export interface BinaryConcreteLogProb {
  /** The log-densities, `[rows, classes]`. */
  readonly value: Float32Array;
  /**
   * Backward: with t the sample's logit, a = l − τ·t and c = 1 − 2σ(a) it is v·c by the logits, −τ·v·c by t,
   * Σ v·(1/τ − t·c) by τ, and v·(2y − 1 − τ·c)/(y·(1 − y)) by a sample y in [0, 1].
   *
   * At an infinite t, and so at y = 0 and y = 1, each is its limit, which may be infinite. 0 where a logit is ±∞; NaN in
   * a marked row. Error: 2^-24 of the result, and 10^-12 times the sizes of its terms.
   *
   * @param v - d loss / d value, `[rows, classes]`.
   * @param options - Where the gradients go, `{ out: { sample, input, tau } }`.
   * @returns The gradients by sample, logits and τ.
   * @throws TypeError for an argument of the wrong kind, or where an array that is kept has been detached.
   * @throws RangeError for a wrong length, or an array in `out` that shares memory with another or what is kept.
   */
  vjp(
    v: Matrix,
    options?: { out?: BinaryConcreteLogProbOut | undefined },
  ): BinaryConcreteLogProbGradient;
}

const OPTIONS = ["classes", "tau", "space", "onInvalidRow", "out", ...SHAPE_OPTIONS];
const SPACES = ["unit", "logit"] as const satisfies readonly BinarySpace[];

/**
 * Log-densities of Binary Concrete samples, each entry for itself: log τ + a − 2·log(1 + e^a) with a = l − τ·t, for a
 * sample whose logit is t. For a sample y in [0, 1] it is less log y + log(1 − y), and t = log y − log(1 − y).
 *
 * Take the logit space for samples of {@link binaryConcrete}: many of those in [0, 1] are rounded to 1, and some to 0.
 *
 * - y = 0 or 1: what it tends to, which is +∞ for τ < 1 and −∞ for τ > 1; at τ = 1 it is −l, or l. In logit space ±∞
 *   gives −∞.
 * - A logit of ±∞: 0 where the sample is certain of the same outcome, −∞ elsewhere.
 *
 * Range: [−∞, +∞]. Error: 2^-24 of the result, and 10^-12·(1 + |log τ| + |l| + (1 + τ)·|t|). It is computed in float64, with
 * the same bits on both backends.
 *
 * @param sample - `[rows, classes]`: in [0, 1], or logits of such.
 * @param logits - `[rows, classes]`, of the law: log odds.
 * @param options - Shape, τ, the space of the sample, and where the result goes.
 * @returns `[rows, classes]`; NaN in a marked row.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that overlaps an input without
 *   being it, a NaN, or a sample outside [0, 1].
 * @see Maddison, Mnih & Teh, [The Concrete distribution](https://arxiv.org/abs/1611.00712), ICLR 2017, appendix B.
 *
 * @example
 * ```ts
 * binaryConcreteLogProb([0.9, 0.25], [0.5, -1], { tau: 0.5 }); // Float32Array [0.240, -0.456]
 * binaryConcreteLogProb([2.5, -1], [0.5, -1], { tau: 0.5, space: "logit" }); // Float32Array [-2.217, -2.141]
 * binaryConcreteLogProb([0, 1], [2, 2]); // Float32Array [-2, 2], the limits
 * ```
 */
export function binaryConcreteLogProb(
  sample: Matrix,
  logits: Matrix,
  options: BinaryConcreteLogProbOptions = {},
): Float32Array {
  checkOptions(options, OPTIONS);
  const densities = readDensityCall<BinarySpace>(sample, logits, options, SPACES);
  const out = readOut("out", options.out, densities.sample.data.length, [
    ["sample", sample],
    ["logits", logits],
  ]);
  forward(densities, out);
  return out;
}

/**
 * {@link binaryConcreteLogProb} with its gradients by sample, logits and τ.
 *
 * Range and error of the value are those of {@link binaryConcreteLogProb}. The closure keeps the sample and the logits:
 * changing them changes the gradients.
 *
 * @param sample - `[rows, classes]`: in [0, 1], or logits of such.
 * @param logits - `[rows, classes]`, of the law: log odds.
 * @param options - Shape, τ, the space of the sample, and where the value goes.
 * @returns `value`, and `vjp(v)` with v in its shape.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with an
 *   input, a NaN, or a sample outside [0, 1].
 * @see Maddison, Mnih & Teh, [The Concrete distribution](https://arxiv.org/abs/1611.00712), ICLR 2017, appendix B.
 *
 * @example
 * ```ts
 * const { vjp } = binaryConcreteLogProbVjp([2.5, -1], [0.5, -1], { tau: 0.5, space: "logit" });
 * vjp([1, 1]).sample; // Float32Array [-0.179, -0.122]
 * vjp([1, 1]).input; // Float32Array [0.358, 0.245]
 * ```
 */
export function binaryConcreteLogProbVjp(
  sample: Matrix,
  logits: Matrix,
  options: BinaryConcreteLogProbOptions = {},
): BinaryConcreteLogProb {
  checkOptions(options, OPTIONS);
  const densities = readDensityCall<BinarySpace>(sample, logits, options, SPACES);
  const value = readOut("out", options.out, densities.sample.data.length, []);
  checkApart("out", options.out, [
    ["sample", sample],
    ["logits", logits],
  ]);
  forward(densities, value);
  const vjp = densityVjp(densities, (v: Matrix) => readLike("v", v, densities.sample), backward);
  return { value, vjp };
}

type Densities = DensityCall<BinarySpace>;

/** Writes the densities of all rows, or throws for the first that is invalid. */
function forward(given: Densities, out: Float32Array): void {
  const densities = gathered(given);
  const { sample } = densities;
  const room = roomFor(out, sample, sample.data);
  const completed = fill(densities, room);
  scatter(room, out, sample, completed);
  if (completed < sample.rows) throw explain(densities, completed);
}

function fill(densities: Densities, out: Float32Array): number {
  const { sample, logits, tau, space, onInvalidRow } = densities;
  const { data, rows, classes } = sample;
  const density = new BinaryDensity();
  return each(
    { rows, mark: onInvalidRow === "mark" },
    (row) => {
      if (!isValid(densities, row)) return false;
      density.setTau(tauOf(tau, row), space);
      for (let i = row * classes; i < (row + 1) * classes; i++) {
        density.set(data[i], logits[i]);
        out[i] = density.value;
      }
      return true;
    },
    (row) => markRow(out, row, classes),
  );
}

function backward(densities: Densities, v: Float32Array, out: BinaryConcreteLogProbGradient): void {
  const { sample, logits, tau, space } = densities;
  const { data, rows, classes } = sample;
  const density = new BinaryDensity();
  for (let row = 0; row < rows; row++) {
    const [start, end] = [row * classes, (row + 1) * classes];
    if (!isValid(densities, row)) {
      out.sample.fill(Number.NaN, start, end);
      out.input.fill(Number.NaN, start, end);
      out.tau[row] = Number.NaN;
      continue;
    }
    density.setTau(tauOf(tau, row), space);
    let byTau = 0;
    for (let i = start; i < end; i++) {
      density.set(data[i], logits[i]);
      out.sample[i] = canonical(product(v[i], density.bySample));
      out.input[i] = canonical(product(v[i], density.byLogit));
      byTau += product(v[i], density.byTau);
    }
    out.tau[row] = canonical(byTau);
  }
}

function isValid({ sample, logits, space }: Densities, row: number): boolean {
  const { data, classes } = sample;
  for (let i = row * classes; i < (row + 1) * classes; i++) {
    if (!isSample(data[i], space) || Number.isNaN(logits[i])) return false;
  }
  return true;
}

function isSample(x: number, space: BinarySpace): boolean {
  return space === "unit" ? x >= 0 && x <= 1 : !Number.isNaN(x);
}

/** Why a row is invalid. */
function explain({ sample, logits, space }: Densities, row: number): RangeError {
  const { data, classes } = sample;
  const [start, end] = [row * classes, (row + 1) * classes];
  const bad = data.subarray(start, end).findIndex((x) => !isSample(x, space));
  if (bad >= 0) {
    const expected = space === "unit" ? "values from 0 to 1" : "no NaN";
    return stateError("sample", expected, `${data[start + bad]} at row ${row}, class ${bad}`);
  }
  const nan = logits.subarray(start, end).findIndex((l) => Number.isNaN(l));
  return stateError("logits", "no NaN", `NaN at row ${row}, class ${nan}`);
}
