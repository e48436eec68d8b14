/**
 * Every error of every public function, word for word: TypeError for the kind, RangeError for the value, label first,
 * value last. Here those about inputs and options; keys are in errors-keys.test.ts, `out` in errors-out.test.ts, and
 * what a row may hold in invalid-rows.test.ts.
 */

import { Rng } from "gumbel";
import { describe, expect, test } from "vitest";
import { detached, errorOf, NO_ARRAY, refused, type Untyped } from "./support/api-errors.ts";
import {
  categorical,
  filterTokens,
  gumbelMax,
  gumbelNoise,
  gumbelSoftmax,
  gumbelSoftmaxVjp,
  logSoftmax,
  logSoftmaxVjp,
  logSumExp,
  logSumExpVjp,
  sampleTokens,
  softmax,
  softmaxBackward,
  softmaxVjp,
} from "./support/api-untyped.ts";

const seed = 1;
const sampled = () => gumbelSoftmaxVjp([1, 2], { seed });

/** Those that read rows, with the label of what they read. */
const ON_ROWS: [name: string, label: string, call: Untyped][] = [
  ["softmax", "x", softmax],
  ["logSoftmax", "x", logSoftmax],
  ["logSumExp", "x", logSumExp],
  ["softmaxVjp", "x", softmaxVjp],
  ["logSoftmaxVjp", "x", logSoftmaxVjp],
  ["logSumExpVjp", "x", logSumExpVjp],
  ["gumbelMax", "logits", gumbelMax],
  ["gumbelSoftmax", "logits", gumbelSoftmax],
  ["gumbelSoftmaxVjp", "logits", gumbelSoftmaxVjp],
  ["categorical", "logits", categorical],
  ["filterTokens", "logits", filterTokens],
  ["sampleTokens", "logits", sampleTokens],
  ["softmaxBackward", "y", (y, options) => softmaxBackward(y, [1, 2], options)],
];

/** Arrays of the shape of another one, here two numbers. */
const LIKE_INPUT: [name: string, label: string, call: Untyped][] = [
  ["gumbelMax", "noise", (noise) => gumbelMax([1, 2], { noise })],
  ["gumbelSoftmax", "noise", (noise) => gumbelSoftmax([1, 2], { noise })],
  ["gumbelSoftmaxVjp", "noise", (noise) => gumbelSoftmaxVjp([1, 2], { noise })],
  ["softmaxBackward", "v", (v) => softmaxBackward([1, 2], v)],
  ["gumbelSoftmaxVjp().vjp", "v", (v) => sampled().vjp(v)],
  ["gumbelSoftmaxVjp().jvp", "input", (input) => sampled().jvp({ input })],
  ["softmaxVjp().vjp", "v", (v) => softmaxVjp([1, 2]).vjp(v)],
  ["softmaxVjp().jvp", "input", (input) => softmaxVjp([1, 2]).jvp({ input })],
  ["logSoftmaxVjp().vjp", "v", (v) => logSoftmaxVjp([1, 2]).vjp(v)],
  ["logSoftmaxVjp().jvp", "input", (input) => logSoftmaxVjp([1, 2]).jvp({ input })],
  ["logSumExpVjp().jvp", "input", (input) => logSumExpVjp([1, 2]).jvp({ input })],
];

