/** What relaxed laws refuse, what they mark, and where they write. */

import { type BackendName, setBackend } from "gumbel";
import * as estimators from "gumbel/estimators";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectSame, random } from "./support/api-arrays.ts";
import {
  detached,
  errorOf,
  NO_ARRAY,
  type Refused,
  refused,
  type Untyped,
} from "./support/api-errors.ts";

const untyped = estimators as unknown as Record<string, Untyped>;
const BACKENDS: BackendName[] = ["wasm-simd", "js"];
const [inf, nan] = [Infinity, Number.NaN];

afterAll(() => {
  setBackend("wasm-simd");
});

interface Out {
  readonly [name: string]: Float32Array;
}

/** A function with its backward product behind one face; `second` is its second matrix, where it has one. */
interface Law {
  readonly name: string;
  readonly call: (x: unknown, second: unknown, options: object) => Float32Array;
  readonly vjp: (
    x: unknown,
    second: unknown,
    options: object,
  ) => { value?: Float32Array; sample?: Float32Array; vjp(v: unknown, options?: object): Out };
  /** What messages call the matrices. */
  readonly labels: readonly string[];
  /** Whether the value is one a row. */
  readonly perRow: boolean;
}

/** From a function of the package to one of two matrices and options. */
type Way = (call: Untyped) => Untyped;
const ofOne: Way = (call) => (x, _, options) => call(x, options);
const ofTwo: Way = (call) => call;
const ofPrior: Way = (call) => (x, prior, options) => call(x, [0, 1, 2, 3], { prior, ...options });

const law = (name: string, way: Way, ...labels: string[]): Law => ({
  name,
  labels,
  perRow: name !== "logGumbelSoftmax",
  call: way(untyped[name] as Untyped),
  vjp: way(untyped[`${name}Vjp`] as Untyped),
});

const LAWS: Law[] = [
  law("logGumbelSoftmax", ofOne, "logits"),
  law("concreteLogProb", ofTwo, "sample", "logits"),
  law("concreteKl", ofPrior, "sample", "prior"),
  law("entropy", ofOne, "logits"),
  law("klDivergence", ofTwo, "logits", "prior"),
];
const each = LAWS.map((law) => [law.name, law] as const);

/** Two rows of two classes, as good a sample as logits. */
const good = () => new Float32Array([-1, -0.5, -2, -0.25]);

