/** The Gumbel variables of one row in float64: where they are located, and how they are truncated. */

import type { Rows } from "../arrays.ts";
import { expF64, log1pF64, logF64 } from "../js/math.ts";
import { sigmoidF64 } from "./logistic.ts";

/** The locations of the row at hand. */
export class Locations {
  readonly values: Float64Array;
  /** The largest; +∞ where one class is certain. */
  max = Number.NaN;
  /** Where the row begins. */
  at = 0;
  /** Whether the row is a law. */
  isLaw = false;
  readonly #input: Rows;
  readonly #weights: boolean;

  constructor(input: Rows, weights: boolean) {
    this.values = new Float64Array(input.classes);
    this.#input = input;
    this.#weights = weights;
  }

  /** Moves on to a row, and returns whether it is a law. */
  seek(row: number): boolean {
    const { data, classes } = this.#input;
    const { values } = this;
    this.at = row * classes;
    let max = Number.NEGATIVE_INFINITY;
    let certain = 0;
    this.isLaw = false;
    for (let i = 0; i < classes; i++) {
      const x = data[this.at + i];
      const l = this.#weights ? logOfWeight(x) : x;
      if (Number.isNaN(l)) return false;
      if (l === Number.POSITIVE_INFINITY) certain++;
      if (max < l) max = l;
      values[i] = l;
    }
    this.max = max;
    this.isLaw = max > Number.NEGATIVE_INFINITY && certain < 2;
    return this.isLaw;
  }

  /** log Σ e^l; +∞ where one class is certain. */
  logSum(): number {
    const { values, max } = this;
    if (max === Number.POSITIVE_INFINITY) return max;
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += expF64(values[i] - max);
    return max + logF64(sum);
  }

  /** Whether the law ever draws a class. */
  isPossible(column: number): boolean {
    const l = this.values[column];
    return this.max === Number.POSITIVE_INFINITY ? l === this.max : l > Number.NEGATIVE_INFINITY;
  }

  /** From a derivative by a location to that by what was given. */
  derivative(byLocation: number, column: number): number {
    if (!this.#weights) return byLocation;
    const weight = this.#input.data[this.at + column];
    return weight === 0 ? 0 : byLocation / weight;
  }
}

/** NaN for what is no weight. Subnormal float32 numbers are normal ones here. */
function logOfWeight(w: number): number {
  if (w === 0) return Number.NEGATIVE_INFINITY;
  return w > 0 && w < Number.POSITIVE_INFINITY ? logF64(w) : Number.NaN;
}

/**
 * −log(e^−g + e^−bound): the Gumbel variable `g` truncated at `bound` (Maddison, Tarlow & Minka 2014, §3). Never above
 * either: a logarithm of 1 and more is taken from the lower one.
 */
export function truncate(g: number, bound: number): number {
  if (!Number.isFinite(g)) return g < bound ? g : bound;
  return g < bound ? g - log1pF64(expF64(g - bound)) : bound - log1pF64(expF64(bound - g));
}

/**
 * Its derivative by g, which is σ(bound − g); with the arguments exchanged, that by the bound. 0 by an infinite one, which
 * can't be moved.
 */
export function truncateSlope(g: number, bound: number): number {
  return Number.isFinite(g) ? sigmoidF64(bound - g) : 0;
}