/** Arrays with something wrong in them: what `label` stands for is put before each error. */
const BAD_ARRAYS: [array: unknown, error: (label: string) => string][] = [
  [[1n, 2n], (label) => `TypeError: "${label}[0]" expected a number, got 1n`],
  [new BigInt64Array(2), (label) => `TypeError: "${label}[0]" expected a number, got 0n`],
  [[1, undefined], (label) => `TypeError: "${label}[1]" expected a number, got undefined`],
  // biome-ignore lint/suspicious/noSparseArray: it is what is tested
  [[1, , 3], (label) => `TypeError: "${label}[1]" expected a number, got undefined`],
  [[1, null], (label) => `TypeError: "${label}[1]" expected a number, got null`],
  [[1, "2"], (label) => `TypeError: "${label}[1]" expected a number, got "2"`],
  [[1, true], (label) => `TypeError: "${label}[1]" expected a number, got true`],
  [[1, Symbol("x")], (label) => `TypeError: "${label}[1]" expected a number, got a symbol`],
  [{ length: 1 }, (label) => `TypeError: "${label}[0]" expected a number, got undefined`],
  [[1, [2]], (label) => `TypeError: "${label}[1]" expected a number, got an Array`],
  [[[1], 2], (label) => `TypeError: "${label}[1]" expected an array of numbers, got 2`],
  [[[1], null], (label) => `TypeError: "${label}[1]" expected an array of numbers, got null`],
  // biome-ignore lint/suspicious/noSparseArray: it is what is tested
  [[[1], , [2]], (label) => `TypeError: "${label}[1]" expected an array of numbers, got undefined`],
  [[[1], "2"], (label) => `TypeError: "${label}[1]" expected an array of numbers, got "2"`],
  [[new Map()], (label) => `TypeError: "${label}[0]" expected an array of numbers, got a Map`],
  [[[1], ["2"]], (label) => `TypeError: "${label}[1][0]" expected a number, got "2"`],
  [[[[1]]], (label) => `TypeError: "${label}[0][0]" expected a number, got an Array`],
  [
    [[1, 2], [3]],
    (label) => `RangeError: "${label}[1]" expected length 2, as the first row, got length 1`,
  ],
  [
    [new Float32Array(1), new Float32Array(2)],
    (label) => `RangeError: "${label}[1]" expected length 1, as the first row, got length 2`,
  ],
  [[0, 1e39], (label) => `RangeError: "${label}[1]" expected a number within float32, got 1e+39`],
  [
    new Float64Array([0, -3.5e38]),
    (label) => `RangeError: "${label}[1]" expected a number within float32, got -3.5e+38`,
  ],
  [
    [[0], [1e300]],
    (label) => `RangeError: "${label}[1][0]" expected a number within float32, got 1e+300`,
  ],
];

const DETACHED: [name: string, make: () => unknown][] = [
  ["Float32Array", () => detached(new Float32Array(2))],
  ["Float64Array", () => detached(new Float64Array(2))],
  ["row of a nested array", () => [detached(new Float32Array(2))]],
];

describe("arrays of numbers: kinds, entries, range, detached buffers", () => {
  test.each([...ON_ROWS, ...LIKE_INPUT])("%s: %s", (name, label, call) => {
    const expected = (shown: string) =>
      `TypeError: "${label}" expected an array of numbers, got ${shown}`;
    expect(NO_ARRAY.map(([value]) => errorOf(() => call(value)))).toEqual(
      NO_ARRAY.map(([, shown]) => expected(shown)),
    );
    expect(errorOf(() => call(5))).toBe(expected("5"));
    const absent = label === "noise" || name === "gumbelSoftmaxVjp().jvp";
    if (!absent) expect(errorOf(() => call(undefined))).toBe(expected("undefined"));
    expect(BAD_ARRAYS.map(([array]) => errorOf(() => call(array)))).toEqual(
      BAD_ARRAYS.map(([, error]) => error(label)),
    );
    for (const [name, make] of DETACHED) {
      const place = name.startsWith("row") ? `${label}[0]` : label;
      expect(errorOf(() => call(make()))).toBe(
        `TypeError: "${place}" expected an attached buffer, got a detached one`,
      );
    }
  });
});

describe("classes", () => {
  const CASES: [input: unknown, classes: unknown, error: (label: string) => string][] = [
    ...([0, -1, 1.5, Number.NaN, Infinity, 2 ** 30 + 1] as const).map(
      (classes) =>
        [
          [1, 2],
          classes,
          () => `RangeError: "classes" expected an integer from 1 to 2^30, got ${classes}`,
        ] as [unknown, unknown, () => string],
    ),
    [[1, 2], "2", () => 'TypeError: "classes" expected a number, got "2"'],
    [[1, 2], null, () => 'TypeError: "classes" expected a number, got null'],
    [[1, 2], 2n, () => 'TypeError: "classes" expected a number, got 2n'],
    [
      [1, 2, 3, 4],
      3,
      (label) => `RangeError: "classes" expected a divisor of the length of "${label}" (4), got 3`,
    ],
    [
      [1, 2],
      4,
      (label) => `RangeError: "classes" expected a divisor of the length of "${label}" (2), got 4`,
    ],
    [
      [
        [1, 2],
        [3, 4],
      ],
      4,
      (label) => `RangeError: "classes" expected the length of a row of "${label}" (2), got 4`,
    ],
    [
      [],
      undefined,
      (label) =>
        `RangeError: "${label}" expected at least one number, or "classes" with it, got length 0`,
    ],
    [
      [[], []],
      undefined,
      (label) => `RangeError: "${label}[0]" expected at least one number, got length 0`,
    ],
    [
      [[]],
      3,
      (label) => `RangeError: "classes" expected the length of a row of "${label}" (0), got 3`,
    ],
  ];

  test.each(ON_ROWS)("%s", (_, label, call) => {
    expect(CASES.map(([input, classes]) => errorOf(() => call(input, { classes })))).toEqual(
      CASES.map(([, , error]) => error(label)),
    );
  });
});

