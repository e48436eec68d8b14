/** Statistics for tests with a fixed seed: each fails for good or never. */

/**
 * Quantiles of the chi-square distribution at 0.9999, by degrees of freedom: a right law passes each of them with one
 * false alarm in 10,000 seeds.
 */
const CHI_SQUARE_9999: Record<number, number> = {
  1: 15.137,
  2: 18.421,
  3: 21.108,
  8: 31.828,
  9: 33.72,
  23: 57.075,
  49: 94.597,
  63: 113.505,
};

/** Pearson's statistic over its critical value at 0.9999: above 1 the counts contradict the law. */
export function chiSquareRatio(counts: ArrayLike<number>, law: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i];
  let statistic = 0;
  for (let i = 0; i < law.length; i++) {
    const expected = total * law[i];
    if (expected < 5) throw new Error(`cell ${i} expects ${expected}: too few`);
    statistic += (counts[i] - expected) ** 2 / expected;
  }
  const critical = CHI_SQUARE_9999[law.length - 1];
  if (critical === undefined) throw new Error(`no quantile for ${law.length - 1} degrees`);
  return statistic / critical;
}

/** How often each of `cells` values comes. */
export function countsOf(values: ArrayLike<number>, cells: number): Float64Array {
  const counts = new Float64Array(cells);
  for (let i = 0; i < values.length; i++) counts[values[i]]++;
  return counts;
}

/** The same of pairs (a[i], b[i]): Pearson's test of the product law is one of independence and law at once. */
export function pairRatio(a: ArrayLike<number>, b: ArrayLike<number>, law: number[]): number {
  const pairs = Float64Array.from(a, (a, i) => a * law.length + b[i]);
  return chiSquareRatio(
    countsOf(pairs, law.length ** 2),
    law.flatMap((p) => law.map((q) => p * q)),
  );
}

/** The law that weights stand for. */
export function normalised(weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((w) => w / sum);
}

/** Kolmogorov's limit of sqrt(n)·D at 0.9999. */
const KOLMOGOROV_9999 = 2.2253;

/** The Kolmogorov–Smirnov statistic of values that should be uniform in [0, 1], over its critical value at 0.9999. */
export function ksRatio(values: Float64Array): number {
  const n = values.length;
  let most = 0;
  values
    .slice()
    .sort()
    .forEach((u, i) => {
      most = Math.max(most, u - i / n, (i + 1) / n - u);
    });
  return (Math.sqrt(n) * most) / KOLMOGOROV_9999;
}
