import {
  checkApart,
  type Kept,
  type Matrix,
  type PerRow,
  type Rows,
  readGiven,
  readGivenLike,
  readGivenLikeRow,
  readOut,
  readPerRow,
  rowsOf,
} from "../arrays.ts";
import { gather, SHAPE_OPTIONS, type ShapeOptions } from "../axis.ts";
import { checkCompleted, type OnInvalidRow, readOnInvalidRow } from "../batch.ts";
import { checkOptions } from "../check.ts";
import type { RowUpstream } from "../gradients.ts";
import { canonical } from "../js/math.ts";
import { inspect } from "../js/row.ts";
import { each } from "../js/rows.ts";
import { readTau, tauOf } from "../rate.ts";
import { ConcreteDensity, limit } from "./concrete-density.ts";
import { checkSample, isSample } from "./concrete-sample.ts";
import { backwardOf } from "./outs.ts";
import { product } from "./product.ts";

/** Options of {@link concreteKl}. */
export interface ConcreteKlOptions extends ShapeOptions {
  /** Classes in a row, an integer from 1 to 2^30 that divides the length. Default: a flat array is one row. */
  classes?: number | undefined;
  /** τ of the law that the sample is of, finite and > 0, one or one a row; beyond 2^±126 it counts as that. Default 1. */
  tau?: PerRow<number> | undefined;
  /**
   * Logits of the prior, `[rows, classes]`, or one row for all. Default: equal ones at the classes that `logits` leave
   * possible.
   */
  prior?: Matrix | undefined;
  /** τ of the prior, as `tau`. Default: that of the law, and the gradient by `tau` is then by both. */
  priorTau?: PerRow<number> | undefined;
  /** What happens at a row that is no law, or no sample. Default `"throw"`. */
  onInvalidRow?: OnInvalidRow | undefined;
  /** Where the result goes: a Float32Array of length rows. Default: a new one. */
  out?: Float32Array | undefined;
}

/** Options of {@link concreteKlVjp}. */
export interface ConcreteKlVjpOptions extends ConcreteKlOptions {
  /** Where the value goes: a Float32Array of length rows, in memory of its own. Default: a new one. */
  out?: Float32Array | undefined;
}

/** Where gradients of {@link concreteKlVjp} go: those that are given, in memory of their own; new ones else. */
export interface ConcreteKlOut {
  /** For the one by the sample, a Float32Array of its length. */
  sample?: Float32Array | undefined;
  /** For the one by the logits, a Float32Array of their length. */
  input?: Float32Array | undefined;
  /** For the one by τ, a Float32Array of length rows. */
  tau?: Float32Array | undefined;
  /** For the one by the prior's logits, a Float32Array of their length; only where these are given. */
  prior?: Float32Array | undefined;
  /** For the one by the prior's τ, a Float32Array of length rows; only where that is given. */
  priorTau?: Float32Array | undefined;
}

/** Gradients of the estimate of a divergence. */
export interface ConcreteKlGradient {
  /** By the sample, `[rows, classes]`, each entry moved by itself: the path through which the logits have their part. */
  readonly sample: Float32Array;
  /** By the logits with the sample held, `[rows, classes]`. */
  readonly input: Float32Array;
  /** By τ with the sample held, one a row. */
  readonly tau: Float32Array;
  /** By the prior's logits in the shape they have, where these are given: of one row, the sum over all unmarked rows. */
  readonly prior?: Float32Array;
  /** By the prior's τ, one a row, where that is given. */
  readonly priorTau?: Float32Array;
}

/**
 * An estimate of a divergence with its gradients, by {@link concreteKlVjp}.
 *
 * @example
 * ```ts
 * const { value, vjp } = concreteKlVjp([-1.5, -0.5, -1.75], [0.2, 1, -1], { tau: 0.5, priorTau: 1 });
 * value; // Float32Array [-1.455]
 * vjp(1).input; // Float32Array [-0.115, -0.505, 0.620]
 * vjp(1).priorTau; // Float32Array [-1.303]
 * ```
 */