describe("lengths", () => {
  test.each(LIKE_INPUT)("%s: %s has the length of the input", (_, label, call) => {
    for (const wrong of [[1], [1, 2, 3], new Float32Array(3), [[1, 2, 3, 4]], []]) {
      const got = Array.isArray(wrong[0]) ? 4 : wrong.length;
      expect(errorOf(() => call(wrong))).toBe(
        `RangeError: "${label}" expected length 2 (1 x 2), got length ${got}`,
      );
    }
  });

  const four = [1, 2, 3, 4];
  const PER_ROW: [label: string, kind: string, call: Untyped][] = [
    ["tau", "a number", (tau) => gumbelSoftmax(four, { seed, classes: 2, tau })],
    ["tau", "a number", (tau) => gumbelSoftmaxVjp(four, { seed, classes: 2, tau })],
    ["tau", "a number", (tau) => softmaxBackward(four, four, { classes: 2, tau })],
    ["tau", "a number", (tau) => gumbelSoftmaxVjp(four, { seed, classes: 2 }).jvp({ tau })],
    ["v", "a number", (v) => logSumExpVjp(four, { classes: 2 }).vjp(v)],
    ["temperature", "a number", (temperature) => softmax(four, { classes: 2, temperature })],
    ["temperature", "a number", (temperature) => logSoftmax(four, { classes: 2, temperature })],
    [
      "temperature",
      "a number",
      (temperature) => gumbelMax(four, { seed, classes: 2, temperature }),
    ],
    [
      "temperature",
      "a number",
      (temperature) => categorical(four, { seed, classes: 2, temperature }),
    ],
    ["seed", "a seed", (seed) => gumbelMax(four, { seed, classes: 2 })],
    ["stream", "an integer", (stream) => gumbelMax(four, { seed, stream, classes: 2 })],
    ["row", "an integer", (row) => gumbelMax(four, { seed, row, classes: 2 })],
    ["row", "an integer", (row) => gumbelMax(four, { rng: new Rng(seed), row, classes: 2 })],
    ["row", "an integer", (row) => gumbelNoise(2, 2, { seed, row })],
  ];

  test.each(PER_ROW)("%s takes one value, or one a row: %s (%#)", (label, kind, call) => {
    for (const wrong of [[], [1], [1, 2, 3], new Float32Array(3)]) {
      expect(errorOf(() => call(wrong))).toBe(
        `RangeError: "${label}" expected one value, or one a row (2), got length ${wrong.length}`,
      );
    }
    expect(errorOf(() => call({}))).toBe(
      `TypeError: "${label}" expected ${kind}, or one a row, got an Object`,
    );
    expect(errorOf(() => call(detached(new Float64Array(2))))).toBe(
      `TypeError: "${label}" expected an attached buffer, got a detached one`,
    );
    expect(errorOf(() => call([1, "2"]))).toMatch(
      new RegExp(`^TypeError: "${label}\\[1\\]" expected an? (number|integer from .*), got "2"$`),
    );
    expect(errorOf(() => call([1, 2]))).toBe("no error");
  });
});

