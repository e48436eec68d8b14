/** Every error of gumbelMaxVjp, word for word. */

import { Rng } from "gumbel";
import * as estimators from "gumbel/estimators";
import { describe, expect, test } from "vitest";
import { detached, errorOf, refused, type Untyped } from "./support/api-errors.ts";

const gumbelMaxVjp: Untyped = estimators.gumbelMaxVjp;

const NAMES =
  '"straight-through-gumbel" or "straight-through" or "decoupled" or "reinmax" or "gumbel-rao" or "gst"';
const TAU_OWNERS =
  '"straight-through-gumbel" or "straight-through" or "reinmax" or "gumbel-rao" or "gst"';

const x = [0, 1, 2, 3];
const call =
  (options: object, logits: unknown = x) =>
  () =>
    gumbelMaxVjp(logits, { seed: 1, ...options });
const rao = { estimator: "gumbel-rao" };

describe("options", () => {
  refused([
    [
      "an unknown estimator",
      call({ estimator: "rebar" }),
      `RangeError: "estimator" expected ${NAMES}, got "rebar"`,
    ],
    [
      "an estimator of another kind",
      call({ estimator: 1 }),
      `TypeError: "estimator" expected ${NAMES}, got 1`,
    ],
    [
      "an unknown option",
      call({ hard: true }),
      'TypeError: "options" expected only estimator, seed, stream, row, rng, classes, from, noise, onInvalidRow, tau, temperature, backwardTemperature, backwardNoise, replicas, gap, out, shape, axis, got "hard"',
    ],
    [
      "replicas of another",
      call({ estimator: "reinmax", replicas: 3 }),
      'TypeError: "replicas" expected the estimator "gumbel-rao" with it, got "reinmax"',
    ],
    [
      "a gap without its estimator",
      call({ gap: "p" }),
      'TypeError: "gap" expected the estimator "gst" with it, got "straight-through-gumbel"',
    ],
    [
      "a temperature without its estimator",
      call({ estimator: "straight-through", temperature: 2 }),
      'TypeError: "temperature" expected the estimator "decoupled" with it, got "straight-through"',
    ],
    [
      "backwardTemperature",
      call({ estimator: "gst", backwardTemperature: 2 }),
      'TypeError: "backwardTemperature" expected the estimator "decoupled" with it, got "gst"',
    ],
    [
      "backwardNoise",
      call({ ...rao, backwardNoise: false }),
      'TypeError: "backwardNoise" expected the estimator "decoupled" with it, got "gumbel-rao"',
    ],
    [
      "τ of decoupled, which has two",
      call({ estimator: "decoupled", tau: 2 }),
      `TypeError: "tau" expected the estimator ${TAU_OWNERS} with it, got "decoupled"`,
    ],
  ]);

  test("the types refuse what isn't an estimator's own", () => {
    const { gumbelMaxVjp } = estimators;
    const calls = [
      // @ts-expect-error
      () => gumbelMaxVjp(x, { estimator: "reinmax", replicas: 3 }),
      // @ts-expect-error
      () => gumbelMaxVjp(x, { estimator: "decoupled", tau: 3 }),
      // @ts-expect-error
      () => gumbelMaxVjp(x, { estimator: "gumbel-rao", noise: x }),
      // @ts-expect-error
      () => gumbelMaxVjp(x, { gap: 1 }),
    ];
    for (const call of calls) expect(errorOf(call)).toMatch(/^TypeError: /);
  });

  test("those that are undefined count as absent", () => {
    const absent = { estimator: undefined, tau: undefined, gap: undefined, replicas: undefined };
    expect(call(absent)().index).toEqual(call({})().index);
    expect(errorOf(call({ estimator: "decoupled", tau: undefined }))).toBe("no error");
  });
});