export interface ConcreteKl {
  /** The estimate, one a row. */
  readonly value: Float32Array;
  /**
   * Backward: the gradients of log q less those of log p, as {@link concreteLogProbVjp} has them.
   *
   * Exactly 0 at impossible classes, and in a row whose sample lies on the edge of either law or where one has no mass;
   * NaN in a marked row. Error: 2^-24 of the result, and 10^-12·K times the sizes of its terms.
   *
   * @param v - d loss / d value, one a row or one for all.
   * @param options - Where the gradients go, `{ out: { sample, input, tau, prior, priorTau } }`.
   * @returns The gradients by sample, logits, τ, and what is given of the prior.
   * @throws TypeError for an argument of the wrong kind, or where an array that is kept has been detached.
   * @throws RangeError for a wrong length, or an array in `out` that shares memory with another or what is kept.
   */
  vjp(v: RowUpstream, options?: { out?: ConcreteKlOut | undefined }): ConcreteKlGradient;
}

const OPTIONS = ["classes", "tau", "prior", "priorTau", "onInvalidRow", "out", ...SHAPE_OPTIONS];

/**
 * The divergence of a Concrete law from a prior as VAEs estimate it, from one sample z of the law: log q(z) − log p(z),
 * both in log space. Its mean over samples is KL(q ‖ p), which has no closed form; one estimate may be negative.
 *
 * A class at −∞ in the sample counts as {@link concreteLogProb} has it, and the result is the limit of the difference.
 * It is −∞ where the logits can't have made the sample, else +∞ where the prior can't: also where the prior makes a
 * class possible that the logits don't.
 *
 * Range: [−∞, +∞]. Error: 2^-24 of the result, and 10^-12·K·(1 + log K + |log τ| + max(|l| + τ·|z|)) of each law. It is
 * computed in float64, with the same bits on both backends.
 *
 * @param sample - `[rows, classes]`: log-samples of the law, as of {@link logGumbelSoftmax}.
 * @param logits - `[rows, classes]`, of the law; they need not be normalised.
 * @param options - Shape, τ, the prior, and where the result goes.
 * @returns `[rows]`; NaN for a marked row.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that overlaps an input without
 *   being it, a row of logits that is no law (see {@link OnInvalidRow}), or a row of the sample with NaN, with +∞, or
 *   with nothing above −∞.
 * @see Maddison, Mnih & Teh, [The Concrete distribution](https://arxiv.org/abs/1611.00712), ICLR 2017, appendix C.3:
 *   the divergence is the same in log space.
 *
 * @example
 * ```ts
 * const logits = [0.2, 1, -1];
 * const sample = logGumbelSoftmax(logits, { tau: 0.5, seed: 1 });
 * concreteKl(sample, logits, { tau: 0.5, priorTau: 1 }); // Float32Array [-0.675]
 * concreteKl(sample, logits, { tau: 0.5, prior: logits }); // Float32Array [0], the same law
 * ```
 */
export function concreteKl(
  sample: Matrix,
  logits: Matrix,
  options: ConcreteKlOptions = {},
): Float32Array {
  checkOptions(options, OPTIONS);
  const pair = readPair(sample, logits, options);
  const out = readOut("out", options.out, pair.sample.rows, [
    ["sample", sample],
    ["logits", logits],
    ["prior", options.prior],
  ]);
  forward(gathered(pair), out);
  return out;
}

