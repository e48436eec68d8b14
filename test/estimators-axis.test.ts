/** Estimators along an inner axis: what closures keep, where results go, which rows an error leaves done. */

import {
  binaryConcrete,
  binaryConcreteLogProb,
  binaryConcreteLogProbVjp,
  binaryConcreteVjp,
  concreteKlVjp,
  concreteLogProbVjp,
  entropy,
  entropyVjp,
  gumbelGivenArgmax,
  gumbelGivenArgmaxVjp,
  gumbelTopDown,
  klDivergenceVjp,
  logGumbelSoftmax,
  truncatedGumbel,
  truncatedGumbelVjp,
} from "gumbel/estimators";
import { describe, expect, test } from "vitest";
import { expectSame, random } from "./support/api-arrays.ts";
import { detached, errorOf } from "./support/api-errors.ts";

const seed = 1;
const layout = { shape: [2, 3, 4], axis: 1 };
const [a, b, c, v] = [1, 2, 3, 4].map((i) => random(24, i)) as [
  Float32Array,
  Float32Array,
  Float32Array,
  Float32Array,
];

/** Makes a closure of two arrays, and returns how its gradients are asked for. */
type Keeping = (x: Float32Array, y: Float32Array) => () => object;

const KEEPING: [name: string, make: Keeping][] = [
  ["entropy", (x) => withOnes(entropyVjp(x, layout))],
  ["klDivergence", (x, y) => withOnes(klDivergenceVjp(x, y, layout))],
  ["concreteLogProb", (x, y) => withOnes(concreteLogProbVjp(x, y, layout))],
  ["concreteKl", (x, y) => withOnes(concreteKlVjp(x, c, { ...layout, prior: y }))],
  [
    "binaryConcreteLogProb",
    (x, y) => {
      const d = binaryConcreteLogProbVjp(x, y, { ...layout, space: "logit" });
      return () => d.vjp(v);
    },
  ],
  ["gumbelGivenArgmax", (x, y) => withV(gumbelGivenArgmaxVjp(x, 1, { ...layout, noise: y }))],
  ["truncatedGumbel", (x, y) => withV(truncatedGumbelVjp(x, 1, { ...layout, noise: y }))],
];

function withOnes({ vjp }: { vjp(v: number): object }): () => object {
  return () => vjp(1);
}

function withV({ vjp }: { vjp(v: Float32Array): object }): () => object {
  return () => vjp(v);
}

describe("what closures keep, they keep as it was given", () => {
  test.each(KEEPING)("%s: changing it changes the gradients", (_, make) => {
    const [x, y] = [a.slice(), b.slice()];
    const gradients = make(x, y);
    const before = gradients();
    x.set(b);
    y.set(c);
    expect(gradients()).toEqual(make(b, c)());
    expect(gradients()).not.toEqual(before);
  });

  test.each(KEEPING)("%s: what has gone since is refused", (_, make) => {
    const x = a.slice();
    const gradients = make(x, b);
    detached(x);
    expect(errorOf(gradients)).toMatch(/^TypeError: "(logits|sample)" expected an attached buffer/);
  });

  test("a sample in logit space", () => {
    const options = { ...layout, seed, space: "logit" } as const;
    const g = binaryConcreteVjp(a, options);
    const expected = binaryConcreteVjp(b, options);
    g.soft.set(expected.soft);
    expectSame(
      g.vjp(v, { tau: true }).tau as Float32Array,
      expected.vjp(v, { tau: true }).tau as Float32Array,
    );
  });
});

/** A function with a result in the shape of its input. */
type Shaped = (x: Float32Array, o: object) => Float32Array;

/** Row 4 of the six, at [1, ·, 1], has NaN at class 2. */
const invalid = random(18, 1);
invalid[9 + 2 * 3 + 1] = Number.NaN;
const cube = { shape: [2, 3, 3], axis: 1 };
const rowOf = (i: number) => Math.floor(i / 9) * 3 + (i % 3);
const other = random(18, 2);

const SHAPED: [name: string, call: Shaped][] = [
  ["logGumbelSoftmax", (x, o) => logGumbelSoftmax(x, { ...cube, seed, ...o })],
  ["binaryConcrete", (x, o) => binaryConcrete(x, { ...cube, seed, ...o })],
  [
    "binaryConcreteLogProb",
    (x, o) => binaryConcreteLogProb(other, x, { ...cube, space: "logit", ...o }),
  ],
  ["gumbelGivenArgmax", (x, o) => gumbelGivenArgmax(x, 1, { ...cube, seed, ...o })],
  ["truncatedGumbel", (x, o) => truncatedGumbel(x, 1, { ...cube, seed, ...o })],
];

describe.each(SHAPED)("%s", (_, call) => {
  const marked = call(invalid, { onInvalidRow: "mark" });

  test("marks the row", () => {
    expect(Array.from(marked, (value, i) => Number.isNaN(value) === (rowOf(i) === 4))).toEqual(
      new Array(18).fill(true),
    );
  });

  test.each([false, true])(
    "rows before it are done, it and later ones untouched; in place: %s",
    (inPlace) => {
      const input = invalid.slice();
      const out = inPlace ? input : new Float32Array(18).fill(7);
      const before = out.slice();
      expect(errorOf(() => call(input, { out }))).toBe(
        'RangeError: "logits" expected no NaN, got NaN at row 4, class 2',
      );
      expectSame(
        out,
        marked.map((value, i) => (rowOf(i) < 4 ? value : before[i])),
      );
    },
  );

  test("in place", () => {
    const x = a.slice(0, 18);
    const expected = call(x, {});
    expect(call(x, { out: x })).toBe(x);
    expectSame(x, expected);
  });
});

test("values a row that are done", () => {
  const out = new Float32Array(6).fill(7);
  expect(errorOf(() => entropy(invalid, { ...cube, out }))).toContain("at row 4, class 2");
  const marked = entropy(invalid, { ...cube, onInvalidRow: "mark" });
  expect(marked[4]).toBeNaN();
  expectSame(out.slice(0, 4), marked.slice(0, 4));
  expectSame(out.slice(4), new Float32Array([7, 7]));
});

test("from the top down", () => {
  const drawn = gumbelTopDown(invalid, { ...cube, seed, onInvalidRow: "mark" });
  expect([drawn.index[4], drawn.max[4]]).toEqual([-1, Number.NaN]);
  drawn.max.forEach((max, row) => {
    const values = drawn.value.filter((_, i) => rowOf(i) === row);
    expect(row === 4 ? Number.NaN : Math.max(...values)).toBe(max);
  });
});

test("gradients over the upstream, and into arrays that are given", () => {
  const g = binaryConcreteVjp(a, { ...layout, seed });
  const [upstream, expected] = [v.slice(), g.vjp(v).input];
  expect(g.vjp(upstream, { out: upstream }).input).toBe(upstream);
  expectSame(upstream, expected);

  const d = klDivergenceVjp(a, b, layout);
  const gradients = d.vjp(1);
  const out = { input: new Float32Array(24), prior: new Float32Array(24) };
  expect(d.vjp(1, { out }).prior).toBe(out.prior);
  expectSame(out.input, gradients.input);
  expectSame(out.prior, gradients.prior as Float32Array);
});
