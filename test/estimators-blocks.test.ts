/** The building blocks of REBAR and RELAX against their formulas in float64, their identities, limits and errors. */

import { readFileSync } from "node:fs";
import { categorical, gumbelMax, gumbelNoise, type Matrix, Rng, setBackend, softmax } from "gumbel";
import {
  gumbelGivenArgmax,
  gumbelGivenArgmaxVjp,
  gumbelTopDown,
  gumbelTopDownVjp,
  truncatedGumbel,
  truncatedGumbelVjp,
} from "gumbel/estimators";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dot, expectSame, random } from "./support/api-arrays.ts";
import { batchOf, js } from "./support/kernels.ts";
import type { WordKey } from "./support/words.ts";

interface Row {
  row: number;
  from: "logits" | "weights";
  input: (number | null)[];
  noise?: number[];
  v: number[];
  index: number;
  value: (number | null)[];
  gradient: number[];
  bound: number | null;
  truncated: (number | null)[];
  truncatedGradient: number[];
  boundGradient: number;
}

const FIXTURES: { seed: number; stream: number; rows: Row[] } = JSON.parse(
  readFileSync(new URL("fixtures/blocks.json", import.meta.url), "utf8"),
);

const orLeast = (x: (number | null)[]) => x.map((x) => x ?? Number.NEGATIVE_INFINITY);
const size = (x: ArrayLike<number>) => Array.from(x).reduce((sum, x) => sum + Math.abs(x), 0);

describe.each(["wasm-simd", "js"] as const)(
  "%s: formulas of the papers, by autograd in float64",
  (name) => {
    beforeAll(() => void setBackend(name));

    /** Noise that is drawn is off by 2·10^-7·max(1, |G|), G below 22 here; that which is given isn't. */
    const noiseError = (row: Row) => (row.noise === undefined ? 5e-6 : 0);

    const cases = FIXTURES.rows.map((row) => {
      const x = orLeast(row.input);
      const { seed, stream } = FIXTURES;
      const key = row.noise === undefined ? { seed, stream, row: row.row } : { noise: row.noise };
      return { name: `row ${row.row}`, row, x, options: { from: row.from, ...key } };
    });

    function expectValues(actual: Float32Array, values: (number | null)[], row: Row): void {
      expect(actual).toHaveLength(values.length);
      orLeast(values).forEach((value, i) => {
        if (value === Number.NEGATIVE_INFINITY) expect(actual[i]).toBe(value);
        else {
          const bound = 2 ** -24 * Math.abs(value) + 1e-12 + noiseError(row);
          expect(Math.abs(actual[i] - value), `class ${i}`).toBeLessThanOrEqual(bound);
        }
      });
    }

    function expectGradient(actual: Float32Array, expected: number[], row: Row): void {
      expect(actual).toHaveLength(expected.length);
      expected.forEach((value, i) => {
        // σ and softmax move by a quarter of what the noise moves by, at most, from either side.
        const scale = row.from === "weights" ? (row.input[i] as number) : 1;
        const slack = ((1e-12 + noiseError(row)) * size(row.v)) / scale;
        const bound = value === 0 && row.input[i] === null ? 0 : 2 ** -23 * Math.abs(value) + slack;
        expect(Math.abs(actual[i] - value), `class ${i}`).toBeLessThanOrEqual(
          scale === 0 ? 0 : bound,
        );
      });
    }

    test.each(cases)("$name: given the argmax", ({ row, x, options }) => {
      expectValues(gumbelGivenArgmax(x, row.index, options), row.value, row);
      const { value, vjp } = gumbelGivenArgmaxVjp(x, row.index, options);
      expectValues(value, row.value, row);
      expectGradient(vjp(row.v).input, row.gradient, row);
    });

    test.each(cases)("$name: truncated", ({ row, x, options }) => {
      const bound = row.bound ?? Infinity;
      expectValues(truncatedGumbel(x, bound, options), row.truncated, row);
      const { value, vjp } = truncatedGumbelVjp(x, bound, options);
      expectValues(value, row.truncated, row);
      const gradient = vjp(row.v);
      expectGradient(gradient.input, row.truncatedGradient, row);
      const slack = (1e-12 + noiseError(row)) * size(row.v);
      const most = 2 ** -23 * Math.abs(row.boundGradient) + slack;
      expect(Math.abs(gradient.bound[0] - row.boundGradient)).toBeLessThanOrEqual(most);
    });
  },
);

afterAll(() => void setBackend("wasm-simd"));