/**
 * {@link concreteKl} with its gradients by the sample, the logits, τ, and the prior where that is given.
 *
 * Those by `input` and `tau` hold the sample. To train, hand the one by `sample` to the `vjp` of
 * {@link logGumbelSoftmaxVjp}, and add up. Range and error of the value are those of {@link concreteKl}. The closure
 * keeps the sample, the logits and the prior: changing them changes the gradients.
 *
 * @param sample - `[rows, classes]`: log-samples of the law.
 * @param logits - `[rows, classes]`, of the law.
 * @param options - Shape, τ, the prior, and where the value goes.
 * @returns `value`, one a row; `vjp(v)` with v one a row or one for all.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with an
 *   input, or a row that is no law or no sample, as {@link concreteKl} has it.
 * @see Maddison, Mnih & Teh, [The Concrete distribution](https://arxiv.org/abs/1611.00712), ICLR 2017, appendix C.3.
 *
 * @example
 * ```ts
 * const g = logGumbelSoftmaxVjp([0.2, 1, -1], { tau: 0.5, seed: 1 });
 * const kl = concreteKlVjp(g.sample, [0.2, 1, -1], { tau: 0.5, priorTau: 1 });
 * const held = kl.vjp(1);
 * held.input; // Float32Array [-0.241, -0.264, 0.505]
 * g.vjp(held.sample).input; // Float32Array [0.216, 1.840, -2.056], to be added
 * ```
 */
export function concreteKlVjp(
  sample: Matrix,
  logits: Matrix,
  options: ConcreteKlVjpOptions = {},
): ConcreteKl {
  checkOptions(options, OPTIONS);
  const pair = readPair(sample, logits, options);
  const { rows } = pair.sample;
  const value = readOut("out", options.out, rows, []);
  checkApart("out", options.out, [
    ["sample", sample],
    ["logits", logits],
    ["prior", options.prior],
  ]);
  forward(gathered(pair), value);
  const { length } = pair.sample.data;
  const kept: Kept[] = [
    ["sample", pair.sample.data, length],
    ["logits", pair.logits, length],
    ["prior", pair.prior?.data, pair.prior?.data.length ?? 0],
  ];
  const lengths = {
    sample: length,
    input: length,
    tau: rows,
    prior: pair.prior?.data.length,
    priorTau: pair.priorTau === undefined ? undefined : rows,
  };
  const layouts = { sample: pair.sample, input: pair.sample, prior: pair.prior };
  const vjp = backwardOf<RowUpstream, ConcreteKlGradient>(
    kept,
    { lengths, layouts },
    (v) => readPerRow("v", v, rows),
    (upstream, rooms) => backward(gathered(pair), upstream, rooms),
  );
  return { value, vjp };
}

/** The arguments of a call, checked, as they were given. */
interface Pair {
  readonly sample: Rows;
  readonly logits: Float32Array;
  readonly tau: number | number[];
  readonly prior: Rows | undefined;
  readonly priorTau: number | number[] | undefined;
  readonly onInvalidRow: OnInvalidRow;
}

function readPair(sample: unknown, logits: unknown, options: ConcreteKlOptions): Pair {
  const points = readGiven("sample", sample, options.classes, options.shape, options.axis);
  const { prior, priorTau } = options;
  return {
    sample: points,
    logits: readGivenLike("logits", logits, points),
    tau: readTau(options.tau, points.rows),
    prior: prior === undefined ? undefined : readGivenLikeRow("prior", prior, points),
    priorTau: priorTau === undefined ? undefined : readTau(priorTau, points.rows, "priorTau"),
    onInvalidRow: readOnInvalidRow(options.onInvalidRow),
  };
}

/** The same row after row. */
function gathered(pair: Pair): Pair {
  const { sample, logits, prior } = pair;
  return {
    ...pair,
    sample: rowsOf(sample),
    logits: gather(logits, sample),
    prior: prior && rowsOf(prior),
  };
}

/** Whether the prior has one row for all. */
function isShared({ sample, prior }: Pair): boolean {
  return prior !== undefined && prior.rows < sample.rows;
}

/** Both laws at the sample of a row. */
class Densities {
  readonly law: ConcreteDensity;
  readonly prior: ConcreteDensity;
  readonly #pair: Pair;
  /** The prior that wasn't given. */
  readonly #equal: Float32Array;

