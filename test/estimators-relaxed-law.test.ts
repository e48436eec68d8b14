/**
 * That samples and densities are of one law, and what VAEs estimate is the divergence: means over drawn samples against
 * numbers that are exact or come of quadrature, each with its critical value. Seeds are fixed: a test fails for good or
 * never. The critical value 4.4 of a standard normal has a false alarm in 92,000 seeds.
 */

import { concreteKl, concreteLogProb, logGumbelSoftmax } from "gumbel/estimators";
import { describe, expect, test } from "vitest";

const CRITICAL = 4.4;
const ROWS = 200_000;

const repeated = (row: readonly number[]) =>
  Float32Array.from({ length: ROWS * row.length }, (_, i) => row[i % row.length] as number);

/** How many standard errors the mean of the values lies from what is expected. */
function deviation(values: ArrayLike<number>, expected: number): number {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += values[i];
    squares += values[i] ** 2;
  }
  const mean = sum / values.length;
  const variance = squares / values.length - mean ** 2;
  return (mean - expected) / Math.sqrt(variance / values.length);
}

const LAWS = [
  // The prior has the heavier tails, so that the ratio's variance is finite: p²/q falls off.
  { logits: [0.5, -0.3], tau: 1, prior: [0, 0], priorTau: 1.3 },
  { logits: [0.2, 1, -1], tau: 0.7, prior: [0.5, 0.4, -0.6], priorTau: 0.8 },
  { logits: [0, 0.5, -0.5, 1, 0.2], tau: 2, prior: [0, 0, 0, 0, 0], priorTau: 2.2 },
];

describe.each(LAWS)("$logits at τ = $tau, and $prior at $priorTau", (law) => {
  const { logits, tau, prior, priorTau } = law;
  const classes = logits.length;
  const l = repeated(logits);
  const z = logGumbelSoftmax(l, { classes, tau, seed: 11 });

  test("E_q[p(z)/q(z)] = 1, in both spaces: n = 200,000, one standard normal", () => {
    const q = concreteLogProb(z, l, { classes, tau });
    const p = concreteLogProb(z, repeated(prior), { classes, tau: priorTau });
    const ratios = p.map((p, i) => Math.exp(p - q[i]));
    expect(Math.abs(deviation(ratios, 1))).toBeLessThan(CRITICAL);
    // It is a test: it knows the density that is off by 5 %, and the one of a law with another τ.
    expect(Math.abs(deviation(ratios, 1.05))).toBeGreaterThan(CRITICAL);
    const wrong = concreteLogProb(z, l, { classes, tau: 0.8 * tau });
    const off = p.map((p, i) => Math.exp(p - wrong[i]));
    expect(Math.abs(deviation(off, 1))).toBeGreaterThan(CRITICAL);

    const x = z.map((z) => Math.exp(z));
    const space = "simplex";
    const onSimplex = concreteLogProb(x, repeated(prior), { classes, tau: priorTau, space }).map(
      (p, i) => Math.exp(p - concreteOf[i]),
    );
    expect(Math.abs(deviation(onSimplex, 1))).toBeLessThan(CRITICAL);
  });

  const x = z.map((z) => Math.exp(z));
  const concreteOf = concreteLogProb(x, l, { classes, tau, space: "simplex" });

  test("concreteKl is their difference, and its mean isn't negative", () => {
    const values = concreteKl(z, l, { classes, tau, prior, priorTau });
    expect(deviation(values, 0)).toBeGreaterThan(-CRITICAL);
  });
});

/**
 * Two classes: all of a log-sample is in u = z_0 − z_1, and τ·u = l_0 − l_1 + L with L logistic, the difference of two
 * Gumbel variables. Densities in log space are by such differences.
 */
function logDensityOfTwo(u: number, [l0, l1]: readonly number[], tau: number): number {
  const x = tau * u - ((l0 as number) - (l1 as number));
  return Math.log(tau) - Math.abs(x) - 2 * Math.log1p(Math.exp(-Math.abs(x)));
}

describe.each([
  { logits: [0.5, -0.3], tau: 1, prior: [0, 0], priorTau: 1 },
  { logits: [2, 0], tau: 0.4, prior: [0, 0.5], priorTau: 0.9 },
  { logits: [-1, 1], tau: 1.5, prior: [3, 0], priorTau: 0.5 },
])(
  "two classes: $logits at τ = $tau, and $prior at $priorTau",
  ({ logits, tau, prior, priorTau }) => {
    test("the density is that of a logistic difference", () => {
      for (let u = -30; u <= 30; u += 0.37) {
        const most = Math.max(u, 0);
        const sum = most + Math.log(Math.exp(u - most) + Math.exp(-most));
        const [z0, z1] = [u - sum, -sum];
        const got = concreteLogProb([z0, z1], logits, { tau })[0];
        expect(Math.abs(got - logDensityOfTwo(u, logits, tau))).toBeLessThan(
          1e-5 * (1 + Math.abs(got)),
        );
      }
    });

    test("the mean of concreteKl is the divergence by quadrature: n = 200,000, one standard normal", () => {
      // Trapezia over u: beyond ±200 nothing is left, and the sum of a smooth function that falls off is exact.
      let [mass, divergence] = [0, 0];
      const step = 2 ** -6;
      for (let u = -200; u <= 200; u += step) {
        const q = logDensityOfTwo(u, logits, tau);
        mass += Math.exp(q) * step;
        divergence += Math.exp(q) * (q - logDensityOfTwo(u, prior, priorTau)) * step;
      }
      expect(Math.abs(mass - 1)).toBeLessThan(1e-12);
      expect(divergence).toBeGreaterThan(0.05);
      const l = repeated(logits);
      const z = logGumbelSoftmax(l, { classes: 2, tau, seed: 12 });
      const values = concreteKl(z, l, { classes: 2, tau, prior, priorTau });
      expect(Math.abs(deviation(values, divergence))).toBeLessThan(CRITICAL);
      // So many samples tell it from one that is off by a twentieth.
      expect(Math.abs(deviation(values, 1.05 * divergence))).toBeGreaterThan(CRITICAL);
    });
  },
);
