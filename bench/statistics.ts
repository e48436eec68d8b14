export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Median absolute deviation, as a part of the median. */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle))) / middle;
}

/** Of each pair's quotient: both come from one round, since the machine may be slower in another. */
export function ratio(a: readonly number[], b: readonly number[]): number {
  return median(a.map((value, i) => value / b[i]));
}

/** Neighbouring classes are counted together until this many are expected: below, chi-square isn't. */
const LEAST_EXPECTED = 8;

/**
 * How far counts are off a law: chi-square as a standard normal deviate (Wilson and Hilferty, "The distribution of
 * chi-square", 1931).
 */
export function deviations(counts: readonly number[], law: ArrayLike<number>): number {
  const drawn = counts.reduce((a, b) => a + b, 0);
  let chiSquare = 0;
  let groups = 0;
  let count = 0;
  let expected = 0;
  let left = drawn;
  for (let i = 0; i < counts.length; i++) {
    count += counts[i];
    expected += drawn * law[i];
    left -= drawn * law[i];
    if (expected < LEAST_EXPECTED || (left < LEAST_EXPECTED && i < counts.length - 1)) continue;
    chiSquare += (count - expected) ** 2 / expected;
    groups++;
    count = 0;
    expected = 0;
  }
  const variance = 2 / (9 * (groups - 1));
  return (Math.cbrt(chiSquare / (groups - 1)) - (1 - variance)) / Math.sqrt(variance);
}