  constructor(pair: Pair) {
    const { classes } = pair.sample;
    this.#pair = pair;
    this.law = new ConcreteDensity(classes);
    this.prior = new ConcreteDensity(classes);
    this.#equal = new Float32Array(pair.prior === undefined ? classes : 0);
  }

  /** Moves to a row. Returns whether it is valid. */
  set(row: number): boolean {
    const { sample, logits, tau, prior, priorTau = tau } = this.#pair;
    const { data, classes } = sample;
    const at = row * classes;
    if (!isSample(data, at, classes, "log")) return false;
    if (!this.law.set(data, at, logits, at, classes, tauOf(tau, row), "log")) return false;
    const priorAt = prior === undefined || isShared(this.#pair) ? 0 : at;
    const t = tauOf(priorTau, row);
    return this.prior.set(data, at, prior?.data ?? this.#equalRow(), priorAt, classes, t, "log");
  }

  #equalRow(): Float32Array {
    const equal = this.#equal;
    for (let i = 0; i < equal.length; i++) equal[i] = this.law.isPossible(i) ? 0 : -Infinity;
    return equal;
  }

  get value(): number {
    const { law, prior } = this;
    if (law.constant === -Infinity) return -Infinity;
    if (prior.constant === -Infinity) return Infinity;
    return limit(law.constant - prior.constant, law.slope - prior.slope);
  }

  /** Whether the gradients are those of the formula. */
  get isInside(): boolean {
    return this.law.isInside && this.prior.isInside;
  }
}

function forward(pair: Pair, out: Float32Array): void {
  const { sample, onInvalidRow } = pair;
  const densities = new Densities(pair);
  const completed = each(
    { rows: sample.rows, mark: onInvalidRow === "mark" },
    (row) => {
      const isValid = densities.set(row);
      if (isValid) out[row] = densities.value;
      return isValid;
    },
    (row) => {
      out[row] = Number.NaN;
    },
  );
  if (completed < sample.rows) explain(pair, completed);
}

/** Throws for the row that ended a call. */
function explain(pair: Pair, row: number): void {
  const { sample, logits, prior } = pair;
  checkSample(row, sample, "log");
  if (prior === undefined || Number.isNaN(inspect(logits, row * sample.classes, sample.classes))) {
    checkCompleted(row, "logits", { ...sample, data: logits });
  } else checkCompleted(isShared(pair) ? 0 : row, "prior", prior);
}

function backward(pair: Pair, upstream: Float32Array, out: ConcreteKlGradient): void {
  const { sample, prior } = pair;
  const { data, rows, classes } = sample;
  const densities = new Densities(pair);
  const total = isShared(pair) ? new Float64Array(classes) : undefined;
  for (let row = 0; row < rows; row++) {
    const at = row * classes;
    const isValid = densities.set(row);
    const v = canonical(upstream[row]);
    const { law, prior: other, isInside } = densities;
    const gradient = (x: number) => (isValid ? product(v, isInside ? x : 0) : Number.NaN);
    const byTau = law.byTau(data, at, classes);
    const byPriorTau = other.byTau(data, at, classes);
    out.tau[row] = gradient(out.priorTau === undefined ? byTau - byPriorTau : byTau);
    if (out.priorTau !== undefined) out.priorTau[row] = gradient(0 - byPriorTau);
    for (let i = 0; i < classes; i++) {
      const x = data[at + i];
      out.sample[at + i] = gradient(law.bySample(i, x) - other.bySample(i, x));
      out.input[at + i] = gradient(law.byLogit(i));
      if (prior === undefined) continue;
      const byPrior = gradient(0 - other.byLogit(i));
      if (total === undefined) (out.prior as Float32Array)[at + i] = byPrior;
      else if (isValid) total[i] += byPrior;
    }
  }
  if (total !== undefined) out.prior?.set(total);
}
