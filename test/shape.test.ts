/**
 * What `shape` and `axis` mean, against PyTorch's `dim` and float64 loops over indices; where results go, which rows
 * errors name, what is refused.
 */

import { readFileSync } from "node:fs";
import fc from "fast-check";
import {
  categorical,
  filterTokens,
  gumbelGivenMax,
  gumbelMax,
  gumbelSoftmax,
  gumbelSoftmaxVjp,
  gumbelTopK,
  logSoftmax,
  logSoftmaxVjp,
  logSumExp,
  logSumExpVjp,
  Rng,
  sampleTokens,
  softmax,
  softmaxBackward,
  softmaxVjp,
} from "gumbel";
import { describe, expect, test } from "vitest";
import { readMatrix } from "../ts/arrays.ts";
import { dot, expectSame, random } from "./support/api-arrays.ts";
import { detached, errorOf, type Refused, refused, type Untyped } from "./support/api-errors.ts";
import { moved, sizeOf } from "./support/axes.ts";

const seed = 1;

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, error: number): void {
  expect(actual.length).toBe(expected.length);
  const largest = Array.from(expected).reduce((d, x, i) => Math.max(d, Math.abs(actual[i] - x)), 0);
  expect(largest).toBeLessThan(error);
}

describe("PyTorch's dim", () => {
  const { cases, tau } = JSON.parse(
    readFileSync(new URL("fixtures/axis.json", import.meta.url), "utf8"),
  );
  for (const { shape, x, noise, upstream: v, along } of cases) {
    test.each(along as { axis: number; [name: string]: number[] | number }[])(
      `[${shape}] along $axis`,
      (expected) => {
        const { axis } = expected;
        const o = { shape, axis };
        const near = (name: string, actual: Float32Array) =>
          expectNear(actual, expected[name] as number[], 1e-5);
        near("softmax", softmax(x, o));
        near("logSoftmax", logSoftmax(x, o));
        near("logSumExp", logSumExp(x, o));
        near("gumbelSoftmax", gumbelSoftmax(x, { ...o, noise, tau }));
        near("softmaxGradient", softmaxVjp(x, o).vjp(v).input);
        near("softmaxGradient", softmaxBackward(softmax(x, o), v, o));
        near("logSoftmaxGradient", logSoftmaxVjp(x, o).vjp(v).input);
        near("gumbelSoftmaxGradient", gumbelSoftmaxVjp(x, { ...o, noise, tau }).vjp(v).input);
        expect([...gumbelMax(x, { ...o, noise })]).toEqual(expected.argmax);
      },
    );
  }
});

/** Softmax of (x + g)/τ along an axis in float64, by the indices of each value; τ one a row. */
function naive(
  x: ArrayLike<number>,
  g: ArrayLike<number>,
  tau: (row: number) => number,
  shape: number[],
  axis: number,
): Float64Array {
  const classes = shape[axis] as number;
  const places = moved(shape, axis);
  const rowOf = (i: number) => Math.floor((places[i] as number) / classes);
  const sums = new Float64Array(places.length / classes);
  const e = Float64Array.from(places, (_, i) => Math.exp((x[i] + g[i]) / tau(rowOf(i))));
  for (const [i, value] of e.entries()) sums[rowOf(i)] += value;
  return e.map((value, i) => value / sums[rowOf(i)]);
}

test("softmax is that of loops over indices", () => {
  const shapes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(shapes, fc.nat(), (shape, number) => {
      const axis = number % shape.length;
      const x = random(sizeOf(shape), number);
      const t = (row: number) => 0.5 + (row % 3);
      const rows = x.length / (shape[axis] as number);
      const temperature = Array.from({ length: rows }, (_, row) => t(row));
      const y = softmax(x, { shape, axis, temperature });
      expectNear(y, naive(x, new Float32Array(x.length), t, shape, axis), 1e-6);
    }),
    { seed, numRuns: 60 },
  );
});