/** log Σ e^l and the variables below the largest, in float64. */
const logSum = (l: number[]) => Math.log(l.reduce((sum, l) => sum + Math.exp(l), 0));
const below = (g: number, bound: number) => -Math.log(Math.exp(-g) + Math.exp(-bound));

/** Central differences, whose own error is 10^-10 here. */
function differences(f: (x: number[]) => number, x: number[]): number[] {
  const step = 1e-5;
  return x.map((_, i) => {
    const [more, less] = [step, -step].map((step) => f(x.with(i, x[i] + step)));
    return (more - less) / (2 * step);
  });
}

describe("gradients are those of central differences in float64: within 10^-7 of the upstream's size", () => {
  const l = [0.25, -1, 1.5, 0.75, -0.5];
  const v = [0.5, -1, 2, 0.25, -0.75];
  const noise = [0.125, 2, -0.5, 1.25, 0.75];

  function expectNear(actual: Float32Array, expected: number[]): void {
    expect(actual).toHaveLength(expected.length);
    for (const [i, value] of expected.entries()) {
      expect(Math.abs(actual[i] - value)).toBeLessThan(1e-7 * size(v));
    }
  }

  test.each([0, 1, 2, 3, 4])("given the argmax %i", (index) => {
    const loss = (l: number[]) => {
      const most = logSum(l) + noise[index];
      return dot(
        v,
        l.map((l, i) => (i === index ? most : below(l + noise[i], most))),
      );
    };
    const { input } = gumbelGivenArgmaxVjp(l, index, { noise }).vjp(v);
    expectNear(input, differences(loss, l));
    // T moves by softmax, the others by σ and by the rest of T's: all logits up by one, all variables up by one.
    expect(input.reduce((a, b) => a + b)).toBeCloseTo(
      v.reduce((a, b) => a + b),
      5,
    );
  });

  test.each([-3, 0.5, 4])("truncated at %d, by the logits and by the bound", (bound) => {
    const loss = ([bound, ...l]: number[]) =>
      dot(
        v,
        l.map((l, i) => below(l + noise[i], bound)),
      );
    const [byBound, ...byLogits] = differences(loss, [bound, ...l]);
    const gradient = truncatedGumbelVjp(l, bound, { noise }).vjp(v);
    expectNear(gradient.input, byLogits);
    expectNear(gradient.bound, [byBound]);
  });

  test("by weights it is that by logits over the weights", () => {
    const weights = l.map(Math.exp).map(Math.fround);
    const at = { noise, from: "weights" } as const;
    const byWeights = gumbelGivenArgmaxVjp(weights, 2, at).vjp(v).input;
    const byLogits = gumbelGivenArgmaxVjp(weights.map(Math.log), 2, { noise }).vjp(v).input;
    for (const [i, g] of byWeights.entries()) expect(g * weights[i]).toBeCloseTo(byLogits[i], 5);
  });
});

/** Noise of a purpose: 4 where the argmax is known, 8 below a bound. */
function noiseOf(
  purpose: 4 | 8,
  classes: number,
  rows: number,
  key: Partial<WordKey>,
): Float32Array {
  const out = new Float32Array(rows * classes);
  js.noise(batchOf({ rows, classes, key: { seed: 1n, stream: 0, row: 0, ...key } }), out, purpose);
  return out;
}

const LENGTHS = [1, 2, 3, 4, 5, 15, 16, 17, 255, 256, 257, 511, 512, 513, 1000];

