/**
 * The laws of conditional, truncated and top-down Gumbel variables, with fixed seeds. Kolmogorov–Smirnov: sqrt(n)·D
 * < 2.2253; chi-square: below the 0.9999 quantile. Each has a false alarm of 10^-4.
 */

import { categorical, gumbelMax } from "gumbel";
import { gumbelGivenArgmax, gumbelTopDown, truncatedGumbel } from "gumbel/estimators";
import { describe, expect, test } from "vitest";
import { chiSquareRatio, countsOf, ksRatio, normalised, pairRatio } from "./support/api-stats.ts";

const rows = 50_000;
const logits = [-1, 0.5, 1.25];
const classes = logits.length;
const law = normalised(logits.map(Math.exp));
const logSum = Math.log(logits.reduce((sum, l) => sum + Math.exp(l), 0));
const many = Float32Array.from({ length: rows * classes }, (_, i) => logits[i % classes]);
const eighths: number[] = Array(8).fill(1 / 8);

const column = (x: ArrayLike<number>, i: number) =>
  Float64Array.from({ length: x.length / classes }, (_, row) => x[row * classes + i]);

const eighth = (u: number) => Math.min(7, Math.floor(8 * u));

/** What is uniform if x is a Gumbel variable with this location. */
const uniform = (location: number, x: Float64Array) =>
  x.map((x) => Math.exp(-Math.exp(location - x)));

/** The same below a bound of 0, exact wherever the location is. */
const uniformBelow = (location: number, x: Float64Array) =>
  x.map((x) => Math.exp(-Math.exp(location) * Math.expm1(-x)));

/** Checks that `value` has the law of l + G: each class, and each two of them. */
function expectPerturbed(value: Float32Array): void {
  const u = logits.map((l, i) => uniform(l, column(value, i)));
  for (const [i, values] of u.entries()) expect(ksRatio(values), `class ${i}`).toBeLessThan(1);
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ]) {
    const [x, y] = [u[a].map(eighth), u[b].map(eighth)];
    expect(pairRatio(x, y, eighths), `classes ${a} and ${b}`).toBeLessThan(1);
  }
}

/** Checks that the largest of each row is at `index`; two can be rounded to one value. */
function expectLargest(value: Float32Array, index: Int32Array): void {
  let ties = 0;
  index.forEach((top, row) => {
    const values = value.subarray(row * classes, (row + 1) * classes);
    const most = Math.max(...values);
    expect(values[top]).toBe(most);
    if (values.filter((y) => y === most).length > 1) ties++;
  });
  expect(ties).toBeLessThan(5);
}

describe("given an argmax that is drawn: the law of l + G, n = 50,000", () => {
  test.each([
    ["categorical with the same key", () => categorical(many, { classes, seed: 1 })],
    ["gumbelMax with the same key", () => gumbelMax(many, { classes, seed: 1 })],
    ["categorical with another", () => categorical(many, { classes, seed: 2, stream: 3 })],
  ])(
    "by %s: each class, pairs in 8 × 8 cells (63 degrees, 113.505), argmax (2, 18.421)",
    (_, draw) => {
      const index = draw();
      const value = gumbelGivenArgmax(many, index, { classes, seed: 1 });
      expectLargest(value, index);
      expect(chiSquareRatio(countsOf(index, classes), law)).toBeLessThan(1);
      expectPerturbed(value);
    },
  );

  test.each([0, 1, 2])(
    "given %i: the largest is a Gumbel variable at log Σ e^l, the others below it",
    (top) => {
      const value = gumbelGivenArgmax(many, top, { classes, seed: 3 });
      expectLargest(value, new Int32Array(rows).fill(top));
      const most = column(value, top);
      expect(ksRatio(uniform(logSum, most))).toBeLessThan(1);
      const u = logits.map((l, i) => {
        return column(value, i).map((x, row) =>
          Math.exp(Math.exp(l - most[row]) - Math.exp(l - x)),
        );
      });
      const [a, b] = [0, 1, 2].filter((i) => i !== top).map((i) => u[i]);
      expect(ksRatio(a)).toBeLessThan(1);
      expect(ksRatio(b)).toBeLessThan(1);
      expect(pairRatio(a.map(eighth), b.map(eighth), eighths)).toBeLessThan(1);
      const largest = uniform(logSum, most).map(eighth);
      expect(pairRatio(a.map(eighth), largest, eighths)).toBeLessThan(1);
    },
  );
});

describe("truncated: the exact law, n = 50,000 for each class", () => {
  test.each([-20, -5, -1, 0, 1, 5, 20])("at 0, locations around %d", (shift) => {
    const locations = logits.map((l) => l + shift);
    const x = Float32Array.from(many, (l) => l + shift);
    const value = truncatedGumbel(x, 0, { classes, seed: 4 });
    const u = locations.map((l, i) => uniformBelow(l, column(value, i)));
    for (const values of u) expect(ksRatio(values)).toBeLessThan(1);
    expect(pairRatio(u[0].map(eighth), u[1].map(eighth), eighths)).toBeLessThan(1);
    for (const y of value) expect(y).toBeLessThanOrEqual(0);
  });

  test("bounds that differ from row to row", () => {
    const bound = Float32Array.from({ length: rows }, (_, row) => [-2, 0.5, 3, Infinity][row % 4]);
    const value = truncatedGumbel(many, bound, { classes, seed: 5 });
    for (const [i, l] of logits.entries()) {
      const u = column(value, i).map((x, row) =>
        Math.exp(Math.exp(l - bound[row]) - Math.exp(l - x)),
      );
      expect(ksRatio(u), `class ${i}`).toBeLessThan(1);
    }
  });
});

describe("top-down: index, maximum and all variables at once, n = 50,000", () => {
  const { index, max, value } = gumbelTopDown(many, { classes, seed: 6 });

  test("the law of l + G", () => {
    expectPerturbed(value);
    expectLargest(value, index);
  });

  test("the maximum is a Gumbel variable at log Σ e^l, whatever the index: 3 × 8 cells, 23 degrees, 57.075", () => {
    const u = uniform(logSum, Float64Array.from(max));
    expect(ksRatio(u)).toBeLessThan(1);
    const cells = Float64Array.from(index, (top, row) => 8 * top + eighth(u[row]));
    const expected = law.flatMap((p) => eighths.map((q) => p * q));
    expect(chiSquareRatio(countsOf(cells, 24), expected)).toBeLessThan(1);
  });
});
