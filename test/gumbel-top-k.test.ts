/** Gumbel-top-k against a sorted row, its law, and the rows that it refuses. */

import {
  type From,
  type GumbelTopK,
  gumbelMax,
  gumbelNoise,
  gumbelTopK,
  logSoftmax,
  Rng,
} from "gumbel";
import { describe, expect, test } from "vitest";
import { expectSame, random } from "./support/api-arrays.ts";
import { errorOf, refused } from "./support/api-errors.ts";
import { chiSquareRatio, countsOf, ksRatio } from "./support/api-stats.ts";
import { gumbelTopK as untyped } from "./support/api-untyped.ts";

const f32 = Math.fround;

/** The first k of all columns with a score, sorted. */
function sorted(scores: Float32Array, k: number): Int32Array {
  const columns = Int32Array.from(scores.keys()).filter((i) => scores[i] > -Infinity);
  return columns.sort((a, b) => scores[b] - scores[a] || a - b).slice(0, k);
}

/** (l − max)·f32(1/T) + G by float32 steps. */
function scoresOf(logits: Float32Array, noise: Float32Array, t: number): Float32Array {
  const max = logits.reduce((a, b) => (a < b ? b : a));
  return logits.map((l, i) => f32(f32(l - max) * f32(1 / t)) + noise[i]);
}

const LENGTHS = [1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 255, 256, 257, 399, 400, 401, 1000, 5003];

/** Rows of every sort that a selection may trip over. */
function rowsOf(classes: number, seed: number): [name: string, logits: Float32Array][] {
  const plain = random(classes, seed);
  return [
    ["plain", plain],
    ["masked", plain.map((l, i) => (i % 3 === 1 ? -Infinity : l))],
    ["equal", new Float32Array(classes).fill(1000)],
    ["rising", plain.map((_, i) => i / 10)],
    ["falling", plain.map((_, i) => -i / 10)],
    ["steep", plain.map((l) => 40 * l)],
  ];
}

describe("the k largest scores, in order", () => {
  test.each(LENGTHS)("of %i classes", (classes) => {
    for (const [name, logits] of rowsOf(classes, classes)) {
      const possible = logits.filter((l) => l > -Infinity).length;
      for (const [seed, t] of [1, 0.5, 2 / 3].entries()) {
        const noise = gumbelNoise(1, classes, { seed });
        const scores = scoresOf(logits, noise, t);
        const log = logSoftmax(logits, { temperature: t });
        for (const k of [1, 2, 5, 50, possible >> 1, possible]) {
          if (k < 1 || k > possible) continue;
          const what = `${name}, k = ${k}, T = ${t}`;
          const best = gumbelTopK(logits, k, { temperature: t, seed });
          expectSame(best.index, sorted(scores, k), what);
          expectSame(
            best.logProb,
            Float32Array.from(best.index, (i) => log[i]),
            what,
          );
          const given = gumbelTopK(logits, k, { temperature: t, noise });
          expectSame(given.index, best.index, what);
          expectSame(given.score, best.score, what);
        }
      }
    }
  });

  test("equal scores go by their columns", () => {
    for (const classes of [7, 300, 1000]) {
      const noise = new Float32Array(classes).map((_, i) => (i * 7) % 3);
      for (const k of [1, 2, classes >> 1, classes]) {
        const { index } = gumbelTopK(new Float32Array(classes), k, { noise });
        expectSame(index, sorted(noise, k), `${k} of ${classes}`);
      }
    }
  });

  test("100 of a vocabulary, whose last ones are decided by the filter's bound", () => {
    const logits = random(151_936, 3, -8, 8);
    const { index } = gumbelTopK(logits, 100, { seed: 4 });
    expectSame(index, sorted(scoresOf(logits, gumbelNoise(1, 151_936, { seed: 4 }), 1), 100));
  });
});

describe("scores and log-probabilities against float64", () => {
  test.each([
    { classes: 3, spread: 3, t: 1 },
    { classes: 1000, spread: 8, t: 0.7 },
    { classes: 32_000, spread: 12, t: 1 },
    { classes: 32_000, spread: 30, t: 3 },
  ])("$classes classes within ±$spread, T = $t", ({ classes, spread, t }) => {
    const logits = random(classes, 5, -spread, spread);
    const noise = gumbelNoise(1, classes, { seed: 6 });
    const { index, score, logProb } = gumbelTopK(logits, Math.min(500, classes), {
      seed: 6,
      temperature: t,
    });
    const max = Math.max(...logits);
    const logSum = Math.log(logits.reduce((sum, l) => sum + Math.exp((l - max) / t), 0));
    index.forEach((i, j) => {
      const exact = (logits[i] - max) / t - logSum;
      const bound = 2 ** -22 * (1 + Math.abs(exact)) + (2 ** -23 * Math.abs(logits[i] - max)) / t;
      expect(Math.abs(logProb[j] - exact)).toBeLessThan(bound);
      const perturbed = exact + noise[i];
      const sizes = Math.abs(perturbed) + Math.abs(exact) + Math.abs(noise[i]);
      expect(Math.abs(score[j] - perturbed)).toBeLessThan(bound + 2 ** -23 * sizes);
    });
  });
});

