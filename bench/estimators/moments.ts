/** Means and covariances of many gradients, and what can be said of them. */

import { CLASSES, SIZE, VARIABLES } from "./problem.ts";

/** A row of a gradient sums to 0, so its last number says nothing new. */
const FREE = Array.from({ length: SIZE }, (_, i) => i).filter((i) => i % CLASSES < CLASSES - 1);

/** A chi-square variable of 9 degrees of freedom is above this once in 10,000 times. */
export const CRITICAL = 33.72;
export const DEGREES = VARIABLES * (CLASSES - 1);

/** Sums over gradients, relative to a point near their mean, so that little cancels. */
export class Moments {
  count = 0;
  readonly #origin: readonly number[];
  readonly #sums = new Float64Array(SIZE);
  readonly #products = new Float64Array(SIZE * SIZE);
  readonly #at = new Float64Array(SIZE);

  constructor(origin: readonly number[]) {
    this.#origin = origin;
  }

  /** Adds the gradients of `gradients`, {@link SIZE} numbers each. */
  add(gradients: Float32Array): void {
    const at = this.#at;
    for (let start = 0; start < gradients.length; start += SIZE) {
      for (let i = 0; i < SIZE; i++) at[i] = gradients[start + i] - this.#origin[i];
      for (let i = 0; i < SIZE; i++) {
        this.#sums[i] += at[i];
        for (let j = 0; j <= i; j++) this.#products[i * SIZE + j] += at[i] * at[j];
      }
    }
    this.count += gradients.length / SIZE;
  }

  get mean(): number[] {
    return this.#origin.map((origin, i) => origin + this.#sums[i] / this.count);
  }

  /** Of one gradient. */
  covariance(i: number, j: number): number {
    const [high, low] = i < j ? [j, i] : [i, j];
    const product = this.#sums[i] * (this.#sums[j] / this.count);
    return (this.#products[high * SIZE + low] - product) / (this.count - 1);
  }

  /** The expected squared distance of one gradient from the mean. */
  get variance(): number {
    return sum(this.mean.map((_, i) => this.covariance(i, i)));
  }
}

/** How far a mean is from where it should be. */
export interface Distance {
  /** Its length, without what chance adds to it on average. */
  readonly length: number;
  /** Half of a 95 % confidence interval of the length, where that isn't near 0; else what chance alone may show. */
  readonly margin: number;
}

/** Of a mean to a point, or to another mean of independent gradients; with its covariance. */
interface Difference {
  readonly of: readonly number[];
  covariance(i: number, j: number): number;
}

function difference(a: Moments, b: Moments | readonly number[]): Difference {
  const mean = b instanceof Moments ? b.mean : b;
  return {
    of: a.mean.map((value, i) => value - mean[i]),
    covariance: (i, j) =>
      a.covariance(i, j) / a.count + (b instanceof Moments ? b.covariance(i, j) / b.count : 0),
  };
}

export function distance(moments: Moments, point: readonly number[]): Distance {
  const { of, covariance } = difference(moments, point);
  const chance = sum(of.map((_, i) => covariance(i, i)));
  const square = Math.max(0, sum(of.map((x) => x * x)) - chance);
  const length = Math.sqrt(square);
  // The variance of the length to first order; near 0 there is no such order.
  const along = sum(of.flatMap((x, i) => of.map((y, j) => x * y * covariance(i, j))));
  const margin = 1.96 * (square > chance ? Math.sqrt(along) / length : Math.sqrt(chance));
  return { length, margin };
}

/**
 * Hotelling's T² of a mean and a point, or of two means: chi-square of {@link DEGREES} degrees of freedom if they are
 * the same. Gradients that lie in fewer dimensions have none.
 */
export function hotelling(a: Moments, b: Moments | readonly number[]): number {
  const { of, covariance } = difference(a, b);
  const free = FREE.map((i) => of[i]);
  const matrix = FREE.map((i) => FREE.map((j) => covariance(i, j)));
  const solved = solve(matrix, free);
  return sum(free.map((x, i) => x * solved[i]));
}

/** x of A·x = b for a positive definite A, by Gaussian elimination. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  for (const [i, pivot] of rows.entries()) {
    for (const below of rows.slice(i + 1)) {
      const factor = below[i] / pivot[i];
      for (let j = i; j < below.length; j++) below[j] -= factor * pivot[j];
    }
  }
  const x = new Array<number>(rows.length).fill(0);
  for (let i = rows.length - 1; i >= 0; i--) {
    const known = sum(x.map((value, j) => (j > i ? value * rows[i][j] : 0)));
    x[i] = (rows[i][rows.length] - known) / rows[i][i];
  }
  return x;
}

export function norm(x: readonly number[]): number {
  return Math.sqrt(sum(x.map((value) => value * value)));
}

function sum(x: readonly number[]): number {
  return x.reduce((a, b) => a + b, 0);
}
