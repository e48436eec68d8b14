/** The judgement of `npm run bench:estimators`: the exact gradient, the statistics, and that a broken promise is found. */

import { expect, test } from "vitest";
import { chart } from "../bench/estimators/chart.ts";
import type { Draw, Entry } from "../bench/estimators/entries.ts";
import { findings } from "../bench/estimators/findings.ts";
import { measure } from "../bench/estimators/measure.ts";
import { hotelling, Moments } from "../bench/estimators/moments.ts";
import { exactBias, flatter, ORDERS } from "../bench/estimators/orders.ts";
import {
  exactGradient,
  expectedLoss,
  LOGITS,
  type Loss,
  QUADRATIC,
  SIZE,
  SMOOTH,
} from "../bench/estimators/problem.ts";
import { report } from "../bench/estimators/report.ts";
import { gumbelNoise } from "../ts/index.ts";

const LOSSES: readonly Loss[] = [SMOOTH, QUADRATIC];

/** `x` with its number `i` moved. */
function moved(x: ArrayLike<number>, i: number, by: number): number[] {
  return Array.from(x, (value, j) => (j === i ? value + by : value));
}

test.each(LOSSES)("the gradient of the $name loss is what differences say", (loss) => {
  const point = gumbelNoise(1, SIZE, { seed: 1 });
  const gradient = new Float32Array(SIZE);
  loss.evaluate(point, 0, gradient);
  const unused = new Float32Array(SIZE);
  // Exact steps for float32: 2^-7. The central difference is off by a sixth of that squared and the third derivative.
  const at = (i: number, by: number) =>
    loss.evaluate(Float32Array.from(moved(point, i, by)), 0, unused);
  for (let i = 0; i < SIZE; i++) {
    const difference = (at(i, 2 ** -7) - at(i, -(2 ** -7))) / 2 ** -6;
    expect(Math.abs(gradient[i] - difference)).toBeLessThan(1e-3);
  }
});

test.each(LOSSES)("the exact gradient is that of the expected $name loss", (loss) => {
  const exact = exactGradient(loss);
  const logits = Array.from(LOGITS);
  for (let i = 0; i < SIZE; i++) {
    const [above, below] = [1e-5, -1e-5].map((by) => expectedLoss(loss, moved(logits, i, by)));
    expect(Math.abs(exact[i] - (above - below) / 2e-5)).toBeLessThan(1e-8);
  }
});

/** Numbers with mean `mean`, row sums as gradients have them, and a spread that differs from place to place. */
function gradients({ samples, seed, stream }: Draw, mean: readonly number[]): Float32Array {
  const noise = gumbelNoise(samples, SIZE, { seed, stream });
  const out = new Float32Array(samples * SIZE);
  for (let start = 0; start < out.length; start += 4) {
    const variable = start % SIZE;
    const rows = noise.subarray(start, start + 4).map((g, k) => (k + 1) * g);
    const middle = rows.reduce((a, b) => a + b) / 4;
    for (let k = 0; k < 4; k++) {
      // The mean of a Gumbel variable is Euler's constant.
      const centred = rows[k] - middle - 0.5772156649 * (k + 1 - 2.5);
      out[start + k] = mean[variable + k] + centred;
    }
  }
  return out;
}

function entry(offset: number, promise: Entry["promise"], family = "made up"): Entry {
  return {
    family,
    tau: 1,
    promise,
    gradients: (draw, loss) =>
      gradients(
        draw,
        exactGradient(loss).map((x, i) => x + (i === 0 ? offset : i === 1 ? -offset : 0)),
      ),
  };
}

const SAMPLES = 40_000;

test("moments are those of the definition", () => {
  const values = gradients({ samples: 50, logits: LOGITS, seed: 2, stream: 0 }, [...LOGITS]);
  const moments = new Moments([...LOGITS]);
  moments.add(values.subarray(0, 20 * SIZE));
  moments.add(values.subarray(20 * SIZE));
  const column = (i: number) => Array.from({ length: 50 }, (_, n) => values[n * SIZE + i]);
  const mean = (x: number[]) => x.reduce((a, b) => a + b) / x.length;
  for (const [i, j] of [
    [0, 0],
    [3, 1],
    [2, 11],
  ] as const) {
    const [a, b] = [column(i), column(j)];
    const product = a.map((x, n) => (x - mean(a)) * (b[n] - mean(b)));
    expect(moments.mean[i]).toBeCloseTo(mean(a), 10);
    expect(moments.covariance(i, j)).toBeCloseTo((mean(product) * 50) / 49, 10);
  }
});

test("T² is chi-square of 9 degrees of freedom: the mean and the tail of 400", () => {
  const zero = new Array<number>(SIZE).fill(0);
  const t2 = Array.from({ length: 400 }, (_, seed) => {
    const moments = new Moments(zero);
    moments.add(gradients({ samples: 1000, logits: LOGITS, seed, stream: 0 }, zero));
    return hotelling(moments, zero);
  });
  // The mean of 400 has a standard deviation of √18/20 = 0.21; four of them: false alarm 6e-5.
  expect(Math.abs(t2.reduce((a, b) => a + b) / 400 - 9)).toBeLessThan(0.85);
  // Above 21.67 is one in 100; more than 12 of 400 happen once in 3,000 times.
  expect(t2.filter((x) => x > 21.67).length).toBeLessThan(13);
});

test.each(ORDERS)("$name is accurate to order $order, as its paper says", ({ order, options }) => {
  const [a, b] = [1 / 64, 1 / 128].map((step) => exactBias(flatter(SMOOTH, step), options));
  expect(Math.abs(Math.log2((a as number) / (b as number)) - order)).toBeLessThan(0.1);
});

test("a promise that is kept, and one that isn't", () => {
  const exact = exactGradient(SMOOTH);
  const entries = [
    entry(0, "unbiased"),
    entry(0.3, "unbiased"),
    entry(0.3, "none"),
    entry(0.3, "unbiased if quadratic"),
    entry(0, "none", "ST Gumbel"),
    entry(0.3, "as ST Gumbel, less variance"),
  ];
  const found = findings(
    entries.map((one, i) => measure(one, SMOOTH, exact, SAMPLES, i)),
    SMOOTH,
    exact,
  );
  expect(found.map(({ verdict }) => verdict?.kept)).toEqual([
    true,
    false,
    undefined,
    undefined,
    undefined,
    false,
  ]);
  // 0.3 in two places.
  expect(found[1].bias.length).toBeCloseTo(0.3 * Math.SQRT2, 1);
  expect(found[2].bias.margin).toBeLessThan(0.2);
  const quadratic = findings(
    [measure(entry(0.3, "unbiased if quadratic"), QUADRATIC, exactGradient(QUADRATIC), SAMPLES, 9)],
    QUADRATIC,
    exactGradient(QUADRATIC),
  );
  expect(quadratic[0].verdict?.kept).toBe(false);

  const run = {
    command: "test",
    machine: ["none"],
    samples: SAMPLES,
    sections: [{ loss: SMOOTH, exact, findings: found }],
  };
  expect(report(run)).toContain("| made up | 1 | ");
  expect(report(run)).toMatch(/✗ unbiased: T² = \d/);
  expect(chart(run)).toMatch(/^<svg.*<circle.*<\/svg>\n$/s);
  expect(chart(run)).not.toMatch(/NaN|Infinity|undefined/);
});
