/**
 * KL divergence of two categorical laws, row by row, in float64, with its gradients.
 *
 * With d = log p − log q it is Σ q·(e^d − 1 − d) + Σ p over the classes where q is 0: since the laws sum to 1, that is
 * Σ q·(−d), and no term is negative.
 */

import { expF64, logF64 } from "../js/math.ts";
import { inspect, scratchOf } from "../js/row.ts";

/** Below it e^d − 1 − d is taken from its series. */
const SMALL = 0.5;

/** e^d − 1 − d for |d| ≤ ½ by Taylor's series, whose first omitted term is below 2^-57 of it. */
function expTail(d: number): number {
  let sum = 1;
  for (let n = 16; n > 2; n--) sum = 1 + (sum * d) / n;
  return 0.5 * d * d * sum;
}

/**
 * Writes the log-probabilities of a row of logits whose largest is `max`; beside a certain class the others are
 * impossible.
 */
function normalise(
  logits: Float32Array,
  at: number,
  classes: number,
  max: number,
  out: Float64Array,
): void {
  let sum = 0;
  for (let i = 0; i < classes; i++) {
    const l = logits[at + i];
    const relative = l === max ? 0 : l - max;
    out[i] = relative;
    sum += expF64(relative);
  }
  const logSum = logF64(sum);
  for (let i = 0; i < classes; i++) out[i] -= logSum;
}

/** The divergence of the rows that `set` was called with. */
export class Divergence {
  value = 0;
  readonly #logQ: Float64Array;
  readonly #logP: Float64Array;
  #classes = 0;

  constructor(classes: number) {
    this.#logQ = scratchOf(Float64Array, classes);
    this.#logP = scratchOf(Float64Array, classes);
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
    this.#classes = classes;
    normalise(logits, at, classes, max, this.#logQ);
    if (prior === undefined) this.#logP.fill(-logF64(classes), 0, classes);
    else normalise(prior, priorAt, classes, priorMax, this.#logP);
    this.value = this.#sum();
    return true;
  }

  #sum(): number {
    const [logQ, logP] = [this.#logQ, this.#logP];
    let sum = 0;
    for (let i = 0; i < this.#classes; i++) {
      const p = expF64(logP[i]);
      if (logQ[i] === -Infinity) {
        sum += p;
        continue;
      }
      const d = logP[i] - logQ[i];
      if (d === -Infinity) return Infinity;
      const q = expF64(logQ[i]);
      sum += d >= -SMALL && d <= SMALL ? q * expTail(d) : p - q - q * d;
    }
    return sum;
  }

  /** d/dl of a class. */
  byLogit(i: number): number {
    const logQ = this.#logQ[i];
    if (logQ === -Infinity || this.value === Infinity) return 0;
    return expF64(logQ) * (logQ - this.#logP[i] - this.value);
  }

  /** d/dl of the prior's logit of a class. */
  byPrior(i: number): number {
    const logP = this.#logP[i];
    if (logP === -Infinity || this.value === Infinity) return 0;
    return expF64(logP) - expF64(this.#logQ[i]);
  }
}
