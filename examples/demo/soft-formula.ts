/** The soft sample as the papers write it, in float64 and from given noise: what gradients are checked against. */

/** softmax((logits + noise) / tau). */
export function softFormula(
  logits: ArrayLike<number>,
  noise: ArrayLike<number>,
  tau: number,
): number[] {
  const scores = Array.from(logits, (logit, i) => (logit + noise[i]) / tau);
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** The inner product of two vectors. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
}

/** The gradient of `f` at `x` by differences over five points, whose error shrinks with step⁴. */
export function numericGradient(
  f: (x: number[]) => number,
  x: ArrayLike<number>,
  step = 1e-3,
): number[] {
  const at = Array.from(x);
  return at.map((_, i) => {
    const moved = (steps: number) =>
      f(at.map((value, j) => (j === i ? value + steps * step : value)));
    return (8 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) / (12 * step);
  });
}
