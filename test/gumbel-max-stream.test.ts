/** A row in pieces: the index of the whole row, the law, and what is refused. */

import { gumbelMax, gumbelMaxStream, gumbelNoise, Rng } from "gumbel";
import { describe, expect, test } from "vitest";
import { random, uniform } from "./support/api-arrays.ts";
import { detached, errorOf, NO_ARRAY, refused } from "./support/api-errors.ts";
import { chiSquareRatio, countsOf, normalised } from "./support/api-stats.ts";
import { gumbelMaxStream as untyped } from "./support/api-untyped.ts";

type Options = Parameters<typeof gumbelMaxStream>[0];

/** The result of a row that is cut behind every `sizes[i]` columns, over and over. */
function inPieces(row: ArrayLike<number>, sizes: readonly number[], options: Options): number {
  const stream = gumbelMaxStream(options);
  const all = Array.from(row);
  for (let at = 0, i = 0; at < all.length; at += sizes[i++ % sizes.length]) {
    stream.push(all.slice(at, at + sizes[i % sizes.length]));
  }
  expect(stream.classes).toBe(row.length);
  return stream.finish();
}

const CUTS = [[1], [3], [16], [255], [256], [257], [1, 0, 2, 3, 5, 300, 7, 64], [5000]];
const LENGTHS = [1, 2, 3, 4, 5, 15, 16, 17, 64, 65, 255, 256, 257, 400, 1000, 4099];

const maxOf = (row: ArrayLike<number>) => Array.from(row).reduce((a, b) => (a < b ? b : a));

function rowsOf(classes: number): [name: string, row: Float32Array][] {
  const plain = random(classes, classes);
  const certain = plain.slice();
  certain[classes >> 1] = Infinity;
  return [
    ["plain", plain],
    ["masked", plain.map((l, i) => (i % 3 === 1 ? -Infinity : l))],
    ["rising", plain.map((_, i) => i / 10)],
    ["falling", plain.map((_, i) => -i / 10)],
    ["large", plain.map((l) => l + 1e6)],
    ["huge and equal", new Float32Array(classes).fill(1e30)],
    ["certain", certain],
  ];
}

describe("the index of the whole row", () => {
  test.each(LENGTHS)("%i classes, however it is cut", (classes) => {
    for (const [name, row] of rowsOf(classes)) {
      for (const [seed, temperature] of [1, 0.7, 20, 0].entries()) {
        const options = { seed, stream: 5, row: 6, temperature };
        const [whole] = gumbelMax(row, options);
        for (const sizes of CUTS) {
          const what = `${name}, T = ${temperature}, cut by ${sizes}`;
          expect(inPieces(row, sizes, { ...options, max: maxOf(row) }), what).toBe(whole);
          // No two scores of these rows agree to 2^-22.
          expect(inPieces(row, sizes, options), what).toBe(whole);
        }
      }
    }
  });

  test("a vocabulary in chunks of 4096, Float32Array and Array", () => {
    const row = random(151_936, 1, -8, 8);
    for (let seed = 0; seed < 10; seed++) {
      const [whole] = gumbelMax(row, { seed });
      for (const max of [undefined, maxOf(row)]) {
        const stream = gumbelMaxStream({ seed, max });
        for (let at = 0; at < row.length; at += 4096) {
          const piece = row.subarray(at, at + 4096);
          stream.push(seed % 2 === 0 ? piece : Array.from(piece));
        }
        expect(stream.finish()).toBe(whole);
      }
    }
  });

  test("logits that rise by far more than noise, column after column", () => {
    const row = Float32Array.from({ length: 3000 }, (_, i) => i * 1e30);
    expect(inPieces(row, [7], { seed: 1 })).toBe(2999);
    expect(inPieces(row.reverse(), [7], { seed: 1 })).toBe(0);
  });
});

