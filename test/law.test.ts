/**
 * The law of every sampler against exact probabilities, with fixed seeds. Where a test says chi-square, the critical
 * value is the 0.9999 quantile: false alarm 10^-4.
 */

import { categorical, type From, gumbelMax, gumbelNoise, gumbelSoftmax } from "gumbel";
import { describe, expect, test } from "vitest";
import { random } from "./support/api-arrays.ts";
import { chiSquareRatio, normalised, pairRatio } from "./support/api-stats.ts";

interface Options {
  classes: number;
  from?: From;
  temperature?: number;
  seed: number;
  stream: number;
}

/** `n` draws from the same row. */
type Draw = (row: ArrayLike<number>, n: number, options: Options) => Int32Array;

/** A sampler of matrices on a row that is repeated. */
const repeated =
  (sample: (x: Float32Array, options: Options) => Int32Array): Draw =>
  (row, n, options) => {
    const x = new Float32Array(n * row.length);
    for (let i = 0; i < x.length; i += row.length) x.set(row, i);
    return sample(x, options);
  };

/** Argmax of rows of samples. */
function winners(y: Float32Array, classes: number): Int32Array {
  return Int32Array.from({ length: y.length / classes }, (_, row) => {
    let best = 0;
    for (let i = 1; i < classes; i++) {
      if (y[row * classes + i] > y[row * classes + best]) best = i;
    }
    return best;
  });
}

const relaxed = (how: { tau: number } | { hard: true }): [name: string, draw: Draw] => [
  `gumbelSoftmax ${JSON.stringify(how)}`,
  repeated((x, o) => winners(gumbelSoftmax(x, { ...o, ...how }), o.classes)),
];

const draws: Draw = (row, n, options) => categorical(row, { ...options, draws: n });

const COLD: [name: string, draw: Draw][] = [
  ["gumbelMax", repeated(gumbelMax)],
  ["categorical, one a row", repeated(categorical)],
  ["categorical, many draws", draws],
];

const ALL = [
  ...COLD,
  relaxed({ hard: true }),
  relaxed({ tau: 0.1 }),
  relaxed({ tau: 1 }),
  relaxed({ tau: 10 }),
];

/** Counts of `n` draws from the same row, in calls of bounded size, each a stream. */
function count(
  draw: Draw,
  row: ArrayLike<number>,
  n: number,
  options: Partial<Options> = {},
): Float64Array {
  const classes = row.length;
  const most = draw === draws ? n : Math.ceil(2 ** 20 / classes);
  const counts = new Float64Array(classes);
  for (let done = 0, stream = 0; done < n; done += most, stream++) {
    const drawn = draw(row, Math.min(most, n - done), { classes, seed: 2026, stream, ...options });
    for (const index of drawn) counts[index]++;
  }
  expect(counts.reduce((a, b) => a + b)).toBe(n);
  return counts;
}