describe.each(each)("%s", (_, { name, call, vjp, labels, perRow }) => {
  const [first, second] = labels as [string, string | undefined];
  const options = { classes: 2, ...(name === "logGumbelSoftmax" && { seed: 1 }) };

  test("refuses what isn't an array, or of the wrong length", () => {
    for (const [value, shown] of NO_ARRAY) {
      expect(errorOf(() => call(value, good(), options))).toBe(
        `TypeError: "${first}" expected an array of numbers, got ${shown}`,
      );
      if (second === undefined) continue;
      expect(errorOf(() => call(good(), value, options))).toMatch(
        new RegExp(`^TypeError: "${second}" expected an array of numbers, got `),
      );
    }
    expect(errorOf(() => call(good().subarray(1), good(), options))).toBe(
      `RangeError: "classes" expected a divisor of the length of "${first}" (3), got 2`,
    );
    if (second === undefined) return;
    expect(errorOf(() => call(good(), good().subarray(1), options))).toBe(
      `RangeError: "${second}" expected length 4 (2 x 2), got length 3`,
    );
  });

  test("refuses unknown options, and bad values of those it has", () => {
    for (const run of [call, vjp]) {
      expect(errorOf(() => run(good(), good(), { ...options, hard: true }))).toMatch(
        /^TypeError: "options" expected only .*, got "hard"$/,
      );
      expect(errorOf(() => run(good(), good(), { ...options, onInvalidRow: "skip" }))).toBe(
        'RangeError: "onInvalidRow" expected "throw" or "mark", got "skip"',
      );
      expect(errorOf(() => run(good(), good(), { ...options, classes: 0 }))).toMatch(
        /^RangeError: "classes" expected an integer from 1/,
      );
    }
    expect(errorOf(() => vjp(good(), good(), options).vjp(1, { to: 1 }))).toMatch(
      /^TypeError: "options" expected only out/,
    );
  });

  describe.each(BACKENDS)("%s", (backend) => {
    beforeAll(() => {
      setBackend(backend);
    });

    test("an invalid row is named, those before it are done, later ones left", () => {
      for (const at of labels.map((_, i) => i)) {
        const given = [good(), good()];
        (given[at] as Float32Array)[2] = nan;
        const out = new Float32Array(perRow ? 2 : 4).fill(7);
        const error = errorOf(() => call(given[0], given[1], { ...options, out }));
        expect(error).toMatch(
          new RegExp(`^RangeError: "${labels[at]}" expected .*, got NaN at row 1, class 0$`),
        );
        const width = out.length / 2;
        expectSame(out.slice(0, width), call(good(), good(), options).slice(0, width));
        expect([...out.subarray(width)]).toEqual(new Array(width).fill(7));
      }
    });

    test("marked rows are NaN, also in the gradients, and all others right", () => {
      const right = vjp(good(), good(), options);
      const v = perRow ? [1, 2] : [1, 2, 3, 4];
      const expected = right.vjp(v);
      for (const at of labels.map((_, i) => i)) {
        const given = [good(), good()];
        (given[at] as Float32Array)[0] = nan;
        const marked = vjp(given[0], given[1], { ...options, onInvalidRow: "mark" });
        const value = (marked.value ?? marked.sample) as Float32Array;
        const width = value.length / 2;
        expect([...value.subarray(0, width)].every(Number.isNaN)).toBe(true);
        expectSame(
          value.slice(width),
          ((right.value ?? right.sample) as Float32Array).slice(width),
        );
        for (const [name, gradient] of Object.entries(marked.vjp(v))) {
          const half = gradient.length / 2;
          expect([...gradient.subarray(0, half)].every(Number.isNaN), name).toBe(true);
          expectSame(gradient.slice(half), (expected[name] as Float32Array).slice(half));
        }
      }
    });

    test("out gets the value, and the gradients get theirs", () => {
      const v = perRow ? [1, 2] : [1, 2, 3, 4];
      const out = new Float32Array(perRow ? 2 : 4);
      expect(call(good(), good(), { ...options, out })).toBe(out);
      expectSame(out, call(good(), good(), options));
      const g = vjp(good(), good(), { ...options, out });
      expect(g.value ?? g.sample).toBe(out);
      const found = g.vjp(v);
      if (!perRow) {
        const to = new Float32Array(4);
        expect(g.vjp(v, { out: to }).input).toBe(to);
        expectSame(to, found.input as Float32Array);
        return;
      }
      const outs = Object.fromEntries(
        Object.entries(found).map(([name, { length }]) => [name, new Float32Array(length)]),
      );
      const given = g.vjp(v, { out: outs });
      for (const [name, array] of Object.entries(outs)) {
        expect(given[name]).toBe(array);
        expectSame(array, found[name] as Float32Array);
      }
      const [name, array] = Object.entries(outs)[0] as [string, Float32Array];
      expect(
        errorOf(() => g.vjp(v, { out: { [name]: new Float32Array(array.length + 1) } })),
      ).toMatch(new RegExp(`^RangeError: "out.${name}" expected length ${array.length}`));
      expect(errorOf(() => g.vjp(v, { out: { [name]: [1] } }))).toBe(
        `TypeError: "out.${name}" expected a Float32Array, got an Array`,
      );
      expect(errorOf(() => g.vjp(v, { out: { other: array } }))).toMatch(
        /^TypeError: "out" expected only .*, got "other"$/,
      );
    });
  });

  test("what is kept shares no memory with results, and is missed where it has gone", () => {
    const memory = new Float32Array(16);
    const x = memory.subarray(0, 4);
    x.set(good());
    const to = memory.subarray(2, perRow ? 4 : 6);
    expect(errorOf(() => vjp(x, good(), { ...options, out: to }))).toBe(
      `RangeError: "out" expected memory apart from "${first}", got shared memory`,
    );
    const v = perRow ? 1 : good();
    labels.forEach((label, at) => {
      // Logits of a sampler are needed no more.
      if (!perRow) return;
      const given = [good(), good()];
      const g = vjp(given[0], given[1], options);
      const shared = { out: { input: new Float32Array((given[at] as Float32Array).buffer) } };
      expect(errorOf(() => g.vjp(v, shared))).toBe(
        `RangeError: "out.input" expected memory apart from "${label}", got shared memory`,
      );
      detached(given[at] as Float32Array);
      expect(errorOf(() => g.vjp(v))).toBe(
        `TypeError: "${label}" expected an attached buffer, got a detached one`,
      );
    });
    if (perRow) return;
    const g = vjp(good(), good(), options);
    expect(errorOf(() => g.vjp(v, { out: g.sample }))).toBe(
      'RangeError: "out" expected memory apart from "sample", got shared memory',
    );
    detached(g.sample as Float32Array);
    expect(errorOf(() => g.vjp(v))).toBe(
      'TypeError: "sample" expected an attached buffer, got a detached one',
    );
  });

  test("v is one a row or like the sample", () => {
    const g = vjp(good(), good(), options);
    if (perRow) {
      expectSame(g.vjp([3, 3]).input as Float32Array, g.vjp(3).input as Float32Array);
      expect(errorOf(() => g.vjp([1, 2, 3]))).toBe(
        'RangeError: "v" expected one value, or one a row (2), got length 3',
      );
      expect(errorOf(() => g.vjp("x"))).toBe(
        'TypeError: "v" expected a number, or one a row, got "x"',
      );
    } else {
      expect(errorOf(() => g.vjp([1, 2]))).toBe(
        'RangeError: "v" expected length 4 (2 x 2), got length 2',
      );
    }
  });
});