describe("without max the index differs only where two scores agree to 2^-22·(|l − max|/T + |score|)", () => {
  /** Compares both indices; returns whether they differ. */
  function compare(row: Float32Array, temperature: number, seed: number): boolean {
    const noise = gumbelNoise(1, row.length, { seed });
    const [whole] = gumbelMax(row, { seed, temperature });
    const index = inPieces(row, [3, 5], { seed, temperature });
    if (index === whole) return false;
    const max = maxOf(row);
    // The kernels know 1/T in float32.
    const scale = Math.fround(1 / temperature);
    const distance = (i: number) => Math.abs(row[i] - max) * scale;
    const score = (i: number) => noise[i] - distance(i);
    const [a, b] = [index, whole];
    const size = (i: number) => distance(i) + Math.abs(score(i));
    const apart = Math.abs(score(a) - score(b));
    expect(apart, `seed ${seed}`).toBeLessThanOrEqual(2 ** -22 * Math.max(size(a), size(b)));
    const largest = Math.max(...row.map(Math.abs)) / temperature;
    const bound = 2 ** -22 * (largest + Math.max(Math.abs(score(a)), Math.abs(score(b))));
    expect(apart, `seed ${seed}`).toBeLessThanOrEqual(bound);
    return true;
  }

  test.each([1, 0.3, 7, 50])("rows made so that two scores nearly agree, T = %d", (temperature) => {
    let differing = 0;
    for (let seed = 0; seed < 4000; seed++) {
      const row = random(6, seed, -3 * temperature, 3 * temperature);
      const noise = gumbelNoise(1, 6, { seed });
      const scores = Array.from(row, (l, i) => l / temperature + noise[i]);
      const [first, second] = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a]);
      row[second] += (scores[first] - scores[second]) * temperature;
      if (compare(row, temperature, seed)) differing++;
    }
    // Else nothing was shown.
    expect(differing).toBeGreaterThan(50);
  });

  test("40,000 rows at random", () => {
    let differing = 0;
    for (let seed = 0; seed < 40_000; seed++) {
      if (compare(random(8, seed), seed % 2 === 0 ? 1 : 0.9, seed)) differing++;
    }
    expect(differing).toBeLessThan(3);
  });
});

test("the law without max, in chunks of 2: n = 2^15, chi-square, 9 degrees, 33.72", () => {
  const next = uniform(3);
  const weights = Array.from({ length: 10 }, next);
  const logits = weights.map(Math.log);
  const rng = new Rng(4);
  const drawn = Array.from({ length: 2 ** 15 }, () => inPieces(logits, [2], { rng }));
  expect(rng.stream).toBe(2 ** 15);
  expect(chiSquareRatio(countsOf(drawn, 10), normalised(weights))).toBeLessThan(1);
});

test("equal logits far too large for the noise to be added to them are equally likely: n = 2^13, chi-square, 8 degrees, 31.828", () => {
  const drawn = Array.from({ length: 2 ** 13 }, (_, seed) =>
    inPieces(Array(9).fill(3e38), [4], { seed }),
  );
  expect(chiSquareRatio(countsOf(drawn, 9), Array(9).fill(1 / 9))).toBeLessThan(1);
});