describe.each(ALL)("%s", (_, draw) => {
  test("weights [0.9, 0.1, 0.1] are 9/11, 1/11, 1/11: n = 2^18, chi-square, 2 degrees, 18.421", () => {
    const counts = count(draw, [0.9, 0.1, 0.1], 2 ** 18, { from: "weights" });
    expect(chiSquareRatio(counts, [9 / 11, 1 / 11, 1 / 11])).toBeLessThan(1);
  });

  test("ten random weights: n = 2^18, chi-square, 9 degrees, 33.72", () => {
    const weights = [...random(10, 1, 0, 1)];
    const counts = count(draw, weights, 2 ** 18, { from: "weights" });
    expect(chiSquareRatio(counts, normalised(weights))).toBeLessThan(1);
    const logits = weights.map((w) => Math.log(w) + 1000);
    // At 1000 a logit is rounded by 3·10^-5: far below what n draws can see.
    const shifted = count(draw, logits, 2 ** 18, { seed: 7 });
    expect(chiSquareRatio(shifted, normalised(weights))).toBeLessThan(1);
  });

  test.each([0, 1])(
    "two classes 8 nats apart, the rare one at %i: n = 2^20, 352 expected, within 5 sd (6·10^-7)",
    (rare) => {
      const counts = count(draw, rare === 0 ? [-8, 0] : [0, -8], 2 ** 20, { seed: 3 });
      const expected = 2 ** 20 / (1 + Math.exp(8));
      expect(Math.abs(counts[rare] - expected)).toBeLessThan(5 * Math.sqrt(expected));
    },
  );

  test("50,000 classes 8 nats below a head: tail mass 0.944 within 5 sd; 50 parts, chi-square, 49 degrees, 94.597", () => {
    const tail = 50_000;
    const n = draw === draws ? 2 ** 18 : 800;
    const logits = new Float32Array(tail + 1).fill(-8);
    logits[0] = 0;
    const counts = count(draw, logits, n);
    const mass = (tail * Math.exp(-8)) / (1 + tail * Math.exp(-8));
    expect(mass).toBeCloseTo(0.944, 3);
    const sd = Math.sqrt(n * mass * (1 - mass));
    expect(Math.abs(n - counts[0] - n * mass)).toBeLessThan(5 * sd);
    const parts = new Float64Array(50);
    for (let i = 0; i < tail; i++) parts[Math.floor(i / 1000)] += counts[i + 1];
    expect(chiSquareRatio(parts, Array(50).fill(1 / 50))).toBeLessThan(1);
  });

  test("impossible classes are never drawn: 2^24 element draws of 256 classes, half of them masked", () => {
    const logits = random(256, 4).map((x, i) => ((i * 151) % 256 < 128 ? -Infinity : x));
    const counts = count(draw, logits, draw === draws ? 2 ** 20 : 2 ** 16);
    logits.forEach((logit, i) => {
      if (logit === -Infinity) expect(counts[i], `class ${i}`).toBe(0);
      else expect(counts[i], `class ${i}`).toBeGreaterThan(0);
    });
  });
});

describe("two classes 14 nats apart: Poisson bounds with 5·10^-6 beyond either", () => {
  test.each([
    { name: "gumbelMax", draw: repeated(gumbelMax), n: 2 ** 23, mean: 7, least: 0, most: 21 },
    { name: "categorical", draw: draws, n: 2 ** 25, mean: 27.9, least: 8, most: 54 },
  ])("$name: n = $n, $mean expected, $least to $most allowed", ({ draw, n, mean, least, most }) => {
    const counts = count(draw, [-14, 0], n);
    expect(n / (1 + Math.exp(14))).toBeCloseTo(mean, 1);
    expect(counts[0]).toBeGreaterThanOrEqual(least);
    expect(counts[0]).toBeLessThanOrEqual(most);
  });
});

describe("temperature: the law is softmax(l/T); n = 2^17, chi-square, 2 degrees, 18.421", () => {
  const logits = [0.5, -1, 1.5];
  test.each(COLD.flatMap(([name, draw]) => [0.5, 1, 3].map((t) => [name, t, draw] as const)))(
    "%s, T = %d",
    (_, temperature, draw) => {
      const law = normalised(logits.map((l) => Math.exp(l / temperature)));
      expect(chiSquareRatio(count(draw, logits, 2 ** 17, { temperature }), law)).toBeLessThan(1);
      const weights = logits.map(Math.exp);
      const counts = count(draw, weights, 2 ** 17, { temperature, from: "weights", seed: 5 });
      expect(chiSquareRatio(counts, law)).toBeLessThan(1);
    },
  );
});

describe("draws are independent: disjoint pairs of draws from three classes, chi-square, 8 degrees, 31.828", () => {
  const law = [0.5, 0.3, 0.2];
  const n = 2 ** 17;
  const options = { classes: 3, from: "weights" } as const;
  const even = (x: Int32Array) => x.filter((_, i) => i % 2 === 0);
  const odd = (x: Int32Array) => x.filter((_, i) => i % 2 === 1);

  test.each(COLD)("%s: neighbours in a call, streams, seeds", (_, draw) => {
    const call = (seed: number, stream: number) => draw(law, n, { ...options, seed, stream });
    const drawn = call(1, 0);
    expect(pairRatio(even(drawn), odd(drawn), law)).toBeLessThan(1);
    for (const other of [call(1, 1), call(2, 0), call(1, 2 ** 32), call(2 ** 32 + 1, 0)]) {
      expect(pairRatio(drawn, other, law)).toBeLessThan(1);
    }
  });

  test("the samplers of one key don't know of each other, and rows not of draws", () => {
    const key = { ...options, seed: 1, stream: 0 };
    const [max, rows, many] = COLD.map(([, draw]) => draw(law, n, key));
    expect(pairRatio(max, rows, law)).toBeLessThan(1);
    expect(pairRatio(max, many, law)).toBeLessThan(1);
    // Draw 0 of row 0 is the one they share.
    expect(pairRatio(rows.subarray(1), many.subarray(1), law)).toBeLessThan(1);
  });
});

