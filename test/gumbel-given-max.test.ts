/** Gumbel variables with a given maximum: exact values, their law, and what is refused. */

import { readFileSync } from "node:fs";
import { gumbelGivenMax, gumbelMax, gumbelNoise } from "gumbel";
import { describe, expect, test } from "vitest";
import { expectSame, random } from "./support/api-arrays.ts";
import { refused } from "./support/api-errors.ts";
import { chiSquareRatio, countsOf, ksRatio, normalised } from "./support/api-stats.ts";
import { gumbelGivenMax as untyped } from "./support/api-untyped.ts";

interface Row {
  logits: number[];
  noise: number[];
  max: number;
  moved: number[];
}

const ROWS: Row[] = JSON.parse(
  readFileSync(new URL("fixtures/given-max.json", import.meta.url), "utf8"),
);

test("values of 1200 digits, from far below the locations to far above, to float32 rounding", () => {
  expect(ROWS).toHaveLength(20);
  for (const { logits, noise, max, moved } of ROWS) {
    const largest = Math.max(...logits.map((l, i) => l + noise[i]));
    gumbelGivenMax(logits, max, { noise }).forEach((value, i) => {
      const d = largest - logits[i] - noise[i];
      const sizes = 1 + Math.abs(max) + Math.abs(logits[i]) + Math.abs(noise[i]);
      const bound = 2 ** -24 * Math.abs(moved[i]) + 2 ** -50 * sizes * (1 + 1 / d);
      if (d === 0) expect(value).toBe(max);
      else expect(Math.abs(value - moved[i]), `${i} of ${logits}`).toBeLessThanOrEqual(bound);
    });
  }
});

/** Rows of the same locations. */
function repeated(row: readonly number[], rows: number): Float32Array {
  return Float32Array.from({ length: rows * row.length }, (_, i) => row[i % row.length]);
}

describe("the law", () => {
  const logits = [-1, 0.5, -0.3, -2.5];
  const classes = logits.length;
  const rows = 50_000;

  test.each([-3, 0.25, 2, 9])("given the maximum %d", (max) => {
    const y = gumbelGivenMax(repeated(logits, rows), max, { classes, seed: 1 });
    const winners = gumbelMax(repeated(logits, rows), { classes, seed: 1 });
    // Which is the largest doesn't depend on how large it is: n = 50,000, chi-square, 3 degrees, 21.108.
    const law = normalised(logits.map(Math.exp));
    expect(chiSquareRatio(countsOf(winners, classes), law)).toBeLessThan(1);
    const uniform = logits.map((l, i) => {
      const cdf = (g: number) => Math.exp(-Math.exp(l - g));
      const others: number[] = [];
      for (let row = 0; row < rows; row++) {
        const value = y[row * classes + i];
        if (winners[row] === i) expect(value).toBe(max);
        // By its law in Kool et al., a Gumbel variable with this location, truncated at the maximum; as a logarithm,
        // which is exact where the location lies far above the maximum.
        else
          others.push(
            max < l - 2 ? Math.exp(Math.exp(l - max) - Math.exp(l - value)) : cdf(value) / cdf(max),
          );
      }
      return Float64Array.from(others);
    });
    for (const [i, values] of uniform.entries()) {
      // sqrt(n)·D < 2.2253: false alarm 10^-4 for each class.
      expect(ksRatio(values), `class ${i}`).toBeLessThan(1);
    }
  });

  test("two classes that aren't the largest are independent: n = 50,000, 8 × 8 cells, chi-square, 63 degrees, 113.505", () => {
    const max = 0.25;
    const y = gumbelGivenMax(repeated([0, 0, 0], rows), max, { classes: 3, seed: 2 });
    const cells: number[] = [];
    const eighth = (g: number) =>
      Math.min(7, Math.floor(8 * Math.exp(Math.exp(-max) - Math.exp(-g))));
    for (let row = 0; row < rows; row++) {
      const [a, b] = Array.from(y.subarray(3 * row, 3 * row + 3)).filter((g) => g < max);
      cells.push(8 * eighth(a) + eighth(b));
    }
    expect(chiSquareRatio(countsOf(cells, 64), Array(64).fill(1 / 64))).toBeLessThan(1);
  });

  test("with the maximum that l + G has, it is l + G", () => {
    const logits = random(1000, 3);
    const noise = gumbelNoise(1, 1000, { seed: 3 });
    const perturbed = Float64Array.from(logits, (l, i) => l + noise[i]);
    const max = Math.fround(Math.max(...perturbed));
    gumbelGivenMax(logits, max, { seed: 3 }).forEach((value, i) => {
      // The maximum is rounded, which moves those close to it.
      const bound = 2 ** -23 * (1 + max) * (1 + 1 / Math.max(max - perturbed[i], 2 ** -20));
      expect(Math.abs(value - perturbed[i])).toBeLessThan(value === max ? 2 ** -20 : bound);
    });
  });
});