describe("errors", () => {
  const started = (options: object = {}, ...chunks: number[][]) => {
    const stream = gumbelMaxStream({ seed: 1, ...options });
    for (const chunk of chunks) stream.push(chunk);
    return stream;
  };
  refused([
    [
      "NaN",
      () => started({}, [1, 2], [3, Number.NaN]),
      'RangeError: "logits" expected no NaN, got NaN at class 3',
    ],
    [
      "a second +∞ in a chunk",
      () => started({}, [1], [Infinity, Infinity]),
      'RangeError: "logits" expected at most one Infinity, got another at class 2',
    ],
    [
      "a second +∞ in another chunk",
      () => started({}, [Infinity], [1, 2], [3, Infinity]),
      'RangeError: "logits" expected at most one Infinity, got another at class 4',
    ],
    [
      "a second +∞ at temperature 0",
      () => started({ temperature: 0 }, [Infinity], [Infinity]),
      'RangeError: "logits" expected at most one Infinity, got another at class 1',
    ],
    [
      "NaN behind +∞",
      () => started({}, [Infinity], [Number.NaN]),
      'RangeError: "logits" expected no NaN, got NaN at class 1',
    ],
    [
      "a logit above max",
      () => started({ max: 2 }, [1, 2], [3]),
      'RangeError: "logits" expected none above "max" (2), got 3 at class 2',
    ],
    [
      "+∞ above max",
      () => started({ max: 2 }, [Infinity]),
      'RangeError: "logits" expected none above "max" (2), got Infinity at class 0',
    ],
    [
      "a max that never came",
      () => started({ max: 2 }, [1]).finish(),
      'RangeError: "max" expected the largest logit that has come (1), got 2',
    ],
    [
      "a max of +∞ that never came",
      () => started({ max: Infinity }, [1]).finish(),
      'RangeError: "max" expected the largest logit that has come (1), got Infinity',
    ],
    [
      "no logits",
      () => started().finish(),
      'RangeError: "logits" expected one above -Infinity, got none',
    ],
    [
      "nothing but −∞",
      () => started({}, [-Infinity], [-Infinity]).finish(),
      'RangeError: "logits" expected one above -Infinity, got none',
    ],
    [
      "max NaN",
      () => untyped({ max: Number.NaN }),
      'RangeError: "max" expected a number above -Infinity, within float32, got NaN',
    ],
    [
      "max beyond float32",
      () => untyped({ max: 1e39 }),
      'RangeError: "max" expected a number above -Infinity, within float32, got 1e+39',
    ],
    [
      "max of another kind",
      () => untyped({ max: "2" }),
      'TypeError: "max" expected a number, got "2"',
    ],
    [
      "temperature below 0",
      () => untyped({ temperature: -1 }),
      'RangeError: "temperature" expected a finite number >= 0, got -1',
    ],
    [
      "an unknown option",
      () => untyped({ classes: 3 }),
      'TypeError: "options" expected only seed, stream, row, rng, temperature, max, got "classes"',
    ],
    [
      "two seeds",
      () => untyped({ seed: [1, 2] }),
      'RangeError: "seed" expected one value, or one a row (1), got length 2',
    ],
    [
      "a row of rows",
      () => untyped({}).push([[1, 2]]),
      'TypeError: "logits[0]" expected a number, got an Array',
    ],
    [
      "a number beyond float32",
      () => untyped({}).push([1e39]),
      'RangeError: "logits[0]" expected a number within float32, got 1e+39',
    ],
    [
      "a detached chunk",
      () => untyped({}).push(detached(new Float32Array(3))),
      'TypeError: "logits" expected an attached buffer, got a detached one',
    ],
    ...NO_ARRAY.map(
      ([value, shown]) =>
        [
          `a chunk that is ${shown}`,
          () => untyped({}).push(value),
          `TypeError: "logits" expected an array of numbers, got ${shown}`,
        ] as const,
    ),
  ]);

  test("push after finish, finish twice", () => {
    const stream = started({}, [1, 2]);
    stream.finish();
    expect(errorOf(() => stream.push([1]))).toBe(
      'Error: "push" expected a stream that goes on, got one that is finished',
    );
    expect(errorOf(() => stream.finish())).toBe(
      'Error: "finish" expected a stream that goes on, got one that is finished',
    );
  });

  test("a chunk that is refused leaves the stream as it was, and so does a finish that throws", () => {
    const row = random(20, 9);
    for (const max of [undefined, maxOf(row)]) {
      const stream = gumbelMaxStream({ seed: 2, max });
      expect(errorOf(() => stream.finish())).toMatch("RangeError");
      stream.push(row.subarray(0, 7));
      expect(errorOf(() => stream.push([9, Number.NaN]))).toMatch("NaN at class 8");
      stream.push(row.subarray(7));
      expect(stream.classes).toBe(20);
      expect(stream.finish()).toBe(gumbelMax(row, { seed: 2 })[0]);
    }
  });

  test("two streams of one rng have a stream each, whatever their order", () => {
    const row = random(50, 10);
    const rng = new Rng(11);
    const [a, b] = [gumbelMaxStream({ rng }), gumbelMaxStream({ rng })];
    b.push(row);
    a.push(row);
    expect([a.finish(), b.finish()]).toEqual(
      [0, 1].map((stream) => gumbelMax(row, { seed: 11, stream })[0]),
    );
  });
});