const { concreteLogProb, concreteKl, concreteKlVjp, concreteLogProbVjp, annealedTau } = untyped;
const [z, l] = [
  [-1, -0.5],
  [0, 1],
];

const TAUS: [value: unknown, error: string][] = [
  [
    0,
    'RangeError: "τ" expected a finite number > 0 (for the limit at 0 use "hard", or gumbelMax), got 0',
  ],
  [-1, 'RangeError: "τ" expected a finite number > 0, got -1'],
  [inf, 'RangeError: "τ" expected a finite number > 0, got Infinity'],
  [nan, 'RangeError: "τ" expected a finite number > 0, got NaN'],
  ["1", 'TypeError: "τ" expected a number, got "1"'],
  [[1, 2], 'RangeError: "τ" expected one value, or one a row (1), got length 2'],
];

describe("τ", () => {
  refused(
    TAUS.flatMap(([tau, error], i): Refused[] => [
      [
        `logGumbelSoftmax ${i}`,
        () => untyped.logGumbelSoftmax(l, { tau }),
        error.replace("τ", "tau"),
      ],
      [`concreteLogProb ${i}`, () => concreteLogProb(z, l, { tau }), error.replace("τ", "tau")],
      [`concreteKl ${i}`, () => concreteKl(z, l, { tau }), error.replace("τ", "tau")],
      [`its prior ${i}`, () => concreteKl(z, l, { priorTau: tau }), error.replace("τ", "priorTau")],
    ]),
  );
});

describe("samples and laws", () => {
  const simplex = { space: "simplex" };
  refused([
    [
      "NaN",
      () => concreteLogProb([0, nan], l),
      'RangeError: "sample" expected values below Infinity, got NaN at row 0, class 1',
    ],
    [
      "∞",
      () => concreteLogProb([inf, 0], l),
      'RangeError: "sample" expected values below Infinity, got Infinity at row 0, class 0',
    ],
    [
      "nothing",
      () => concreteLogProb([-inf, -inf], l),
      'RangeError: "sample" expected a value above -Infinity in each row, got none in row 0',
    ],
    [
      "negative",
      () => concreteLogProb([1, -1], l, simplex),
      'RangeError: "sample" expected finite values >= 0, got -1 at row 0, class 1',
    ],
    [
      "∞ on the simplex",
      () => concreteLogProb([1, inf], l, simplex),
      'RangeError: "sample" expected finite values >= 0, got Infinity at row 0, class 1',
    ],
    [
      "zeros",
      () => concreteLogProb([0, -0], l, simplex),
      'RangeError: "sample" expected a value above 0 in each row, got none in row 0',
    ],
    [
      "space",
      () => concreteLogProb(z, l, { space: "logit" }),
      'RangeError: "space" expected "log" or "simplex", got "logit"',
    ],
    [
      "logits",
      () => concreteLogProb(z, [inf, inf]),
      'RangeError: "logits" expected at most one Infinity in each row, got more in row 0',
    ],
    [
      "no logits",
      () => concreteKl(z, [-inf, -inf]),
      'RangeError: "logits" expected a logit above -Infinity in each row, got none in row 0',
    ],
    [
      "prior",
      () => concreteKl(z, l, { prior: [-inf, -inf] }),
      'RangeError: "prior" expected a logit above -Infinity in each row, got none in row 0',
    ],
    [
      "one prior for all",
      () => concreteKl([z, z], [l, l], { prior: [nan, 0] }),
      'RangeError: "prior" expected no NaN, got NaN at row 0, class 0',
    ],
    [
      "prior of a KL",
      () => untyped.klDivergence([l, l], [l, [0, nan]]),
      'RangeError: "prior" expected no NaN, got NaN at row 1, class 1',
    ],
    [
      "one for all",
      () => untyped.klDivergence([l, l], [inf, inf]),
      'RangeError: "prior" expected at most one Infinity in each row, got more in row 0',
    ],
    [
      "weights",
      () => untyped.logGumbelSoftmax([-1, 1], { from: "weights" }),
      'RangeError: "logits" expected finite weights >= 0, got -1 at row 0, class 0',
    ],
    [
      "temperature",
      () => untyped.entropy(l, { temperature: -1 }),
      'RangeError: "temperature" expected a finite number >= 0, got -1',
    ],
    [
      "noise and seed",
      () => untyped.logGumbelSoftmax(l, { noise: l, seed: 1 }),
      'TypeError: "noise" expected no "seed" with it, got 1',
    ],
  ]);
});