describe("values", () => {
  const taus = ["straight-through-gumbel", "straight-through", "gumbel-rao", "gst"].flatMap(
    (estimator) =>
      (
        [
          [0, "RangeError", "a finite number > 0", "0"],
          [-1, "RangeError", "a finite number > 0", "-1"],
          [Number.NaN, "RangeError", "a finite number > 0", "NaN"],
          [Number.POSITIVE_INFINITY, "RangeError", "a finite number > 0", "Infinity"],
          ["1", "TypeError", "a number", '"1"'],
        ] as const
      ).map(
        ([tau, kind, expected, got]) =>
          [
            `τ of ${estimator}: ${got}`,
            call({ estimator, tau }),
            `${kind}: "tau" expected ${expected}, got ${got}`,
          ] as const,
      ),
  );
  refused(taus);
  const reinmax = 'a finite number >= 1 with "reinmax" (Liu et al. 2023)';
  refused([
    [
      "τ of reinmax below 1",
      call({ estimator: "reinmax", tau: 0.5 }),
      `RangeError: "tau" expected ${reinmax}, got 0.5`,
    ],
    [
      "τ of reinmax in one row",
      call({ estimator: "reinmax", classes: 2, tau: [1, 0.99] }),
      `RangeError: "tau[1]" expected ${reinmax}, got 0.99`,
    ],
    [
      "τ for other rows",
      call({ tau: [1, 2, 3], classes: 2 }),
      'RangeError: "tau" expected one value, or one a row (2), got length 3',
    ],
    [
      "a temperature below 0",
      call({ estimator: "decoupled", temperature: -1 }),
      'RangeError: "temperature" expected a finite number >= 0, got -1',
    ],
    [
      "a backward temperature of 0",
      call({ estimator: "decoupled", backwardTemperature: 0 }),
      'RangeError: "backwardTemperature" expected a finite number > 0, got 0',
    ],
    [
      "noise that is no flag",
      call({ estimator: "decoupled", backwardNoise: 1 }),
      'TypeError: "backwardNoise" expected true or false, got 1',
    ],
    [
      "no replicas",
      call({ ...rao, replicas: 0 }),
      'RangeError: "replicas" expected an integer from 1 to 2^30, got 0',
    ],
    [
      "part of one",
      call({ ...rao, replicas: 1.5 }),
      'RangeError: "replicas" expected an integer from 1 to 2^30, got 1.5',
    ],
    [
      "replicas in words",
      call({ ...rao, replicas: "10" }),
      'TypeError: "replicas" expected a number, got "10"',
    ],
    ["more replicas than columns", call({ ...rao, replicas: 2 ** 28, classes: 1 }), "no error"],
    [
      "more replicas than columns",
      call({ ...rao, replicas: 2 ** 28 + 1, classes: 1 }),
      'RangeError: "replicas" expected 2^30 columns of noise at most, got 1073741828 (4 a replica)',
    ],
    [
      "noise where replicas need a key",
      () => gumbelMaxVjp(x, { ...rao, noise: x }),
      'TypeError: "noise" expected no estimator "gumbel-rao" with it, whose replicas need a key, got a Float32Array',
    ],
    [
      "a gap below 0",
      call({ estimator: "gst", gap: -1 }),
      'RangeError: "gap" expected a finite number >= 0, or "p", got -1',
    ],
    [
      "an infinite gap",
      call({ estimator: "gst", gap: Number.POSITIVE_INFINITY }),
      'RangeError: "gap" expected a finite number >= 0, or "p", got Infinity',
    ],
    [
      "another word for a gap",
      call({ estimator: "gst", gap: "q" }),
      'RangeError: "gap" expected a finite number >= 0, or "p", got "q"',
    ],
    [
      "no gap",
      call({ estimator: "gst", gap: [1] }),
      'TypeError: "gap" expected a finite number >= 0, or "p", got an Array',
    ],
  ]);
});