/** Rows of the same classes. */
function repeated(row: ArrayLike<number>, rows: number): Float32Array {
  const x = new Float32Array(rows * row.length);
  for (let i = 0; i < x.length; i += row.length) x.set(row, i);
  return x;
}

describe("the law", () => {
  /** The orders of k classes with their probabilities, by the definition of Plackett and Luce. */
  function orders(weights: readonly number[], k: number): { order: number[]; p: number }[] {
    if (k === 0) return [{ order: [], p: 1 }];
    return orders(weights, k - 1).flatMap(({ order, p }) => {
      const left = weights.map((w, i) => (order.includes(i) ? 0 : w));
      const sum = left.reduce((a, b) => a + b);
      return left.flatMap((w, i) => (w > 0 ? [{ order: [...order, i], p: (p * w) / sum }] : []));
    });
  }

  test.each([
    { from: "weights" as From, temperature: 1 },
    { from: "logits" as From, temperature: 0.5 },
  ])(
    "all 24 orders of 3 in 4 ($from, T = $temperature): n = 2^17, chi-square, 23 degrees, 57.075",
    ({ from, temperature }) => {
      const weights = [0.4, 0.1, 0.3, 0.2];
      const classes = weights.length;
      const row = from === "weights" ? weights : weights.map((w) => temperature * Math.log(w));
      const options = { classes, from, temperature, seed: 11 };
      const { index } = gumbelTopK(repeated(row, 2 ** 17), 3, options);
      const all = orders(weights, 3);
      const place = new Map(all.map(({ order }, i) => [order.join(), i]));
      const drawn = Array.from({ length: 2 ** 17 }, (_, r) =>
        place.get(index.subarray(3 * r, 3 * r + 3).join()),
      );
      expect(drawn).not.toContain(undefined);
      const counts = countsOf(drawn as number[], all.length);
      expect(
        chiSquareRatio(
          counts,
          all.map(({ p }) => p),
        ),
      ).toBeLessThan(1);
    },
  );

  test("a head and 50,000 classes 8 nats below, k = 2: where the head comes, n = 1600, chi-square, 2 degrees, 18.421", () => {
    const tail = 50_000;
    const logits = new Float32Array(tail + 1).fill(-8);
    logits[0] = 0;
    const sum = 1 + tail * Math.exp(-8);
    const [head, each] = [1 / sum, Math.exp(-8) / sum];
    const second = ((1 - head) * head) / (1 - each);
    const counts = new Float64Array(3);
    for (let stream = 0; stream < 100; stream++) {
      const { index } = gumbelTopK(repeated(logits, 16), 2, {
        classes: tail + 1,
        seed: 12,
        stream,
      });
      for (let i = 0; i < 32; i += 2) {
        counts[index[i] === 0 ? 0 : index[i + 1] === 0 ? 1 : 2]++;
        expect(index[i]).not.toBe(index[i + 1]);
      }
    }
    expect(chiSquareRatio(counts, [head, second, 1 - head - second])).toBeLessThan(1);
  });

  test("the first score is a standard Gumbel variable, whatever the logits: n = 10^5, sqrt(n)·D < 2.2253 (10^-4)", () => {
    const logits = random(20, 13);
    const { score } = gumbelTopK(repeated(logits, 100_000), 1, { classes: 20, seed: 13 });
    expect(ksRatio(Float64Array.from(score, (g) => Math.exp(-Math.exp(-g))))).toBeLessThan(1);
  });

  test("impossible classes are never drawn", () => {
    const weights = random(300, 14, 0, 1).map((w, i) => (i % 2 === 0 ? 0 : w));
    const options = { classes: 300, from: "weights" as From, seed: 14 };
    const { index } = gumbelTopK(repeated(weights, 2000), 150, options);
    expect(index.every((i) => i % 2 === 1)).toBe(true);
  });
});

