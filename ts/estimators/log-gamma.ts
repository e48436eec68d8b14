/** The logarithm of a factorial, which the density of a Concrete law begins with. */

import { logF64 } from "../js/math.ts";

/** (k − 1)! is exact in float64 up to here. */
const LARGEST_EXACT = 19;
const HALF_LOG_TWO_PI = 0.9189385332046727;

/**
 * log Γ(k) = log (k − 1)! for an integer k ≥ 1, within 2^-50 of itself.
 *
 * Beyond the exact factorials by Stirling's series (NIST DLMF, 5.11.1), whose first omitted term, 1/(1188·k^9), is
 * below 2·10^-15 there.
 */
export function logGamma(k: number): number {
  if (k <= LARGEST_EXACT) {
    let factorial = 1;
    for (let i = 2; i < k; i++) factorial *= i;
    return logF64(factorial);
  }
  const r = 1 / (k * k);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r / 1680))) / k;
  return (k - 0.5) * logF64(k) - k + HALF_LOG_TWO_PI + series;
}
