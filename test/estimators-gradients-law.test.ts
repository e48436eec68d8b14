/**
 * Mean and variance of the estimated gradients of gumbelMaxVjp, with fixed seeds. Where a test says z, the statistic is
 * a mean's distance from what it should be over its standard error; |z| > 3.891 is a false alarm of 10^-4 each.
 */

import { type GumbelMaxVjpOptions, gumbelMaxVjp } from "gumbel/estimators";
import { describe, expect, test } from "vitest";
import { random } from "./support/api-arrays.ts";

const CRITICAL_Z = 3.891;

/** Mean and variance of a sample. */
function moments(values: readonly number[]): { mean: number; variance: number; n: number } {
  const n = values.length;
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1);
  return { mean, variance, n };
}

type Moments = ReturnType<typeof moments>;

const standardError = ({ variance, n }: Moments) => Math.sqrt(variance / n);

/** The gradients of many draws from one row, and what was drawn. */
function gradients(
  options: GumbelMaxVjpOptions,
  row: readonly number[],
  rows: number,
  upstream: (drawn: number) => readonly number[],
): { index: Int32Array; byClass: (column: number, drawn?: number) => Moments } {
  const classes = row.length;
  const x = Float32Array.from({ length: rows * classes }, (_, i) => row[i % classes]);
  const { index, vjp } = gumbelMaxVjp(x, { ...options, classes } as GumbelMaxVjpOptions);
  const v = Float32Array.from(x, (_, i) => upstream(index[Math.floor(i / classes)])[i % classes]);
  const { input } = vjp(v);
  const byClass = (column: number, drawn?: number) => {
    const all = Array.from(index.keys()).filter(
      (row) => drawn === undefined || index[row] === drawn,
    );
    return moments(all.map((row) => input[row * classes + column]));
  };
  return { index, byClass };
}

describe("gumbel-rao has the conditional mean of straight-through-gumbel", () => {
  test.each([
    [0.5, 0.25],
    [-1, 0.25],
    [0.5, 2],
  ])(
    "two classes, logit %d, τ = %d: z of 20,000 rows of 20 replicas against an integral",
    (l, tau) => {
      // s = l + L with L logistic; given its sign, the gradient by the first logit is σ'(s/τ)/τ for v = (1, 0).
      const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
      const slope = (x: number) => sigmoid(x) * sigmoid(-x);
      const given = (sign: number) => {
        const step = 1e-3;
        let sum = 0;
        for (let s = step / 2; s < 50; s += step) {
          sum += (slope((sign * s) / tau) / tau) * slope(sign * s - l) * step;
        }
        return sum / sigmoid(sign * l);
      };
      const options = { estimator: "gumbel-rao", tau, replicas: 20, seed: 1 } as const;
      const { byClass } = gradients(options, [l, 0], 20_000, () => [1, 0]);
      for (const [drawn, sign] of [
        [0, 1],
        [1, -1],
      ]) {
        const got = byClass(0, drawn);
        expect(got.n).toBeGreaterThan(5000);
        const z = (got.mean - given(sign)) / standardError(got);
        expect(Math.abs(z), `${drawn}`).toBeLessThan(CRITICAL_Z);
      }
    },
  );

  test("four classes: z of 400,000 rows against 4,000 of 200 replicas, for each class drawn and each entry", () => {
    const row = [0.5, -1, 1, 0];
    const v = [1, -2, 0.5, 3];
    const common = { tau: 0.5 } as const;
    const plain = gradients({ ...common, seed: 1 }, row, 400_000, () => v);
    const rao = gradients(
      { ...common, estimator: "gumbel-rao", replicas: 200, seed: 2 },
      ...([row, 4000, () => v] as const),
    );
    for (let drawn = 0; drawn < 4; drawn++) {
      for (let column = 0; column < 4; column++) {
        const [a, b] = [plain.byClass(column, drawn), rao.byClass(column, drawn)];
        expect(b.n).toBeGreaterThan(100);
        const z = (a.mean - b.mean) / Math.hypot(standardError(a), standardError(b));
        expect(Math.abs(z), `class ${drawn}, entry ${column}`).toBeLessThan(CRITICAL_Z);
      }
    }
  });
});

describe("the variance, summed over the classes, for a quadratic loss of 40,000 rows", () => {
  const row = [0.5, -1, 1, 0];
  const classes = row.length;
  const a = random(classes ** 2, 7);
  const upstream = (drawn: number) =>
    row.map((_, i) => a[i * classes + drawn] + a[drawn * classes + i]);

  function total(options: GumbelMaxVjpOptions): number {
    const { byClass } = gradients({ ...options, seed: 1 }, row, 40_000, upstream);
    return row.reduce((sum, _, column) => sum + byClass(column).variance, 0);
  }

  const replicas = (replicas: number) => total({ estimator: "gumbel-rao", tau: 0.25, replicas });
  const gumbel = total({ tau: 0.25 });

  test("one replica has that of straight-through-gumbel, within 5 %", () => {
    expect(replicas(1) / gumbel).toBeGreaterThan(0.95);
    expect(replicas(1) / gumbel).toBeLessThan(1.05);
  });

  test("m replicas have what is left of it, between + within/m, within 5 %", () => {
    const [one, two] = [replicas(1), replicas(2)];
    const within = 2 * (one - two);
    for (const m of [5, 10, 50]) {
      const got = replicas(m);
      expect(got).toBeLessThan(gumbel);
      expect(Math.abs(got / (one - within + within / m) - 1), `${m}`).toBeLessThan(0.05);
    }
  });

  test("gst has less than straight-through-gumbel", () => {
    expect(total({ estimator: "gst", tau: 0.25 })).toBeLessThan(gumbel);
  });

  test("straight-through has none where the loss is linear, but reinmax has", () => {
    const linear = (estimator: "straight-through" | "reinmax") => {
      const { byClass } = gradients({ estimator, seed: 1 }, row, 1000, () => [1, -2, 0.5, 3]);
      return row.map((_, column) => byClass(column).variance);
    };
    for (const variance of linear("straight-through")) expect(variance).toBeLessThan(1e-20);
    for (const variance of linear("reinmax")) expect(variance).toBeGreaterThan(1e-3);
  });
});