function rowOf({ index, score, logProb }: GumbelTopK, row: number, k: number): GumbelTopK {
  const part = <T extends Int32Array | Float32Array>(x: T) => x.slice(row * k, (row + 1) * k) as T;
  return { index: part(index), score: part(score), logProb: part(logProb) };
}

function expectSameBest(actual: GumbelTopK, expected: GumbelTopK): void {
  for (const part of ["index", "score", "logProb"] as const) {
    expectSame(actual[part], expected[part], part);
  }
}

describe("identities", () => {
  test.each([3, 60, 500])("k = 1 is gumbelMax, k = all a permutation: %i classes", (classes) => {
    const logits = random(40 * classes, 20);
    const options = { classes, temperature: 0.8, seed: 21 };
    expectSame(gumbelTopK(logits, 1, options).index, gumbelMax(logits, options));
    const { index } = gumbelTopK(logits, classes, options);
    for (let row = 0; row < 40; row++) {
      const all = index.slice(row * classes, (row + 1) * classes).sort();
      expectSame(all, Int32Array.from(all.keys()));
    }
  });

  test("the first of k are those of fewer", () => {
    const logits = random(2000, 22);
    const all = gumbelTopK(logits, 2000, { seed: 22 });
    for (const k of [1, 2, 10, 60, 63, 700]) {
      expectSameBest(gumbelTopK(logits, k, { seed: 22 }), rowOf(all, 0, k));
    }
  });

  test.each([7, 450])("one call on rows is a call for each: %i classes", (classes) => {
    const [rows, k] = [70, 5];
    const logits = random(rows * classes, 23);
    const temperature = Array.from({ length: rows }, (_, row) => row % 4);
    const all = gumbelTopK(logits, k, { classes, temperature, seed: 24, stream: 3 });
    for (let row = 0; row < rows; row++) {
      const x = logits.subarray(row * classes, (row + 1) * classes);
      const one = { temperature: temperature[row], seed: 24, stream: 3, row };
      expectSameBest(gumbelTopK(x, k, one), rowOf(all, row, k));
    }
  });

  test("an rng's stream is taken by a call that succeeds", () => {
    const rng = new Rng(25);
    expect(errorOf(() => gumbelTopK([0, -Infinity], 2, { rng }))).toMatch("RangeError");
    expect(rng.stream).toBe(0);
    gumbelTopK([0, 1], 2, { rng });
    const second = gumbelTopK([0, 1], 2, { rng });
    expectSameBest(second, gumbelTopK([0, 1], 2, { seed: 25, stream: 1 }));
    expect(rng.stream).toBe(2);
  });
});

describe("limits", () => {
  test("temperature 0: the k largest of what was given, smaller index first, noise ignored", () => {
    const weights = random(900, 30, 0, 5).map(Math.floor);
    const best = gumbelTopK(weights, 40, { from: "weights", temperature: 0, seed: 1 });
    expectSame(best.index, sorted(weights, 40));
    const limit = new Float32Array(40).fill(-Infinity).fill(0, 0, 1);
    expectSame(best.logProb, limit);
    expectSame(best.score, limit);
    const noise = new Float32Array(900).fill(-Infinity);
    expectSame(gumbelTopK(weights, 40, { temperature: 0, noise }).index, best.index);
  });

  test("one +∞ is certain: probability 1, and its score is its noise", () => {
    for (const classes of [3, 500]) {
      const logits = random(classes, 31);
      logits[2] = Infinity;
      const best = gumbelTopK(logits, 1, { seed: 32 });
      expect(best.index[0]).toBe(2);
      expect(best.logProb[0]).toBe(0);
      expect(best.score[0]).toBe(gumbelNoise(1, classes, { seed: 32 })[2]);
      const noise = random(classes, 33);
      expect(gumbelTopK(logits, 1, { noise }).score[0]).toBe(noise[2]);
    }
  });

  test("marked rows: the others are right", () => {
    const rows = [
      [1, 2, 3],
      [1, Number.NaN, 2],
      [0, -Infinity, -Infinity],
      [3, 2, 1],
    ];
    const best = gumbelTopK(rows, 2, { seed: 34, onInvalidRow: "mark" });
    for (const row of [1, 2]) {
      const { index, score, logProb } = rowOf(best, row, 2);
      expectSame(index, Int32Array.of(-1, -1));
      expectSame(score, new Float32Array(2).fill(Number.NaN));
      expectSame(logProb, new Float32Array(2).fill(Number.NaN));
    }
    for (const row of [0, 3]) {
      expectSameBest(rowOf(best, row, 2), gumbelTopK(rows[row], 2, { seed: 34, row }));
    }
  });

  test("no rows", () => {
    expect(gumbelTopK([], 2, { classes: 3 }).index).toHaveLength(0);
  });

  test("results go to arrays that are given; rows behind an invalid one stay as they are", () => {
    const out = {
      index: new Int32Array(4).fill(7),
      score: new Float32Array(4).fill(7),
      logProb: new Float32Array(4).fill(7),
    };
    const best = gumbelTopK(
      [
        [1, 2, 3],
        [3, 2, 1],
      ],
      2,
      { seed: 35, out },
    );
    expect(best).toEqual(out);
    expect(best.score).toBe(out.score);
    out.index.fill(7);
    const error = errorOf(() =>
      gumbelTopK(
        [
          [1, 2, 3],
          [-Infinity, 1, -Infinity],
        ],
        2,
        { out },
      ),
    );
    expect(error).toBe(
      'RangeError: "k" expected at most as many as each row has possible classes, got 2 at row 1',
    );
    expect([...out.index.subarray(2)]).toEqual([7, 7]);
    expect(out.index[0]).not.toBe(7);
  });
});