test("outs share no memory with each other or with v", () => {
  const memory = new Float32Array(8);
  const g = concreteLogProbVjp([z, z], [l, l]);
  const out = { sample: memory.subarray(0, 4), input: memory.subarray(3, 7) };
  expect(errorOf(() => g.vjp(1, { out }))).toBe(
    'RangeError: "out.input" expected memory apart from "out.sample", got shared memory',
  );
  const v = new Float32Array(2);
  expect(errorOf(() => g.vjp(v, { out: { tau: v } }))).toBe(
    'RangeError: "out.tau" expected memory apart from "v", got shared memory',
  );
  // What isn't given has no gradient.
  const kl = concreteKlVjp(z, l);
  expect(errorOf(() => kl.vjp(1, { out: { priorTau: new Float32Array(1) } }))).toBe(
    'TypeError: "out" expected only sample, input, tau, got "priorTau"',
  );
});

test("a sample may go where the logits are, and its gradient where v is", () => {
  const logits = random(30, 1);
  const expected = untyped.logGumbelSoftmax(logits, { classes: 10, seed: 1, tau: 0.5 });
  const place = logits.slice();
  untyped.logGumbelSoftmax(place, { classes: 10, seed: 1, tau: 0.5, out: place });
  expectSame(place, expected);
  const g = untyped.logGumbelSoftmaxVjp(logits, { classes: 10, seed: 1, tau: 0.5 });
  const v = random(30, 2);
  const gradient = g.vjp(v, { tau: true });
  const same = v.slice();
  const again = g.vjp(same, { tau: true, out: same });
  expectSame(same, gradient.input);
  expectSame(again.tau, gradient.tau);
});

test("weights are kept, logits aren't", () => {
  for (const from of ["logits", "weights"]) {
    const x = new Float32Array([1, 2]);
    const g = untyped.logGumbelSoftmaxVjp(x, { from, seed: 1 });
    detached(x);
    const error = 'TypeError: "logits" expected an attached buffer, got a detached one';
    expect(errorOf(() => g.vjp([1, 2]))).toBe(from === "weights" ? error : "no error");
  }
});

describe("annealedTau", () => {
  refused([
    [
      "a fraction of a step",
      () => annealedTau(0.5),
      'RangeError: "step" expected an integer from 0 to 2^53 - 1, got 0.5',
    ],
    [
      "a negative step",
      () => annealedTau(-1),
      'RangeError: "step" expected an integer from 0 to 2^53 - 1, got -1',
    ],
    ["no step", () => annealedTau(), 'TypeError: "step" expected a number, got undefined'],
    [
      "rate",
      () => annealedTau(0, { rate: -1 }),
      'RangeError: "rate" expected a finite number >= 0, got -1',
    ],
    [
      "rate NaN",
      () => annealedTau(0, { rate: nan }),
      'RangeError: "rate" expected a finite number >= 0, got NaN',
    ],
    [
      "every",
      () => annealedTau(0, { every: 0 }),
      'RangeError: "every" expected an integer from 1 to 2^53 - 1, got 0',
    ],
    [
      "start",
      () => annealedTau(0, { start: 0 }),
      'RangeError: "start" expected a finite number > 0, got 0',
    ],
    [
      "start ∞",
      () => annealedTau(0, { start: inf }),
      'RangeError: "start" expected a finite number > 0, got Infinity',
    ],
    [
      "min",
      () => annealedTau(0, { min: 0 }),
      'RangeError: "min" expected a finite number > 0 and at most "start" (1), got 0',
    ],
    [
      "min above start",
      () => annealedTau(0, { min: 2 }),
      'RangeError: "min" expected a finite number > 0 and at most "start" (1), got 2',
    ],
    ["kind", () => annealedTau(0, { min: "1" }), 'TypeError: "min" expected a number, got "1"'],
    [
      "name",
      () => annealedTau(0, { decay: 1 }),
      'TypeError: "options" expected only rate, min, every, start, got "decay"',
    ],
  ]);
});