describe.each(LENGTHS)("%i classes", (classes) => {
  const rows = 7;
  const x = random(rows * classes, classes, -5, 5);
  // Some are impossible, but the first of each row.
  for (let i = 0; i < x.length; i += 3) if (i % classes > 0) x[i] = -Infinity;
  const v = random(x.length, classes + 1);
  const key = { classes, seed: 2n ** 63n + 1n, stream: 2 ** 35, row: 9 };

  test("both backends give the same bits", () => {
    const [wasm, js] = (["wasm-simd", "js"] as const).map((name) => {
      setBackend(name);
      const topDown = gumbelTopDownVjp(x, key);
      const given = gumbelGivenArgmaxVjp(x, topDown.index, key);
      const truncated = truncatedGumbelVjp(x, 0.5, key);
      return [
        ...[topDown.index, topDown.max, topDown.value, topDown.vjp(v).input],
        ...[given.value, given.vjp(v).input],
        ...[truncated.value, truncated.vjp(v).input, truncated.vjp(v).bound],
      ];
    });
    setBackend("wasm-simd");
    for (const [i, result] of wasm.entries()) expectSame(result, js[i], `result ${i}`);
  });

  test("top-down is the variables given categorical's draw, and their largest", () => {
    const { index, max, value } = gumbelTopDown(x, key);
    expectSame(index, categorical(x, key));
    expectSame(value, gumbelGivenArgmax(x, index, key));
    index.forEach((top, row) => {
      const values = value.subarray(row * classes, (row + 1) * classes);
      expect(max[row]).toBe(values[top]);
      for (const y of values) expect(y).toBeLessThanOrEqual(max[row]);
    });
  });

  test("the functions with derivatives draw the same, and their key draws it again", () => {
    const topDown = gumbelTopDownVjp(x, key);
    const { index, max, value } = gumbelTopDown(x, { classes, ...topDown.key });
    expectSame(topDown.index, index);
    expectSame(topDown.max, max);
    expectSame(topDown.value, value);
    const given = gumbelGivenArgmaxVjp(x, index, key);
    expectSame(given.value, gumbelGivenArgmax(x, index, { classes, ...given.key }));
    expectSame(given.vjp(v).input, topDown.vjp(v).input);
    const truncated = truncatedGumbelVjp(x, -1, key);
    expectSame(truncated.value, truncatedGumbel(x, -1, { classes, ...truncated.key }));
  });

  test("below the largest they are truncated there, but for its rounding to float32", () => {
    const { index, max, value } = gumbelTopDown(x, key);
    const noise = noiseOf(4, classes, rows, key);
    truncatedGumbel(x, max, { classes, noise }).forEach((y, i) => {
      if (i % classes === index[Math.floor(i / classes)] || y === value[i]) return;
      expect(Math.abs(y - value[i])).toBeLessThan(
        2 ** -22 * (1 + Math.abs(y) + Math.abs(max[Math.floor(i / classes)])),
      );
    });
  });

  test("each row is what it is alone", () => {
    const index = categorical(x, key);
    const all = gumbelGivenArgmax(x, index, key);
    for (let row = 0; row < rows; row++) {
      const [start, end] = [row * classes, (row + 1) * classes];
      const alone = { ...key, row: key.row + row };
      expectSame(gumbelGivenArgmax(x.slice(start, end), index[row], alone), all.slice(start, end));
    }
  });
});

describe("noise and streams", () => {
  test("gumbelMax, variables with a known argmax and those below a bound have noise of their own", () => {
    const noise = noiseOf(4, 3, 1, {});
    const below = noiseOf(8, 3, 1, {});
    const all = [...noise, ...below, ...gumbelNoise(1, 3, { seed: 1 })];
    expect(new Set(all).size).toBe(9);
    expectSame(truncatedGumbel([0, 0, 0], Infinity, { seed: 1 }), below);
    expectSame(
      gumbelGivenArgmax([1, 2, 3], 1, { seed: 1 }),
      gumbelGivenArgmax([1, 2, 3], 1, { noise }),
    );
    expect(gumbelGivenArgmaxVjp([1, 2, 3], 1, { noise }).key).toBeUndefined();
  });

  test("a call takes one stream of an rng, if it succeeds", () => {
    const rng = new Rng(5);
    const first = gumbelGivenArgmax([0, 1], 1, { rng });
    expectSame(first, gumbelGivenArgmax([0, 1], 1, { seed: 5 }));
    expect(() => gumbelGivenArgmax([0, -Infinity], 1, { rng })).toThrow(RangeError);
    expect(() => gumbelTopDown([NaN, 0], { rng })).toThrow(RangeError);
    expect(() => truncatedGumbel([NaN, 0], 1, { rng })).toThrow(RangeError);
    expect(rng.state.stream).toBe(1);
    truncatedGumbelVjp([0, 1], 1, { rng });
    gumbelTopDownVjp([0, 1], { rng });
    expect(rng.state.stream).toBe(3);
  });
});

