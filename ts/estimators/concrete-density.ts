/**
 * Density of a Concrete law at a sample, row by row, in float64: Maddison, Mnih & Teh 2017, eq. 10, and in log space
 * appendix C.3.
 *
 * With a = l − τ·z, z the logarithms of the sample, K the count of possible classes and p = softmax(a) it is
 * log Γ(K) + (K − 1)·log τ + Σ a − K·logsumexp(a), on the simplex less Σ z. Its gradients are 1 − K·p by l,
 * −τ·(1 − K·p) by z, and (K − 1)/τ − Σ z·(1 − K·p) by τ.
 */

import { expF64, logF64 } from "../js/math.ts";
import { inspect, scratchOf } from "../js/row.ts";
import type { ConcreteSpace } from "./concrete-sample.ts";
import { logGamma } from "./log-gamma.ts";

/** The kernels that draw take τ beyond these as these, too. */
const LEAST_TAU = 2 ** -126;
const MOST_TAU = 2 ** 126;

/** log x in nats: −∞ for 0. */
function logOf(x: number): number {
  return x === 0 ? -Infinity : logF64(x);
}

/** The density at the row that `set` was called with, and its gradients. */
export class ConcreteDensity {
  /** The log density is `constant + slope·t` as the entries on the edge (−∞, or 0) go there as −t, or e^-t, do. */
  constant = 0;
  slope = 0;
  /** exp(a − max a); NaN where the class is impossible. */
  readonly #terms: Float64Array;
  /** The sum of the terms, and K over it. */
  #total = 0;
  #perTerm = 0;
  #possible = 0;
  /** How many possible classes are on the edge. */
  #edges = 0;
  /** Σ z of those that aren't. */
  #logs = 0;
  /** max a, of the edge alone where there is one. */
  #most = 0;
  #tau = 1;
  #space: ConcreteSpace = "log";
  /** Whether every possible class is off the edge, and every impossible one on it. */
  isInside = true;

  constructor(classes: number) {
    this.#terms = scratchOf(Float64Array, classes);
  }

  /** Works out a row of a sample, which is one, under a row of logits. Returns whether these are a law. */
  set(
    sample: Float32Array,
    at: number,
    logits: Float32Array,
    logitsAt: number,
    classes: number,
    tau: number,
    space: ConcreteSpace,
  ): boolean {
    const max = inspect(logits, logitsAt, classes);
    if (Number.isNaN(max)) return false;
    this.#tau = tau < LEAST_TAU ? LEAST_TAU : tau > MOST_TAU ? MOST_TAU : tau;
    this.#space = space;
    const isOutside = this.#read(sample, at, logits, logitsAt, classes, max);
    this.isInside = this.#edges === 0 && !isOutside;
    if (isOutside) {
      this.constant = -Infinity;
      this.slope = 0;
    } else this.#add(sample, at, classes);
    return true;
  }

  /**
   * Makes the terms a of a row whose largest logit is `max`: l alone on the edge. Returns whether the sample is where
   * the law has no mass.
   */
  #read(
    sample: Float32Array,
    at: number,
    logits: Float32Array,
    logitsAt: number,
    classes: number,
    max: number,
  ): boolean {
    const terms = this.#terms;
    const isLog = this.#space === "log";
    // Beside a certain class the others are impossible.
    const least = max === Infinity ? max : -Infinity;
    let possible = 0;
    let edges = 0;
    let logs = 0;
    let most = -Infinity;
    let mostOfEdge = -Infinity;
    let isOutside = false;
    for (let i = 0; i < classes; i++) {
      const l = logits[logitsAt + i];
      const z = isLog ? sample[at + i] : logOf(sample[at + i]);
      if (l === -Infinity || l < least) {
        terms[i] = Number.NaN;
        if (z > -Infinity) isOutside = true;
        continue;
      }
      possible++;
      const location = l === Infinity ? 0 : l;
      if (z === -Infinity) {
        edges++;
        terms[i] = location;
        if (location > mostOfEdge) mostOfEdge = location;
      } else {
        logs += z;
        terms[i] = location - this.#tau * z;
        if (terms[i] > most) most = terms[i];
      }
    }
    this.#possible = possible;
    this.#edges = edges;
    this.#logs = logs;
    // What is on the edge is infinitely more than the rest.
    this.#most = edges > 0 ? mostOfEdge : most;
    return isOutside;
  }

  /** Adds up the density of what was read. */
  #add(sample: Float32Array, at: number, classes: number): void {
    const [K, edges, tau] = [this.#possible, this.#edges, this.#tau];
    const sum = this.#sum(sample, at, classes);
    this.#perTerm = K / this.#total;
    this.constant = logGamma(K) + (K - 1) * logF64(tau) + sum - K * logF64(this.#total);
    this.slope = edges === 0 ? 0 : -tau * (K - edges);
    if (this.#space === "log") return;
    this.constant -= this.#logs;
    this.slope += edges;
  }

  /** Turns the a into exp(a − max), which it adds up, of the edge alone or of all; returns Σ (a − max). */
  #sum(sample: Float32Array, at: number, classes: number): number {
    const terms = this.#terms;
    const ofEdge = this.#edges > 0;
    const max = this.#most;
    const edge = this.#space === "log" ? -Infinity : 0;
    let sum = 0;
    let total = 0;
    for (let i = 0; i < classes; i++) {
      const relative = terms[i] - max;
      if (Number.isNaN(relative)) continue;
      sum += relative;
      if (ofEdge && sample[at + i] !== edge) continue;
      terms[i] = expF64(relative);
      total += terms[i];
    }
    this.#total = total;
    return sum;
  }

  /** The log density; on the edge what it tends to. */
  get value(): number {
    return limit(this.constant, this.slope);
  }

  isPossible(i: number): boolean {
    return !Number.isNaN(this.#terms[i]);
  }

  /** d/dl of a class: 0 where it is impossible, and for a sample that isn't inside. */
  byLogit(i: number): number {
    if (!this.isInside || !this.isPossible(i)) return 0;
    return 1 - this.#perTerm * this.#terms[i];
  }

  /** d/dx of a class with the sample x. */
  bySample(i: number, x: number): number {
    const byLog = -this.#tau * this.byLogit(i);
    if (this.#space === "log") return byLog;
    return this.isInside && this.isPossible(i) ? (byLog - 1) / x : 0;
  }

  /** d/dτ, of the row that was set. */
  byTau(sample: Float32Array, at: number, classes: number): number {
    if (!this.isInside) return 0;
    let sum = (this.#possible - 1) / this.#tau;
    for (let i = 0; i < classes; i++) {
      if (!this.isPossible(i)) continue;
      const x = sample[at + i];
      sum -= (this.#space === "log" ? x : logOf(x)) * this.byLogit(i);
    }
    return sum;
  }
}

/** `constant + slope·t` for t → ∞. */
export function limit(constant: number, slope: number): number {
  return slope === 0 ? constant : slope * Infinity;
}
