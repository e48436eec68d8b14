/**
 * REBAR of the building blocks: unbiased, as its paper promises, on a problem whose gradient is a sum over 64 outcomes:
 * three categoricals of four classes, a loss that isn't linear in any of them.
 */

import { gumbelSoftmaxVjp } from "gumbel";
import { describe, expect, test } from "vitest";
import { type Loss, rebar } from "../examples/rebar/rebar.ts";
import { dot } from "./support/api-arrays.ts";
import { normalised } from "./support/api-stats.ts";

const [VARIABLES, CLASSES] = [3, 4];
const SIZE = VARIABLES * CLASSES;
const LOGITS = [0.4, -0.3, 0.9, 0, -0.8, 0.6, 0.1, 0.5, 1.2, 0, -0.5, 0.3];
const U = [0.8, -0.5, 0.2, -1, 0.6, 0.3, -0.8, 0.4, -0.2, 1, 0.7, -0.9];
const V = [-0.4, 1, 0.7, 0.2, -0.5, 1.1, 0.3, -0.6, 0.8, -0.3, -1, 0.5];

/** tanh(u·x) − (v·x − 0.3)²: variables act on each other. */
const LOSS: Loss = {
  evaluate(x, at, gradient) {
    const part = x.subarray(at, at + SIZE);
    const [a, b] = [Math.tanh(dot(part, U)), dot(part, V) - 0.3];
    for (let i = 0; i < SIZE; i++) gradient[at + i] = (1 - a * a) * U[i] - 2 * b * V[i];
    return a - b * b;
  },
};

/** E f(b)·(b − p), over all outcomes. */
function exactGradient(): number[] {
  const law = Array.from({ length: VARIABLES }, (_, row) =>
    normalised(LOGITS.slice(row * CLASSES, (row + 1) * CLASSES).map(Math.exp)),
  );
  const sum = Array<number>(SIZE).fill(0);
  for (let outcome = 0; outcome < CLASSES ** VARIABLES; outcome++) {
    const x = new Float32Array(SIZE);
    let probability = 1;
    law.forEach((p, row) => {
      const k = Math.floor(outcome / CLASSES ** row) % CLASSES;
      x[row * CLASSES + k] = 1;
      probability *= p[k];
    });
    const value = LOSS.evaluate(x, 0, new Float32Array(SIZE));
    law.flat().forEach((p, i) => {
      sum[i] += probability * value * (x[i] - p);
    });
  }
  return sum;
}

const SAMPLES = 2 ** 14;
const BATCHES = 16;
/** 6·10^-7 beyond for each of the twelve numbers. */
const MOST_DEVIATIONS = 5;

interface Draw {
  logits: Float32Array;
  stream: number;
}

/** How many standard errors each number's mean is from the gradient, and the variance of one estimate. */
function measure(estimate: (draw: Draw) => Float32Array): {
  deviations: number[];
  variance: number;
} {
  const logits = Float32Array.from({ length: SAMPLES * SIZE }, (_, i) => LOGITS[i % SIZE]);
  const exact = exactGradient();
  const [sums, squares] = [new Float64Array(SIZE), new Float64Array(SIZE)];
  for (let stream = 0; stream < BATCHES; stream++) {
    estimate({ logits, stream }).forEach((g, i) => {
      const off = g - exact[i % SIZE];
      sums[i % SIZE] += off;
      squares[i % SIZE] += off * off;
    });
  }
  const n = SAMPLES * BATCHES;
  const variances = squares.map((square, i) => square / n - (sums[i] / n) ** 2);
  const deviations = Array.from(sums, (sum, i) => Math.abs(sum / n) / Math.sqrt(variances[i] / n));
  return { deviations, variance: variances.reduce((a, b) => a + b) };
}

const shared = { classes: CLASSES, variables: VARIABLES, seed: 7 };
const estimate = (tau: number, eta: number) =>
  measure(({ logits, stream }) => rebar(logits, LOSS, { ...shared, tau, eta, stream }));

describe("REBAR: each number's mean of 2^18 is within 5 standard errors of the gradient (6·10^-7)", () => {
  const score = estimate(1, 0);

  test("η = 0 is the score function", () => {
    expect(Math.max(...score.deviations)).toBeLessThan(MOST_DEVIATIONS);
  });

  test.each([
    { tau: 0.3, eta: 1 },
    { tau: 0.5, eta: 1 },
    { tau: 1, eta: 1 },
    { tau: 0.5, eta: 0.5 },
  ])("τ = $tau, η = $eta; of less variance than the score function", ({ tau, eta }) => {
    const { deviations, variance } = estimate(tau, eta);
    expect(Math.max(...deviations)).toBeLessThan(MOST_DEVIATIONS);
    expect(variance).toBeLessThan(score.variance);
  });

  test("such a mean tells a biased estimate: straight-through Gumbel-Softmax is off by more", () => {
    const { deviations } = measure(({ logits, stream }) => {
      const { sample, vjp } = gumbelSoftmaxVjp(logits, {
        classes: CLASSES,
        hard: true,
        tau: 0.5,
        seed: 7,
        stream,
      });
      const upstream = new Float32Array(sample.length);
      for (let at = 0; at < sample.length; at += SIZE) LOSS.evaluate(sample, at, upstream);
      return vjp(upstream).input;
    });
    expect(Math.max(...deviations)).toBeGreaterThan(2 * MOST_DEVIATIONS);
  });
});