describe("limits", () => {
  test("−∞ stays −∞, with a gradient of 0 whatever arrives there; so does a weight of 0", () => {
    const up = [1, Number.NaN, 2];
    for (const [x, from] of [
      [[0, -Infinity, 1], "logits"],
      [[1, 0, 2], "weights"],
    ] as const) {
      const given = gumbelGivenArgmaxVjp(x, 0, { from, seed: 1 });
      const truncated = truncatedGumbelVjp(x, 1, { from, seed: 1 });
      for (const { value, vjp } of [given, truncated]) {
        expect(value[1]).toBe(-Infinity);
        const { input } = vjp(up);
        expect(input[1]).toBe(0);
        expect(Number.isFinite(input[0]) && Number.isFinite(input[2])).toBe(true);
      }
      expect(Number.isFinite(truncated.vjp(up).bound[0])).toBe(true);
    }
  });

  test("one +∞: it is the largest, the others are l + G; truncated it is the bound", () => {
    const x = [0.5, Infinity, -1];
    const noise = [1, 2, 3];
    const given = gumbelGivenArgmaxVjp(x, 1, { noise });
    expect([...given.value]).toEqual([1.5, Infinity, 2]);
    expect([...given.vjp([1, 2, 3]).input]).toEqual([1, 0, 3]);
    const truncated = truncatedGumbelVjp(x, 100, { noise });
    expect([...truncated.value]).toEqual([1.5, 100, 2]);
    expect([...truncated.vjp([1, 2, 3]).input]).toEqual([1, 0, 3]);
    expect([...truncated.vjp([1, 2, 3]).bound]).toEqual([2]);
    expect([...truncatedGumbel(x, Infinity, { noise })]).toEqual([1.5, Infinity, 2]);
    expect([...truncatedGumbelVjp(x, Infinity, { noise }).vjp([1, 2, 3]).bound]).toEqual([0]);
    expect([...gumbelTopDown(x, { seed: 1 }).index]).toEqual([1]);
  });

  test("given noise of −∞ leaves a class at −∞, but not the largest", () => {
    const noise = [0, -Infinity, 1];
    expect(gumbelGivenArgmax([0, 1, 2], 0, { noise })[1]).toBe(-Infinity);
    expect(truncatedGumbel([0, 1, 2], 5, { noise })[1]).toBe(-Infinity);
    const { input } = gumbelGivenArgmaxVjp([0, 1, 2], 0, { noise }).vjp([1, 1, 1]);
    const truncated = truncatedGumbelVjp([0, 1, 2], 5, { noise }).vjp([1, 1, 1]);
    expect(input.every(Number.isFinite)).toBe(true);
    expect(truncated.input[1]).toBe(0);
  });

  test("no location is too large; equal to the largest is the most that another becomes", () => {
    for (const x of [
      [3e38, 1e30, 0, -1e30, -3e38],
      [1e4, -1e4, 9999, 0, 1e4],
    ]) {
      for (let index = 0; index < x.length; index++) {
        const value = gumbelGivenArgmax(x, index, { seed: 3 });
        for (const y of value) expect(y).toBeLessThanOrEqual(value[index]);
        const { input } = gumbelGivenArgmaxVjp(x, index, { seed: 3 }).vjp([1, 2, 3, 4, 5]);
        expect(input.every(Number.isFinite)).toBe(true);
        for (const y of truncatedGumbel(x, -7, { seed: 3 })) expect(y).toBeLessThanOrEqual(-7);
      }
    }
  });

  test("one class: the largest is l + G; its gradient is all that arrives", () => {
    const { value, max, vjp } = gumbelTopDownVjp([2], { seed: 1 });
    const noise = noiseOf(4, 1, 1, {});
    expect(value[0]).toBe(Math.fround(2 + noise[0]));
    expect(max[0]).toBe(value[0]);
    expect([...vjp([3]).input]).toEqual([3]);
  });

  test("what can't be moved has the gradient 0, whatever arrives there", () => {
    const { vjp } = truncatedGumbelVjp([Infinity, 0], 1, { seed: 1 });
    expect(vjp([NaN, 1]).input[0]).toBe(0);
    const given = gumbelGivenArgmaxVjp([Infinity, 0], 0, { seed: 1 });
    const expected = given.vjp([0, 1]).input;
    expectSame(given.vjp([NaN, 1]).input, expected);
  });

  test("the maximum moves by softmax(l), to the last digit", () => {
    const l = random(100, 5);
    const { input } = gumbelGivenArgmaxVjp(l, 7, { seed: 1 }).vjp(l.map((_, i) => Number(i === 7)));
    for (const [i, y] of softmax(l).entries()) {
      expect(Math.abs(input[i] - y)).toBeLessThan(2 ** -19 * y);
    }
  });

  test("no rows", () => {
    expect(gumbelGivenArgmax([], 0, { classes: 3 })).toHaveLength(0);
    expect(truncatedGumbelVjp([], 0, { classes: 3 }).vjp([]).bound).toHaveLength(0);
    expect(gumbelTopDown([], { classes: 3 }).index).toHaveLength(0);
  });

  test("results where the caller wants them, the input's own place among them", () => {
    const x = random(12, 8);
    const index = [1, 2, 0, 3];
    const options = { classes: 3, seed: 2 } as const;
    const given = gumbelGivenArgmax(x, [1, 2, 0, 1], options);
    const truncated = truncatedGumbel(x, [1, 2, 3, 4], options);
    const place = x.slice();
    expect(gumbelGivenArgmax(place, [1, 2, 0, 1], { ...options, out: place })).toBe(place);
    expectSame(place, given);
    place.set(x);
    expectSame(truncatedGumbel(place, [1, 2, 3, 4], { ...options, out: place }), truncated);
    const noise = gumbelNoise(4, 3, { seed: 1 });
    const byNoise = gumbelGivenArgmax(x, [1, 2, 0, 1], { classes: 3, noise });
    expectSame(gumbelGivenArgmax(x, [1, 2, 0, 1], { classes: 3, noise, out: noise }), byNoise);
    const v = random(12, 9);
    const { vjp } = truncatedGumbelVjp(x, index, options);
    const expected = vjp(v).input;
    expectSame(vjp(v, { out: v }).input, expected);
    const out = { index: new Int32Array(4), max: new Float32Array(4), value: new Float32Array(12) };
    const drawn = gumbelTopDown(x, { ...options, out });
    expect(drawn.index).toBe(out.index);
    expect(drawn.max).toBe(out.max);
    expect(drawn.value).toBe(out.value);
    expectSame(out.value, gumbelTopDown(x, options).value);
  });
});

