/**
 * Density of one relaxed Bernoulli variable, in float64: Maddison, Mnih & Teh 2017, appendix B.
 *
 * With t the logit of the sample and a = l − τ·t it is log τ + a − 2·log(1 + e^a), that of a logistic variable; by the
 * sample y = σ(t) itself, less log y + log(1 − y).
 */

import { expF64, expm1F64, log1pF64, logF64 } from "../js/math.ts";
import type { BinarySpace } from "./binary-concrete.ts";
import { sigmoidF64 } from "./logistic.ts";

/** The kernels that draw take τ beyond these as these, too. */
const LEAST_TAU = 2 ** -126;
const MOST_TAU = 2 ** 126;

/** The density at the sample that `set` was called with, and its gradients. */
export class BinaryDensity {
  #tau = 1;
  #logTau = 0;
  #space: BinarySpace = "unit";
  /** The sample, its logit, and that of the law. */
  #x = 0;
  #t = 0;
  #l = 0;
  #a = 0;

  /** Prepares for a row. */
  setTau(tau: number, space: BinarySpace): void {
    this.#tau = tau < LEAST_TAU ? LEAST_TAU : tau > MOST_TAU ? MOST_TAU : tau;
    this.#logTau = logF64(this.#tau);
    this.#space = space;
  }

  /** Moves on to a sample `x`, which is one, under the logit `l`. */
  set(x: number, l: number): void {
    this.#x = x;
    this.#t = this.#space === "logit" ? x : logitF64(x);
    this.#l = l;
    this.#a = l - this.#tau * this.#t;
  }

  /** The log density; at the edge what it tends to, and of a certain outcome 0 there and −∞ elsewhere. */
  get value(): number {
    if (!Number.isFinite(this.#l)) return this.#t === this.#l ? 0 : Number.NEGATIVE_INFINITY;
    const [x, tau] = [this.#x, this.#tau];
    if (this.#space === "unit" && this.#isEdge) {
      if (tau === 1) return x === 0 ? -this.#l : this.#l;
      return tau < 1 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    }
    const size = Math.abs(this.#a);
    const ofLogit = this.#logTau - size - 2 * log1pF64(expF64(-size));
    return this.#space === "logit" ? ofLogit : ofLogit - logF64(x) - log1pF64(-x);
  }

  /** d/dl: 1 − 2σ(a), which is −tanh(a/2); 0 where the outcome is certain. */
  get byLogit(): number {
    if (!Number.isFinite(this.#l)) return 0;
    const size = Math.abs(this.#a);
    const tanh = -expm1F64(-size) / (1 + expF64(-size));
    return this.#a < 0 ? tanh : -tanh;
  }

  /** d/dx: −τ·(1 − 2σ(a)) by a logit; by y that over y·(1 − y), and (2y − 1)/(y·(1 − y)). */
  get bySample(): number {
    if (!Number.isFinite(this.#l)) return 0;
    const [tau, a] = [this.#tau, this.#a];
    if (this.#space === "logit") return -tau * this.byLogit;
    const y = this.#x;
    // By whichever end is near, so that nothing cancels there but what does at τ = 1, which has a limit.
    if (y < 0.5) {
      if (y === 0 && tau === 1) return 2 - 2 * oddsOf(-this.#l);
      return (tau - 1 + 2 * (y - tau * sigmoidF64(-a))) / (y * (1 - y));
    }
    if (y === 1 && tau === 1) return 2 * oddsOf(this.#l) - 2;
    return (1 - tau - 2 * (1 - y - tau * sigmoidF64(a))) / (y * (1 - y));
  }

  /** d/dτ: 1/τ − t·(1 − 2σ(a)). */
  get byTau(): number {
    if (!Number.isFinite(this.#l)) return 0;
    // At t = 0 the other factor may be anything.
    return this.#t === 0 ? 1 / this.#tau : 1 / this.#tau - this.#t * this.byLogit;
  }

  get #isEdge(): boolean {
    return this.#x === 0 || this.#x === 1;
  }
}

/** log y − log(1 − y); 1 − y is exact where it matters, y being a float32. */
function logitF64(y: number): number {
  if (y === 0) return Number.NEGATIVE_INFINITY;
  return y === 1 ? Number.POSITIVE_INFINITY : logF64(y) - log1pF64(-y);
}

/** e^l, +∞ beyond float64. */
function oddsOf(l: number): number {
  return l > 700 ? Number.POSITIVE_INFINITY : expF64(l);
}
