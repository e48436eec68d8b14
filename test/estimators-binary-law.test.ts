/** The law of relaxed Bernoulli variables, with fixed seeds. */

import { binaryConcrete, binaryConcreteLogProb } from "gumbel/estimators";
import { describe, expect, test } from "vitest";
import { chiSquareRatio, countsOf, ksRatio, pairRatio } from "./support/api-stats.ts";

const CLASSES = 1024;

/** How many of n outcomes are 1, all with the same logit, in calls of 2^20. */
function ones(logit: number, n: number, seed: number): number {
  const x = new Float32Array(2 ** 20).fill(logit);
  const out = new Float32Array(x.length);
  let count = 0;
  for (let stream = 0; stream * x.length < n; stream++) {
    binaryConcrete(x, { classes: CLASSES, hard: true, seed, stream, out });
    for (let i = 0; i < out.length; i++) count += out[i];
  }
  return count;
}

describe("outcomes: 1 with probability σ(l)", () => {
  test.each([-6, -1, 0, 0.5, 3])("l = %d: n = 2^20, chi-square, 1 degree, 15.137 (10^-4)", (l) => {
    const n = 2 ** 20;
    const count = ones(l, n, 1);
    const p = 1 / (1 + Math.exp(-l));
    expect(chiSquareRatio([n - count, count], [1 - p, p])).toBeLessThan(1);
  });

  test("whatever τ is", () => {
    const x = new Float32Array(CLASSES).fill(0.3);
    const hard = (tau: number) => binaryConcrete(x, { hard: true, tau, seed: 2 });
    expect([...hard(0.1)]).toEqual([...hard(10)]);
  });

  test.each([
    { l: 14, n: 2 ** 25, mean: 55.8, least: 26, most: 92 },
    { l: 18, n: 2 ** 29, mean: 16.4, least: 3, most: 36 },
  ])(
    "$l nats on both sides: $n each, $mean rare ones expected of both, $least to $most allowed (10^-5 beyond either)",
    ({ l, n, mean, least, most }) => {
      expect((2 * n) / (1 + Math.exp(l))).toBeCloseTo(mean, 1);
      const [high, low] = [ones(-l, n, 3), n - ones(l, n, 4)];
      expect(high + low).toBeGreaterThanOrEqual(least);
      expect(high + low).toBeLessThanOrEqual(most);
      // Neither is without any: 3·10^-4 where 8 are expected.
      expect(Math.min(high, low)).toBeGreaterThan(0);
    },
  );
});

describe("soft samples", () => {
  const n = 1_000_000;
  const x = new Float32Array(n).fill(-0.7);
  const tau = 0.4;

  test("L is logistic in logit space: n = 10^6, Kolmogorov–Smirnov, sqrt(n)·D < 2.2253 (10^-4)", () => {
    const t = binaryConcrete(x, { classes: 1000, tau, space: "logit", seed: 5 });
    const u = Float64Array.from(t, (t) => 1 / (1 + Math.exp(-(tau * t + 0.7))));
    expect(ksRatio(u)).toBeLessThan(1);
  });

  test("of short rows, too, and in [0, 1]; the law that the density is of, cell by cell: 9 cells of y, chi-square, 8 degrees, 31.828", () => {
    const y = binaryConcrete(x, { classes: 10, tau, seed: 6 });
    const cdf = (y: number) => 1 / (1 + ((1 - y) / y) ** tau * Math.exp(-0.7));
    expect(ksRatio(Float64Array.from(y, cdf))).toBeLessThan(1);
    // The density by the sum of a fine grid in each cell, without the ends, where it is infinite.
    const [cells, points] = [9, 4000];
    const inside = y.filter((y) => y > 0.05 && y < 0.95);
    const edge = (cell: number) => 0.05 + (0.9 * cell) / cells;
    const mass = Array.from({ length: cells }, (_, cell) => {
      const grid = Array.from({ length: points }, (_, i) => edge(cell + (i + 0.5) / points));
      const p = binaryConcreteLogProb(
        grid,
        grid.map(() => -0.7),
        { tau },
      );
      return p.reduce((sum, p) => sum + Math.exp(p), 0) / points;
    });
    const total = mass.reduce((a, b) => a + b);
    const counts = countsOf(
      Array.from(inside, (y) => Math.floor(((y - 0.05) / 0.9) * cells)),
      cells,
    );
    expect(
      chiSquareRatio(
        counts,
        mass.map((m) => m / total),
      ),
    ).toBeLessThan(1);
  });

  test("neighbours, rows and streams are independent: 2^19 pairs, 8 × 8 cells, chi-square, 63 degrees, 113.505", () => {
    const eighths: number[] = Array(8).fill(1 / 8);
    const cells = (stream: number) =>
      Uint8Array.from(
        binaryConcrete(new Float32Array(2 ** 20), {
          classes: 512,
          seed: 7,
          stream,
          space: "logit",
        }),
        (t) => Math.min(7, Math.floor(8 / (1 + Math.exp(-t)))),
      );
    const all = cells(0);
    for (const lag of [1, 4, 512]) {
      const first = Array.from(all.keys()).filter((i) => i % (2 * lag) < lag);
      const [a, b] = [0, lag].map((shift) => first.map((i) => all[i + shift]));
      expect(pairRatio(a, b, eighths), `${lag} apart`).toBeLessThan(1);
    }
    expect(pairRatio(all, cells(1), eighths), "streams").toBeLessThan(1);
  });
});