describe("options", () => {
  const perturbed = "seed, stream, row, rng, classes, from, noise, onInvalidRow";
  const penalties = "repetitionPenalty, presencePenalty, frequencyPenalty";
  const filters = "temperature, topK, topP, minP, typicalP";
  const tokens = `${penalties}, ${filters}, seen, order, mask, bias, classes, dtype, onInvalidRow, out, shape, axis`;
  const products = "out";
  const KNOWN: [name: string, known: string, call: Untyped][] = [
    ["gumbelNoise", "seed, stream, row, rng, out", (options) => gumbelNoise(1, 2, options)],
    ["softmax", "classes, onInvalidRow, out, shape, axis, temperature", (o) => softmax([1, 2], o)],
    [
      "logSoftmax",
      "classes, onInvalidRow, out, shape, axis, temperature",
      (o) => logSoftmax([1, 2], o),
    ],
    ["logSumExp", "classes, onInvalidRow, out, shape, axis", (o) => logSumExp([1, 2], o)],
    [
      "gumbelMax",
      `${perturbed}, temperature, details, out, mask, bias, shape, axis`,
      (o) => gumbelMax([1, 2], o),
    ],
    ["gumbelSoftmax", `${perturbed}, tau, hard, out, shape, axis`, (o) => gumbelSoftmax([1, 2], o)],
    [
      "gumbelSoftmaxVjp",
      `${perturbed}, tau, hard, out, shape, axis`,
      (o) => gumbelSoftmaxVjp([1, 2], o),
    ],
    [
      "categorical",
      "seed, stream, row, rng, classes, draws, draw, from, temperature, onInvalidRow, details, out, mask, bias, shape, axis",
      (o) => categorical([1, 2], o),
    ],
    ["filterTokens", tokens, (o) => filterTokens([1, 2], o)],
    ["sampleTokens", `${tokens}, seed, stream, row, rng`, (o) => sampleTokens([1, 2], o)],
    ["softmaxVjp", "classes, onInvalidRow, out, shape, axis", (o) => softmaxVjp([1, 2], o)],
    ["logSoftmaxVjp", "classes, onInvalidRow, out, shape, axis", (o) => logSoftmaxVjp([1, 2], o)],
    ["logSumExpVjp", "classes, onInvalidRow, out, shape, axis", (o) => logSumExpVjp([1, 2], o)],
    [
      "softmaxBackward",
      "classes, tau, out, shape, axis",
      (o) => softmaxBackward([1, 2], [1, 2], o),
    ],
    ["gumbelSoftmaxVjp().vjp", "out, tau", (o) => sampled().vjp([1, 2], o)],
    ["gumbelSoftmaxVjp().jvp", products, (o) => sampled().jvp({ input: [1, 2] }, o)],
    ["softmaxVjp().vjp", products, (o) => softmaxVjp([1, 2]).vjp([1, 2], o)],
    ["softmaxVjp().jvp", products, (o) => softmaxVjp([1, 2]).jvp({ input: [1, 2] }, o)],
    ["logSoftmaxVjp().vjp", products, (o) => logSoftmaxVjp([1, 2]).vjp([1, 2], o)],
    ["logSoftmaxVjp().jvp", products, (o) => logSoftmaxVjp([1, 2]).jvp({ input: [1, 2] }, o)],
    ["logSumExpVjp().vjp", products, (o) => logSumExpVjp([1, 2]).vjp(1, o)],
    ["logSumExpVjp().jvp", products, (o) => logSumExpVjp([1, 2]).jvp({ input: [1, 2] }, o)],
  ];

  test.each(KNOWN)("%s knows only %s", (_, known, call) => {
    expect(errorOf(() => call({ sed: 1 }))).toBe(
      `TypeError: "options" expected only ${known}, got "sed"`,
    );
    // The name alone is refused, whatever it holds; and it is found behind known ones.
    expect(errorOf(() => call({ out: undefined, Tau: undefined }))).toBe(
      `TypeError: "options" expected only ${known}, got "Tau"`,
    );
  });

  test.each(KNOWN)("%s: an option that is undefined is absent (%s)", (_, known, call) => {
    const names = known.split(", ");
    expect(errorOf(() => call(Object.fromEntries(names.map((name) => [name, undefined]))))).toBe(
      "no error",
    );
    expect(errorOf(() => call(undefined))).toBe("no error");
    expect(errorOf(() => call(Object.create(null)))).toBe("no error");
  });

  const NO_OBJECT: [value: unknown, shown: string][] = [
    [null, "null"],
    [1, "1"],
    ["seed", '"seed"'],
    [() => 1, "a function"],
    [[1], "an Array"],
    [new Float32Array(2), "a Float32Array"],
    [new Uint8Array(2), "a Uint8Array"],
    [new Map([["seed", 1]]), "a Map"],
    // Its `seed` would pass for the option, and each call would draw the same.
    [new Rng(1), "an Rng"],
  ];
  const refusedObjects = (label: string) =>
    NO_OBJECT.map(([, shown]) => `TypeError: "${label}" expected a plain object, got ${shown}`);

  test.each(KNOWN)("%s takes a plain object", (_name, _known, call) => {
    expect(NO_OBJECT.map(([value]) => errorOf(() => call(value)))).toEqual(
      refusedObjects("options"),
    );
  });

  const TANGENTS: [name: string, known: string, call: Untyped][] = [
    ["gumbelSoftmaxVjp", "input, tau", (tangent) => sampled().jvp(tangent)],
    ["softmaxVjp", "input", (tangent) => softmaxVjp([1, 2]).jvp(tangent)],
    ["logSoftmaxVjp", "input", (tangent) => logSoftmaxVjp([1, 2]).jvp(tangent)],
    ["logSumExpVjp", "input", (tangent) => logSumExpVjp([1, 2]).jvp(tangent)],
  ];

  test.each(TANGENTS)("%s().jvp takes a plain object of %s", (_, known, call) => {
    expect(NO_OBJECT.map(([value]) => errorOf(() => call(value)))).toEqual(
      refusedObjects("tangent"),
    );
    expect(errorOf(() => call())).toBe(
      'TypeError: "tangent" expected a plain object, got undefined',
    );
    expect(errorOf(() => call({ input: [1, 2], v: [1, 2] }))).toBe(
      `TypeError: "tangent" expected only ${known}, got "v"`,
    );
  });

  refused([
    [
      "gumbelSoftmaxVjp().jvp needs input or tau",
      () => sampled().jvp({ input: undefined }),
      'TypeError: "tangent" expected "input", "tau" or both, got an Object',
    ],
    [
      "gumbelSoftmaxVjp: out is an object of arrays",
      () => gumbelSoftmaxVjp([1, 2], { out: new Float32Array(2) }),
      'TypeError: "out" expected a plain object, got a Float32Array',
    ],
    [
      "gumbelSoftmaxVjp: names in out",
      () => gumbelSoftmaxVjp([1, 2], { out: { value: new Float32Array(2) } }),
      'TypeError: "out" expected only sample, soft, index, got "value"',
    ],
    [
      "gumbelSoftmaxVjp: out null",
      () => gumbelSoftmaxVjp([1, 2], { out: null }),
      'TypeError: "out" expected a plain object, got null',
    ],
  ]);
});