describe("what is refused", () => {
  const x = [1, 2, 3];
  const floats = new Float32Array(2);
  refused([
    [
      "k beyond the classes",
      () => untyped(x, 4),
      'RangeError: "k" expected an integer from 1 to the number of classes (3), got 4',
    ],
    [
      "no k",
      () => untyped(x, 0),
      'RangeError: "k" expected an integer from 1 to the number of classes (3), got 0',
    ],
    [
      "half a k",
      () => untyped(x, 1.5),
      'RangeError: "k" expected an integer from 1 to the number of classes (3), got 1.5',
    ],
    ["k of another kind", () => untyped(x, "2"), 'TypeError: "k" expected a number, got "2"'],
    [
      "an unknown option",
      () => untyped(x, 1, { tau: 1 }),
      'TypeError: "options" expected only seed, stream, row, rng, classes, from, noise, onInvalidRow, temperature, out, mask, bias, shape, axis, got "tau"',
    ],
    [
      "an unknown output",
      () => untyped(x, 1, { out: { soft: floats } }),
      'TypeError: "out" expected only index, score, logProb, got "soft"',
    ],
    [
      "an output of another kind",
      () => untyped(x, 2, { out: { index: floats } }),
      'TypeError: "out.index" expected an Int32Array, got a Float32Array',
    ],
    [
      "an output of another length",
      () => untyped(x, 1, { out: { score: floats } }),
      'RangeError: "out.score" expected length 1, got length 2',
    ],
    [
      "one output for two",
      () => untyped(x, 2, { out: { score: floats, logProb: floats } }),
      'RangeError: "out.logProb" expected memory apart from "out.score", got shared memory',
    ],
    [
      "an output that is the input",
      () => untyped(floats, 2, { out: { score: floats } }),
      'RangeError: "out.score" expected memory apart from "logits", got shared memory',
    ],
    [
      "temperature below 0",
      () => untyped(x, 1, { temperature: -1 }),
      'RangeError: "temperature" expected a finite number >= 0, got -1',
    ],
    [
      "noise and a key",
      () => untyped(x, 1, { noise: x, seed: 1 }),
      'TypeError: "noise" expected no "seed" with it, got 1',
    ],
    [
      "NaN",
      () =>
        untyped(
          [
            [1, 2],
            [1, Number.NaN],
          ],
          1,
        ),
      'RangeError: "logits" expected no NaN, got NaN at row 1, class 1',
    ],
    [
      "two infinities",
      () => untyped([Infinity, Infinity], 1),
      'RangeError: "logits" expected at most one Infinity in each row, got more in row 0',
    ],
    [
      "a second class beside +∞",
      () => untyped([Infinity, 1], 2),
      'RangeError: "k" expected at most as many as each row has possible classes, got 2 at row 0',
    ],
    [
      "a negative weight",
      () => untyped([1, -1], 1, { from: "weights" }),
      'RangeError: "logits" expected finite weights >= 0, got -1 at row 0, class 1',
    ],
    [
      "noise of −∞ where k needs it",
      () => untyped(x, 3, { noise: [0, -Infinity, 0] }),
      'RangeError: "k" expected at most as many as each row has possible classes, got 3 at row 0',
    ],
    [
      "noise of NaN",
      () => untyped(x, 1, { noise: [0, Number.NaN, 0] }),
      'RangeError: "noise" expected finite values or -Infinity, got NaN at row 0, class 1',
    ],
  ]);
});