describe("order and limits", () => {
  test.each([1, 3, 16, 17, 64, 65, 256, 257, 399, 400, 1000])(
    "%i classes: at most the maximum, which is at gumbelMax's index; order that of l + G",
    (classes) => {
      const rows = 20;
      const logits = random(rows * classes, classes, -20, 3);
      const max = random(rows, 5, -30, 30);
      const y = gumbelGivenMax(logits, max, { classes, seed: 6 });
      const noise = gumbelNoise(rows, classes, { seed: 6 });
      expectSame(gumbelGivenMax(logits, max, { classes, noise }), y);
      gumbelMax(logits, { classes, seed: 6 }).forEach((winner, row) => {
        const values = y.subarray(row * classes, (row + 1) * classes);
        expect(values[winner]).toBe(max[row]);
        const key = (i: number) => logits[row * classes + i] + noise[row * classes + i];
        const columns = Array.from(values.keys()).sort((a, b) => key(b) - key(a));
        for (let j = 1; j < classes; j++) {
          expect(values[columns[j]]).toBeLessThanOrEqual(values[columns[j - 1]]);
        }
        const alone = { seed: 6, row };
        expectSame(
          gumbelGivenMax(logits.subarray(row * classes, (row + 1) * classes), max[row], alone),
          values.slice(),
        );
      });
    },
  );

  test("−∞ stays −∞, by its location, its noise or its weight", () => {
    const y = gumbelGivenMax([0, -Infinity, 1, 2], 3, { noise: [0, 1, -Infinity, 1] });
    expect([...y.subarray(1, 3)]).toEqual([-Infinity, -Infinity]);
    expect(y[3]).toBe(3);
    const weights = gumbelGivenMax([1, 0, 2], 0, { from: "weights", seed: 1 });
    expect(weights[1]).toBe(-Infinity);
    expect(Math.max(...weights)).toBe(0);
  });

  test("one +∞ is the maximum; the others are truncated Gumbels: n = 50,000, sqrt(n)·D < 2.2253 (10^-4)", () => {
    const y = gumbelGivenMax(repeated([0.5, Infinity], 50_000), 1, { classes: 2, seed: 8 });
    const cdf = (g: number) => Math.exp(-Math.exp(0.5 - g));
    expect(y.filter((_, i) => i % 2 === 1).every((g) => g === 1)).toBe(true);
    const others = y.filter((_, i) => i % 2 === 0);
    expect(ksRatio(Float64Array.from(others, (g) => cdf(g) / cdf(1)))).toBeLessThan(1);
  });

  test("no location or maximum is too large", () => {
    for (const max of [-3e38, -1e30, 0, 1e30, 3e38]) {
      const y = gumbelGivenMax([3e38, 1e30, 0, -1e30, -3e38], max, { seed: 9 });
      expect(y[0]).toBe(Math.fround(max));
      for (const value of y) expect(value).toBeLessThanOrEqual(Math.fround(max));
      expect(y.some((value) => Number.isNaN(value))).toBe(false);
    }
  });

  test("marked rows, rows into themselves, no rows", () => {
    const rows = [
      [1, 2],
      [Number.NaN, 2],
      [2, 1],
    ];
    const y = gumbelGivenMax(rows, [1, 2, 3], { seed: 10, onInvalidRow: "mark" });
    expect([...y.subarray(2, 4)]).toEqual([Number.NaN, Number.NaN]);
    expectSame(y.slice(4), gumbelGivenMax([2, 1], 3, { seed: 10, row: 2 }));
    const x = Float32Array.of(1, 2, 2, 1);
    const apart = gumbelGivenMax(x, 1, { classes: 2, seed: 11 });
    expectSame(gumbelGivenMax(x, 1, { classes: 2, seed: 11, out: x }), apart);
    expect(gumbelGivenMax([], 1, { classes: 2 })).toHaveLength(0);
  });
});

describe("what is refused", () => {
  const x = [1, 2];
  const most = "a finite number within float32";
  refused([
    ["no maximum", () => untyped(x), 'TypeError: "max" expected a number, got undefined'],
    ["NaN", () => untyped(x, Number.NaN), `RangeError: "max" expected ${most}, got NaN`],
    ["−∞", () => untyped(x, -Infinity), `RangeError: "max" expected ${most}, got -Infinity`],
    ["beyond float32", () => untyped(x, 1e39), `RangeError: "max" expected ${most}, got 1e+39`],
    [
      "one bad of two",
      () => untyped([x, x], [1, "2"]),
      'TypeError: "max[1]" expected a number, got "2"',
    ],
    [
      "too few",
      () => untyped([x, x], [1]),
      'RangeError: "max" expected one value, or one a row (2), got length 1',
    ],
    [
      "a temperature",
      () => untyped(x, 1, { temperature: 1 }),
      'TypeError: "options" expected only seed, stream, row, rng, classes, from, noise, onInvalidRow, out, shape, axis, got "temperature"',
    ],
    [
      "a row of nothing",
      () => untyped([-Infinity, -Infinity], 1),
      'RangeError: "logits" expected a logit above -Infinity in each row, got none in row 0',
    ],
    [
      "an output of another length",
      () => untyped(x, 1, { out: new Float32Array(3) }),
      'RangeError: "out" expected length 2, got length 3',
    ],
  ]);
});