describe("choices and switches", () => {
  const CALLS: [option: string, expected: string, call: Untyped][] = [
    ["from", '"logits" or "weights"', (from) => gumbelMax([1, 2], { from })],
    ["from", '"logits" or "weights"', (from) => gumbelSoftmax([1, 2], { from })],
    ["from", '"logits" or "weights"', (from) => gumbelSoftmaxVjp([1, 2], { from })],
    ["from", '"logits" or "weights"', (from) => categorical([1, 2], { from })],
    ...ON_ROWS.filter(([name]) => name !== "softmaxBackward").map(
      ([, , call]): [string, string, Untyped] => [
        "onInvalidRow",
        '"throw" or "mark"',
        (onInvalidRow) => call([1, 2], { onInvalidRow }),
      ],
    ),
  ];

  test.each(CALLS)("%s: %s", (option, expected, call) => {
    expect(errorOf(() => call("Weights"))).toBe(
      `RangeError: "${option}" expected ${expected}, got "Weights"`,
    );
    expect(errorOf(() => call(null))).toBe(`TypeError: "${option}" expected ${expected}, got null`);
    expect(errorOf(() => call(1))).toBe(`TypeError: "${option}" expected ${expected}, got 1`);
  });

  const SWITCHES: [name: string, call: Untyped][] = [
    ["hard", (hard) => gumbelSoftmax([1, 2], { hard })],
    ["hard", (hard) => gumbelSoftmaxVjp([1, 2], { hard })],
    ["tau", (tau) => sampled().vjp([1, 2], { tau })],
  ];

  test.each(SWITCHES)("%s is true or false", (name, call) => {
    for (const [value, shown] of [...NO_ARRAY.filter(([v]) => v !== true), [1, "1"], [0, "0"]]) {
      expect(errorOf(() => call(value))).toBe(
        `TypeError: "${name}" expected true or false, got ${shown}`,
      );
    }
  });
});

