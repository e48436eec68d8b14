/**
 * KL divergence of two categorical laws, row by row, in float64, with its gradients.
 *
 * With d = log p − log q it is Σ q·(e^d − 1 − d) + Σ p over the classes where q is 0: since the laws sum to 1, that is
 * Σ q·(−d), and no term is negative.
 */

import { expF64, log1pF64, logF64 } from "../js/math.ts";
import { inspect, scratchOf } from "../js/row.ts";

/** Below it e^d − 1 − d is taken from its series; above, the difference loses six bits at most. */
const SMALL = 0.125;

/** e^d − 1 − d for |d| ≤ 1/8 by Taylor's series, whose first omitted term is below 2^-63 of it. */
function expTail(d: number): number {
  let sum = 1 / 239500800;
  sum = sum * d + 1 / 19958400;
  sum = sum * d + 1 / 1814400;
  sum = sum * d + 1 / 181440;
  sum = sum * d + 1 / 20160;
  sum = sum * d + 1 / 2520;
  sum = sum * d + 1 / 360;
  sum = sum * d + 1 / 60;
  sum = sum * d + 1 / 12;
  sum = sum * d + 1 / 3;
  return 0.5 * d * d * (sum * d + 1);
}

/** A law by its probabilities, and by their logarithms. */
class Law {
  readonly p: Float64Array;
  readonly log: Float64Array;

  constructor(classes: number) {
    this.p = scratchOf(Float64Array, classes);
    this.log = scratchOf(Float64Array, classes);
  }

  /** The law of a row of logits whose largest is `max`; beside a certain class the others are impossible. */
  set(logits: Float32Array, at: number, classes: number, max: number): void {
    const { p, log } = this;
    // Σ e^(l − max) less the 1 of the first largest: of a peaked law, log Σ is nothing but this.
    let others = 0;
    let isFirst = true;
    for (let i = 0; i < classes; i++) {
      const l = logits[at + i];
      log[i] = l === max ? 0 : l - max;
      p[i] = expF64(log[i]);
      if (isFirst && l === max) isFirst = false;
      else others += p[i];
    }
    const logSum = log1pF64(others);
    for (let i = 0; i < classes; i++) {
      p[i] /= 1 + others;
      log[i] -= logSum;
    }
  }

  setUniform(classes: number): void {
    this.p.fill(1 / classes, 0, classes);
    this.log.fill(-logF64(classes), 0, classes);
  }
}

/** The divergence of the rows that `set` was called with. */
export class Divergence {
  value = 0;
  readonly #law: Law;
  readonly #prior: Law;

  constructor(classes: number) {
    this.#law = new Law(classes);
    this.#prior = new Law(classes);
  }

  /** Works out a row of logits and one of a prior, the uniform law where there is none. Returns whether both are laws. */
  set(
    logits: Float32Array,
    at: number,
    prior: Float32Array | undefined,
    priorAt: number,
    classes: number,
  ): boolean {
    const max = inspect(logits, at, classes);
    const priorMax = prior === undefined ? 0 : inspect(prior, priorAt, classes);
    if (Number.isNaN(max) || Number.isNaN(priorMax)) return false;
    this.#law.set(logits, at, classes, max);
    if (prior === undefined) this.#prior.setUniform(classes);
    else this.#prior.set(prior, priorAt, classes, priorMax);
    this.value = this.#sum(classes);
    return true;
  }

  #sum(classes: number): number {
    const { p: qs, log: logQ } = this.#law;
    const { p: ps, log: logP } = this.#prior;
    let sum = 0;
    for (let i = 0; i < classes; i++) {
      const p = ps[i];
      const q = qs[i];
      if (logQ[i] === -Infinity) {
        sum += p;
        continue;
      }
      const d = logP[i] - logQ[i];
      if (d === -Infinity) return Infinity;
      sum += d >= -SMALL && d <= SMALL ? q * expTail(d) : p - q - q * d;
    }
    return sum;
  }

  /** d/dl of a class. */
  byLogit(i: number): number {
    const logQ = this.#law.log[i];
    if (logQ === -Infinity || this.value === Infinity) return 0;
    return this.#law.p[i] * (logQ - this.#prior.log[i] - this.value);
  }

  /** d/dl of the prior's logit of a class. */
  byPrior(i: number): number {
    if (this.#prior.log[i] === -Infinity || this.value === Infinity) return 0;
    return this.#prior.p[i] - this.#law.p[i];
  }
}
