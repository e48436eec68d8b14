/**
 * What tells a soft sample's τ: how far its largest entry is ahead of the next. The winner alone is the same at any τ.
 *
 * With Gumbel noise, e^−score is the time at which a class arrives, exponential with its weight as the rate. The first
 * one's, T₁, has rate 1 for a law p, and says nothing of who it is; from there to the second's, T₂, passes a time of rate
 * 1 − p_first. The gap of scores is d = log(T₂/T₁) = τ·log(y_first/y_second), so e^d − 1 = (T₂ − T₁)/T₁, and that times
 * 1 − p_first is the quotient of two exponentials of rate 1, r, for which r/(1 + r) is uniform.
 */

/** The rank of a gap in its law: uniform in [0, 1], and 1 where the second entry is 0. */
export function gapRank(first: number, second: number, tau: number, pFirst: number): number {
  const gap = tau * Math.log(first / second);
  return 1 / (1 + 1 / ((1 - pFirst) * Math.expm1(gap)));
}