describe("as in the core", () => {
  refused([
    ["logits", call({}, "x"), 'TypeError: "logits" expected an array of numbers, got "x"'],
    [
      "classes",
      call({ classes: 3 }),
      'RangeError: "classes" expected a divisor of the length of "logits" (4), got 3',
    ],
    [
      "from",
      call({ from: "probs" }),
      'RangeError: "from" expected "logits" or "weights", got "probs"',
    ],
    [
      "onInvalidRow",
      call({ onInvalidRow: 0 }),
      'TypeError: "onInvalidRow" expected "throw" or "mark", got 0',
    ],
    ["noise and seed", call({ noise: x }), 'TypeError: "noise" expected no "seed" with it, got 1'],
    [
      "an invalid row",
      call({ classes: 2 }, [0, 1, 0, Number.NaN]),
      'RangeError: "logits" expected no NaN, got NaN at row 1, class 1',
    ],
    [
      "an unknown out",
      call({ out: { soft: 1 } }),
      'TypeError: "out" expected only sample, index, got "soft"',
    ],
    [
      "an out of another kind",
      call({ out: { sample: new Float64Array(4) } }),
      'TypeError: "out.sample" expected a Float32Array, got a Float64Array',
    ],
    [
      "an out of another length",
      call({ out: { index: new Int32Array(2) } }),
      'RangeError: "out.index" expected length 1, got length 2',
    ],
  ]);

  test("a call that fails takes no stream, and one that succeeds takes one", () => {
    const rng = new Rng(1);
    expect(errorOf(() => gumbelMaxVjp([Number.NaN], { rng }))).toContain("RangeError");
    expect(errorOf(() => gumbelMaxVjp([1], { rng, estimator: "reinmax", tau: 0 }))).toContain(
      "tau",
    );
    expect(rng.state.stream).toBe(0);
    expect(gumbelMaxVjp(x, { rng, ...rao }).key.stream).toBe(0);
    expect(gumbelMaxVjp(x, { rng }).key.stream).toBe(1);
  });
});

describe("memory", () => {
  const floats = (buffer: ArrayBuffer, at: number, length: number) =>
    new Float32Array(buffer, at * 4, length);
  const apart = (label: string, name: string) =>
    `RangeError: "${label}" expected memory apart from "${name}", got shared memory`;

  test("results share none with inputs, nor with each other", () => {
    const buffer = new ArrayBuffer(64);
    const logits = floats(buffer, 0, 4);
    const given = (out: object, noise?: Float32Array) =>
      errorOf(() => gumbelMaxVjp(logits, noise ? { noise, out } : { seed: 1, out }));
    expect(given({ sample: logits })).toBe(apart("out.sample", "logits"));
    expect(given({ index: new Int32Array(buffer, 0, 1) })).toBe(apart("out.index", "logits"));
    const noise = floats(buffer, 4, 4);
    expect(given({ sample: floats(buffer, 5, 4) }, noise)).toBe(apart("out.sample", "noise"));
    const both = { sample: floats(buffer, 8, 4), index: new Int32Array(buffer, 32, 1) };
    expect(given(both)).toBe(apart("out.index", "out.sample"));
  });

  const ALL = [
    "straight-through-gumbel",
    "straight-through",
    "decoupled",
    "reinmax",
    "gumbel-rao",
    "gst",
  ];

  test.each(ALL)(
    "the gradient goes apart from what is kept and from the results: %s",
    (estimator) => {
      const logits = Float32Array.from(x);
      const g = gumbelMaxVjp(logits, { seed: 1, estimator });
      const out = (out: unknown) => errorOf(() => g.vjp(x, { out }));
      expect(out(logits)).toBe(apart("out", "logits"));
      expect(out(g.sample)).toBe(apart("out", "sample"));
      expect(out(new Float32Array(3))).toBe('RangeError: "out" expected length 4, got length 3');
      expect(out([0, 0, 0, 0])).toBe('TypeError: "out" expected a Float32Array, got an Array');
      expect(errorOf(() => g.vjp([1]))).toBe(
        'RangeError: "v" expected length 4 (1 x 4), got length 1',
      );
      expect(errorOf(() => g.vjp(x, { tau: true }))).toBe(
        'TypeError: "options" expected only out, got "tau"',
      );
      const wide = new Float32Array(5);
      expect(errorOf(() => g.vjp(wide.subarray(0, 4), { out: wide.subarray(1) }))).toBe(
        'RangeError: "out" expected the same view as "v" or memory of its own, got overlapping views',
      );
    },
  );

  test.each(ALL)("logits that are gone, but not results that are: %s", (estimator) => {
    const logits = Float32Array.from(x);
    const g = gumbelMaxVjp(logits, { seed: 1, estimator });
    detached(g.sample);
    detached(g.index);
    expect(errorOf(() => g.vjp(x))).toBe("no error");
    detached(logits);
    expect(errorOf(() => g.vjp(x))).toBe(
      'TypeError: "logits" expected an attached buffer, got a detached one',
    );
  });

  test("noise that is gone", () => {
    const noise = Float32Array.from(x);
    const g = gumbelMaxVjp(x, { noise });
    detached(noise);
    expect(errorOf(() => g.vjp(x))).toBe(
      'TypeError: "noise" expected an attached buffer, got a detached one',
    );
  });
});