describe("tau and temperature", () => {
  const hint = ' (for the limit at 0 use "hard", or gumbelMax)';
  const rows = { classes: 1, seed };
  const TAU: Untyped[] = [
    (tau) => gumbelSoftmax([1, 2], { ...rows, tau }),
    (tau) => gumbelSoftmax([1, 2], { ...rows, tau, hard: true }),
    (tau) => gumbelSoftmaxVjp([1, 2], { ...rows, tau }),
    (tau) => softmaxBackward([1, 2], [1, 2], { classes: 1, tau }),
  ];

  test.each(TAU)("tau is finite and > 0; 0 leads to hard and gumbelMax (%#)", (call) => {
    for (const bad of [-1, Number.NaN, Infinity, -Infinity, -5e-324]) {
      expect(errorOf(() => call(bad))).toBe(
        `RangeError: "tau" expected a finite number > 0, got ${bad}`,
      );
      expect(errorOf(() => call([1, bad]))).toBe(
        `RangeError: "tau[1]" expected a finite number > 0, got ${bad}`,
      );
    }
    for (const zero of [0, -0]) {
      expect(errorOf(() => call(zero))).toBe(
        `RangeError: "tau" expected a finite number > 0${hint}, got 0`,
      );
      expect(errorOf(() => call([zero, 1]))).toBe(
        `RangeError: "tau[0]" expected a finite number > 0${hint}, got 0`,
      );
    }
    expect(errorOf(() => call("1"))).toBe('TypeError: "tau" expected a number, got "1"');
    expect(errorOf(() => call(1n))).toBe('TypeError: "tau" expected a number, got 1n');
    expect(errorOf(() => call(null))).toBe('TypeError: "tau" expected a number, got null');
    expect(errorOf(() => call(5e-324))).toBe("no error");
    expect(errorOf(() => call(Number.MAX_VALUE))).toBe("no error");
  });

  const TEMPERATURE: Untyped[] = [
    (temperature) => softmax([1, 2], { classes: 1, temperature }),
    (temperature) => logSoftmax([1, 2], { classes: 1, temperature }),
    (temperature) => gumbelMax([1, 2], { ...rows, temperature }),
    (temperature) => categorical([1, 2], { ...rows, temperature }),
  ];

  test.each(TEMPERATURE)("temperature is finite and >= 0 (%#)", (call) => {
    for (const bad of [-1, Number.NaN, Infinity, -5e-324]) {
      expect(errorOf(() => call(bad))).toBe(
        `RangeError: "temperature" expected a finite number >= 0, got ${bad}`,
      );
      expect(errorOf(() => call([0, bad]))).toBe(
        `RangeError: "temperature[1]" expected a finite number >= 0, got ${bad}`,
      );
    }
    expect(errorOf(() => call("1"))).toBe('TypeError: "temperature" expected a number, got "1"');
    expect(errorOf(() => call(-0))).toBe("no error");
  });

  refused([
    [
      "the tangent of tau lies within float32",
      () => sampled().jvp({ tau: 1e39 }),
      'RangeError: "tau" expected a number within float32, got 1e+39',
    ],
    [
      "the upstream of logSumExpVjp lies within float32",
      () => logSumExpVjp([1, 2]).vjp([-1e39]),
      'RangeError: "v[0]" expected a number within float32, got -1e+39',
    ],
    [
      "the upstream of logSumExpVjp is a number",
      () => logSumExpVjp([1, 2]).vjp("1"),
      'TypeError: "v" expected a number, or one a row, got "1"',
    ],
    [
      "nested noise has the logits' rows, not only their number of values",
      () =>
        gumbelMax(
          [
            [0, 1, 2],
            [3, 4, 5],
          ],
          {
            noise: [
              [9, 0],
              [0, 9],
              [0, 0],
            ],
          },
        ),
      'RangeError: "noise" expected 2 rows, got 3 rows',
    ],
  ]);
});