describe("gradients along an inner axis are differences of float64 loops", () => {
  const [shape, axis] = [[2, 5, 3], 1];
  const [x, noise, v] = [1, 2, 3].map((i) => random(30, i)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const taus = [0.5, 1, 2, 0.75, 1.5, 3];
  const value = (x: ArrayLike<number>, taus: number[]) =>
    dot(
      v,
      naive(x, noise, (row) => taus[row] as number, shape, axis),
    );
  const STEP = 1e-5;
  const differences = (at: ArrayLike<number>, f: (x: number[]) => number) =>
    Array.from(at, (_, i) => {
      const step = (d: number) => f(Array.from(at, (x, j) => (i === j ? x + d : x)));
      return (step(STEP) - step(-STEP)) / (2 * STEP);
    });

  test.each([false, true])("hard: %s", (hard) => {
    const g = gumbelSoftmaxVjp(x, { shape, axis, noise, tau: taus, hard });
    const { input, tau } = g.vjp(v, { tau: true });
    expectNear(
      input,
      differences(x, (x) => value(x, taus)),
      1e-5,
    );
    expectNear(
      tau as Float32Array,
      differences(taus, (taus) => value(x, taus)),
      1e-5,
    );
    const t = random(30, 4);
    expect(dot(v, g.jvp({ input: t }))).toBeCloseTo(dot(input, t), 4);
  });
});

describe("copies", () => {
  const x = random(24, 1);

  test.each([
    [[24], 0],
    [[2, 3, 4], 2],
    [[2, 12, 1], 1],
    [[4, 6, 1, 1], -3],
    [[3, 1, 8], 1],
  ])("none where rows lie one after the other: %j along %i", (shape, axis) => {
    expect(readMatrix("x", x, undefined, shape, axis).data).toBe(x);
  });

  test("one where they don't", () => {
    const { data } = readMatrix("x", x, undefined, [2, 3, 4], 1);
    expect(data.buffer).not.toBe(x.buffer);
    expect(data.subarray(3, 6)).toEqual(Float32Array.of(x[1], x[5], x[9]));
  });
});

describe("results in place", () => {
  const layout = { shape: [3, 9, 10], axis: 1 };
  const [x, y] = [random(270, 1), random(270, 2)];
  type Call = (x: Float32Array, y: Float32Array, out?: Float32Array) => Float32Array;
  const ONE: [name: string, call: (x: Float32Array, out?: Float32Array) => Float32Array][] = [
    ["softmax", (x, out) => softmax(x, { ...layout, out })],
    ["logSoftmax", (x, out) => logSoftmax(x, { ...layout, out })],
    ["gumbelSoftmax", (x, out) => gumbelSoftmax(x, { ...layout, seed, out })],
    ["gumbelGivenMax", (x, out) => gumbelGivenMax(x, 1, { ...layout, seed, out })],
    ["filterTokens", (x, out) => filterTokens(x, { ...layout, topP: 0.7, out })],
  ];
  const TWO: [name: string, call: Call][] = [
    ["softmaxBackward", (x, y, out) => softmaxBackward(x, y, { ...layout, out })],
    ["gumbelSoftmax", (x, noise, out) => gumbelSoftmax(x, { ...layout, noise, out })],
    ["hard", (x, noise, out) => gumbelSoftmax(x, { ...layout, noise, hard: true, out })],
    ["gumbelGivenMax", (x, noise, out) => gumbelGivenMax(x, 1, { ...layout, noise, out })],
  ];

  test.each(ONE)("%s: over the input", (_, call) => {
    const out = x.slice();
    expect(call(out, out)).toBe(out);
    expectSame(out, call(x));
  });

  test.each(TWO)("%s of two arrays: over either", (_, call) => {
    const expected = call(x, y);
    const [first, second] = [x.slice(), y.slice()];
    expect(call(first, y, first)).toBe(first);
    expectSame(first, expected);
    expect(call(x, second, second)).toBe(second);
    expectSame(second, expected);
  });

  test.each([
    ["softmaxVjp", () => softmaxVjp(x, layout)],
    ["logSoftmaxVjp", () => logSoftmaxVjp(x, layout)],
    ["gumbelSoftmaxVjp", () => gumbelSoftmaxVjp(x, { ...layout, seed })],
  ])("%s: gradients over what arrives", (_, make) => {
    const d = make();
    const [v, t] = [y.slice(), y.slice()];
    const gradient = d.vjp(y).input;
    const tangent = d.jvp({ input: y });
    expectSame(d.vjp(v, { out: v }).input, gradient);
    expectSame(d.jvp({ input: t }, { out: t }), tangent);
  });

  test("into arrays that are given", () => {
    const [sample, soft] = [new Float32Array(270), new Float32Array(270)];
    const index = new Int32Array(30);
    const options = { ...layout, seed, hard: true };
    const expected = gumbelSoftmaxVjp(x, options);
    const g = gumbelSoftmaxVjp(x, { ...options, out: { sample, soft, index } });
    expect([g.sample, g.soft, g.index]).toEqual([sample, soft, index]);
    expectSame(sample, expected.sample);
    expectSame(soft, expected.soft);
    expectSame(index, expected.index);
  });

  test("not over some of an input", () => {
    const { buffer } = random(280, 1);
    const [x, out] = [new Float32Array(buffer, 0, 270), new Float32Array(buffer, 40, 270)];
    const before = new Float32Array(buffer.slice(0));
    expect(errorOf(() => softmax(x, { ...layout, out }))).toBe(
      'RangeError: "out" expected the same view as "x" or memory of its own, got overlapping views',
    );
    expectSame(new Float32Array(buffer), before);
  });
});

describe("what closures keep, they keep as it was given", () => {
  const layout = { shape: [2, 3, 4], axis: 1 };
  const [a, b, v] = [1, 2, 3].map((i) => random(24, i)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];

  test("so changing it changes the gradient", () => {
    const x = a.slice();
    const soft = softmaxVjp(a, layout);
    soft.value.set(softmax(b, layout));
    expectSame(soft.vjp(v).input, softmaxVjp(b, layout).vjp(v).input);
    const sum = logSumExpVjp(x, layout);
    x.set(b);
    expectSame(sum.vjp(2).input, logSumExpVjp(b, layout).vjp(2).input);
  });

  test("and what has gone since is refused", () => {
    const noise = a.slice();
    const g = gumbelSoftmaxVjp(b, { ...layout, noise });
    const d = logSoftmaxVjp(a, layout);
    detached(noise);
    detached(d.value);
    expect(errorOf(() => g.vjp(v, { tau: true }))).toBe(
      'TypeError: "noise" expected an attached buffer, got a detached one',
    );
    expect(errorOf(() => d.vjp(v))).toBe(
      'TypeError: "value" expected an attached buffer, got a detached one',
    );
  });

  test("and gradients go elsewhere", () => {
    const d = softmaxVjp(a, layout);
    expect(errorOf(() => d.vjp(v, { out: d.value }))).toBe(
      'RangeError: "out" expected memory apart from "value", got shared memory',
    );
  });
});

describe("invalid rows", () => {
  /** Row 4 of the six, at [1, ·, 1], has NaN at class 2. */
  const x = random(18, 1);
  x[9 + 2 * 3 + 1] = Number.NaN;
  const layout = { shape: [2, 3, 3], axis: 1 };
  const rowOf = (i: number) => Math.floor(i / 9) * 3 + (i % 3);
  const DONE: [name: string, call: (x: Float32Array, o: object) => Float32Array][] = [
    ["softmax", (x, o) => softmax(x, { ...layout, ...o })],
    ["logSoftmax", (x, o) => logSoftmax(x, { ...layout, ...o })],
    ["gumbelSoftmax", (x, o) => gumbelSoftmax(x, { ...layout, seed, ...o })],
    ["gumbelGivenMax", (x, o) => gumbelGivenMax(x, 1, { ...layout, seed, ...o })],
    ["filterTokens", (x, o) => filterTokens(x, { ...layout, topK: 2, ...o })],
  ];

  test.each(DONE)("%s: rows before it are done, it and later ones untouched", (name, call) => {
    const label = name.endsWith("oftmax") && !name.startsWith("g") ? "x" : "logits";
    const marked = call(x, { onInvalidRow: "mark" });
    expect(Array.from(marked, (value, i) => Number.isNaN(value) === (rowOf(i) === 4))).toEqual(
      new Array(18).fill(true),
    );
    for (const inPlace of [false, true]) {
      const input = x.slice();
      const out = inPlace ? input : new Float32Array(18).fill(7);
      const before = out.slice();
      expect(errorOf(() => call(input, { out }))).toBe(
        `RangeError: "${label}" expected no NaN, got NaN at row 4, class 2`,
      );
      expectSame(
        out,
        marked.map((value, i) => (rowOf(i) < 4 ? value : before[i])),
      );
    }
  });

  test("index -1 where indices are marked, and no stream for a call that throws", () => {
    const rng = new Rng(1);
    const o = { ...layout, rng };
    for (const call of [gumbelMax, categorical, sampleTokens, gumbelSoftmaxVjp] as Untyped[]) {
      expect(errorOf(() => call(x, o))).toContain("got NaN at row 4, class 2");
    }
    expect(errorOf(() => gumbelTopK(x, 4, o))).toContain('"k" expected');
    expect(errorOf(() => gumbelTopK(x, 2, o))).toContain("got NaN at row 4, class 2");
    expect(rng.state.stream).toBe(0);
    const marked = gumbelMax(x, { ...o, onInvalidRow: "mark" });
    expect([...marked].map((index) => index < 0)).toEqual([0, 0, 0, 0, 1, 0].map(Boolean));
    expect(rng.state.stream).toBe(1);
  });

  test("given noise by its row", () => {
    const noise = new Float32Array(18);
    noise[9 + 1 * 3 + 2] = Number.NaN;
    expect(errorOf(() => gumbelSoftmax(random(18, 1), { ...layout, noise }))).toBe(
      'RangeError: "noise" expected finite values or -Infinity, got NaN at row 5, class 1',
    );
  });
});

test("a nested array has the shape [rows, classes]", () => {
  const x = [
    [1, 2, 3],
    [4, 6, 8],
  ];
  expectSame(softmax(x, { shape: [2, 3], axis: 0 }), softmax(x.flat(), { shape: [2, 3], axis: 0 }));
  expectSame(softmax(x, { shape: [2, 3] }), softmax(x));
  const noise = [
    [0, 1, 0],
    [9, 0, 9],
  ];
  expect([...gumbelMax(x, { shape: [2, 3], axis: 0, noise })]).toEqual([1, 1, 1]);
});

test("a shape may be any array of integers, and is read once", () => {
  const shape = Int32Array.of(2, 3);
  const d = softmaxVjp(random(6, 1), { shape, axis: 0 });
  const { input } = d.vjp(random(6, 2));
  shape.fill(6);
  expectSame(d.vjp(random(6, 2)).input, input);
});

describe("what is refused", () => {
  const x = new Float32Array(24);
  const call = softmax as Untyped;
  const given =
    (options: object, input: unknown = x) =>
    () =>
      call(input, options);
  const sizes = 'RangeError: "shape" expected sizes whose product is the length of "x" (24), got';
  const axes = (rank: number, got: string) =>
    `RangeError: "axis" expected an integer from -${rank} to ${rank - 1}, since "shape" has length ${rank}, got ${got}`;
  const CASES: Refused[] = [
    ["no array", given({ shape: 24 }), 'TypeError: "shape" expected an array of integers, got 24'],
    ["null", given({ shape: null }), 'TypeError: "shape" expected an array of integers, got null'],
    [
      "a Map",
      given({ shape: new Map() }),
      'TypeError: "shape" expected an array of integers, got a Map',
    ],
    [
      "no axes",
      given({ shape: [] }),
      'RangeError: "shape" expected at least one axis, got length 0',
    ],
    ["a string", given({ shape: [2, "12"] }), 'TypeError: "shape[1]" expected a number, got "12"'],
    [
      "a fraction",
      given({ shape: [1.5, 16] }),
      'RangeError: "shape[0]" expected an integer from 0 to 2^53 - 1, got 1.5',
    ],
    [
      "below 0",
      given({ shape: [-4, -6] }),
      'RangeError: "shape[0]" expected an integer from 0 to 2^53 - 1, got -4',
    ],
    ["another product", given({ shape: [2, 3, 5] }), `${sizes} 2 x 3 x 5 = 30`],
    ["another length", given({ shape: [25] }), `${sizes} 25`],
    [
      "no classes",
      given({ shape: [3, 0] }, []),
      'RangeError: "shape[1]" expected an integer from 1 to 2^30, got 0',
    ],
    [
      "an axis of another kind",
      given({ shape: [24], axis: "0" }),
      'TypeError: "axis" expected a number, got "0"',
    ],
    ["an axis beyond", given({ shape: [2, 3, 4], axis: 3 }), axes(3, "3")],
    ["an axis before", given({ shape: [4, 6], axis: -3 }), axes(2, "-3")],
    ["a fraction of an axis", given({ shape: [24], axis: 0.5 }), axes(1, "0.5")],
    ["an axis alone", given({ axis: 0 }), 'TypeError: "axis" expected a "shape" with it, got 0'],
    [
      "an axis with classes",
      given({ axis: 0, classes: 4 }),
      'TypeError: "axis" expected a "shape" with it, got 0',
    ],
    [
      "a shape with classes",
      given({ shape: [6, 4], classes: 4 }),
      'TypeError: "shape" expected no "classes" with it, got 4',
    ],
    [
      "nested rows of another shape",
      given({ shape: [3, 2] }, [
        [1, 2, 3],
        [4, 5, 6],
      ]),
      'RangeError: "x" expected 3 rows, got 2 rows',
    ],
    [
      "nested rows of another rank",
      given({ shape: [1, 2, 3] }, [
        [1, 2, 3],
        [4, 5, 6],
      ]),
      'TypeError: "x" expected a flat array, since "shape" has length 3, got an Array',
    ],
    [
      "an upstream of another length",
      () => softmaxVjp(x, { shape: [2, 3, 4], axis: 1 }).vjp(new Float32Array(12)),
      'RangeError: "v" expected length 24 (2 x 3 x 4), got length 12',
    ],
    [
      "nested noise of another shape",
      () =>
        gumbelMax(x, {
          shape: [12, 2],
          axis: 0,
          noise: [[...x.subarray(12)], [...x.subarray(12)]],
        }),
      'RangeError: "noise" expected 12 rows, got 2 rows',
    ],
    [
      "an out without the axis",
      () => logSumExp(x, { shape: [2, 3, 4], axis: 1, out: new Float32Array(6) }),
      'RangeError: "out" expected length 8, got length 6',
    ],
    [
      "values for rows of the last axis",
      () => softmax(x, { shape: [2, 3, 4], axis: 1, temperature: new Float32Array(6) }),
      'RangeError: "temperature" expected one value, or one a row (8), got length 6',
    ],
    [
      "k beyond the axis",
      () => gumbelTopK(x, 4, { shape: [2, 3, 4], axis: 1 }),
      'RangeError: "k" expected an integer from 1 to the number of classes (3), got 4',
    ],
  ];
  refused(CASES);
});