describe("noise", () => {
  const eighths: number[] = Array(8).fill(1 / 8);
  const [rows, classes] = [512, 512];
  /** Which eighth of the law each value lies in. */
  const cells = (seed: number, stream: number) =>
    Uint8Array.from(gumbelNoise(rows, classes, { seed, stream }), (g) =>
      Math.min(7, Math.floor(8 * Math.exp(-Math.exp(-g)))),
    );
  const base = cells(1, 0);

  test.each([1, 2, 3, 4, 5, 8, 16, 64, 256, classes, 4 * classes])(
    "values %i apart (512 is a row): 2^17 disjoint pairs, chi-square, 63 degrees, 113.505",
    (lag) => {
      const first = Array.from(base.keys()).filter(
        (i) => i % (2 * lag) < lag && i + lag < base.length,
      );
      const [a, b] = [0, lag].map((shift) => first.map((i) => base[i + shift]));
      expect(pairRatio(a, b, eighths)).toBeLessThan(1);
    },
  );

  test.each([
    { name: "the next stream", seed: 1, stream: 1 },
    { name: "the high word of the stream", seed: 1, stream: 2 ** 32 },
    { name: "the next seed", seed: 2, stream: 0 },
    { name: "the high word of the seed", seed: 1 + 2 ** 32, stream: 0 },
  ])("against $name: 2^18 pairs, chi-square, 63 degrees, 113.505", ({ seed, stream }) => {
    expect(pairRatio(base, cells(seed, stream), eighths)).toBeLessThan(1);
  });

  test("Kolmogorov–Smirnov against exp(−exp(−g)): n = 10^6, sqrt(n)·D < 2.2253, false alarm 10^-4", () => {
    const n = 1_000_000;
    const u = Float64Array.from(gumbelNoise(1000, 1000, { seed: 3 }), (g) =>
      Math.exp(-Math.exp(-g)),
    ).sort();
    let most = 0;
    for (let i = 0; i < n; i++) most = Math.max(most, u[i] - i / n, (i + 1) / n - u[i]);
    expect(Math.sqrt(n) * most).toBeLessThan(2.2253);
    // As uneven as a random sample: a grid would be far below. P(sqrt(n)·D < 0.3) is 10^-5.
    expect(Math.sqrt(n) * most).toBeGreaterThan(0.3);
  });

  test("both tails at 2^-1 to 2^-20 over 2^26 words: each count within 5 sd (6·10^-7, 40 counts)", () => {
    const DEPTH = 20;
    // P(G > upper[n]) = P(G < lower[n]) = 2^-n, n from 1.
    const powers = Array.from({ length: DEPTH }, (_, i) => 2 ** -(i + 1));
    const upper = Float64Array.from([...powers.map((p) => -Math.log(-Math.log1p(-p))), Infinity]);
    const lower = Float64Array.from([...powers.map((p) => -Math.log(-Math.log(p))), -Infinity]);
    /** How many values pass exactly so many of the bounds. */
    const [above, below] = [new Float64Array(DEPTH + 1), new Float64Array(DEPTH + 1)];
    const out = new Float32Array(2 ** 20);
    for (let stream = 0; stream < 64; stream++) {
      gumbelNoise(1024, 1024, { seed: 4, stream, out });
      for (let i = 0; i < out.length; i++) {
        const g = out[i];
        let passed = 0;
        if (g > upper[0]) {
          while (g > upper[passed]) passed++;
          above[passed]++;
        } else {
          while (g < lower[passed]) passed++;
          below[passed]++;
        }
      }
    }
    for (const [name, exactly] of Object.entries({ above, below })) {
      let count = 0;
      for (let n = DEPTH; n >= 1; n--) {
        count += exactly[n];
        const mean = 2 ** (26 - n);
        const deviations = Math.abs(count - mean) / Math.sqrt(mean * (1 - 2 ** -n));
        expect(deviations, `${name} 2^-${n}: ${count}, expected ${mean}`).toBeLessThan(5);
      }
    }
  });
});