describe("rows that are no law", () => {
  const rows: Matrix = [
    [0, 1],
    [Number.NaN, 1],
    [-Infinity, -Infinity],
    [1, 0],
  ];

  test("marked: NaN, in values and gradients; the others are right", () => {
    const mark = { onInvalidRow: "mark", seed: 1 } as const;
    const index = gumbelMax(rows, mark);
    expect([...index.subarray(1, 3)]).toEqual([-1, -1]);
    const v = [1, 2, 3, 4, 5, 6, 7, 8];
    const topDown = gumbelTopDownVjp(rows, mark);
    expect([...topDown.index.subarray(1, 3)]).toEqual([-1, -1]);
    expect([...topDown.max.subarray(1, 3)]).toEqual([Number.NaN, Number.NaN]);
    const truncated = truncatedGumbelVjp(rows, 3, mark);
    expect([...truncated.vjp(v).bound.subarray(1, 3)]).toEqual([Number.NaN, Number.NaN]);
    for (const { value, vjp } of [gumbelGivenArgmaxVjp(rows, index, mark), topDown, truncated]) {
      for (const result of [value, vjp(v).input]) {
        expect([...result.subarray(2, 6)]).toEqual(Array(4).fill(Number.NaN));
        expect([...result.subarray(0, 2), ...result.subarray(6)].every(Number.isFinite)).toBe(true);
      }
    }
    const last = { seed: 1, row: 3 };
    expectSame(topDown.value.slice(6), gumbelTopDown(rows[3], last).value);
    expectSame(truncated.value.slice(6), truncatedGumbel(rows[3], 3, last));
  });

  test("a class that the row never draws is marked, too", () => {
    const value = gumbelGivenArgmax(
      [
        [0, -Infinity],
        [0, 1],
        [0, Infinity],
      ],
      [1, 1, 0],
      {
        onInvalidRow: "mark",
        seed: 1,
      },
    );
    expect([...value].map(Number.isNaN)).toEqual([true, true, false, false, true, true]);
  });

  test("thrown: rows before are done, the others as they were", () => {
    const before = [9, 9, 9, 9, 9, 9, 9, 9];
    const out = Float32Array.from(before);
    expect(() => gumbelGivenArgmax(rows, 1, { seed: 1, out })).toThrow(/got NaN at row 1, class 0/);
    expect([...out.subarray(2)]).toEqual(before.slice(2));
    expectSame(out.slice(0, 2), gumbelGivenArgmax([0, 1], 1, { seed: 1 }));
    out.set(before);
    expect(() => truncatedGumbel(rows, 1, { seed: 1, out })).toThrow(/got NaN at row 1, class 0/);
    expect([...out.subarray(2)]).toEqual(before.slice(2));
    out.set(before);
    expect(() => gumbelTopDown(rows, { seed: 1, out: { value: out } })).toThrow(/row 1, class 0/);
    expect([...out.subarray(2)]).toEqual(before.slice(2));
  });
});
