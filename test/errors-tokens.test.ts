/** Every error of the options of filterTokens and sampleTokens, and of masks and biases, word for word. */

import { describe, expect, test } from "vitest";
import { detached, errorOf, NO_ARRAY, type Refused, refused } from "./support/api-errors.ts";
import { categorical, filterTokens, gumbelMax, sampleTokens } from "./support/api-untyped.ts";

const two = [1, 2];
const rows = [
  [1, 2, 3],
  [4, 5, 6],
];

type Options = Record<string, unknown>;

const LIST = '"transformers", "llama.cpp" or an array of names';
const STEPS =
  "one of repetitionPenalty, presencePenalty, frequencyPenalty, temperature, topK, topP, minP, typicalP";

/** Each refused by both functions. */
const OPTIONS: [options: Options, error: string][] = [
  [{ topK: "5" }, 'TypeError: "topK" expected a number, got "5"'],
  [{ topK: -1 }, 'RangeError: "topK" expected an integer from 0 to 2^30, got -1'],
  [{ topK: 1.5 }, 'RangeError: "topK" expected an integer from 0 to 2^30, got 1.5'],
  [{ topK: [1, 2] }, 'RangeError: "topK" expected one value, or one a row (1), got length 2'],
  [{ topP: null }, 'TypeError: "topP" expected a number, got null'],
  [{ topP: 1.01 }, 'RangeError: "topP" expected a number from 0 to 1, got 1.01'],
  [{ topP: -0.1 }, 'RangeError: "topP" expected a number from 0 to 1, got -0.1'],
  [{ topP: [Number.NaN] }, 'RangeError: "topP[0]" expected a number from 0 to 1, got NaN'],
  [{ minP: true }, 'TypeError: "minP" expected a number, got true'],
  [{ minP: 2 }, 'RangeError: "minP" expected a number from 0 to 1, got 2'],
  [{ typicalP: 5n }, 'TypeError: "typicalP" expected a number, got 5n'],
  [{ typicalP: Infinity }, 'RangeError: "typicalP" expected a number from 0 to 1, got Infinity'],
  [{ temperature: -1 }, 'RangeError: "temperature" expected a finite number >= 0, got -1'],
  [
    { repetitionPenalty: 0, seen: [] },
    'RangeError: "repetitionPenalty" expected a finite number > 0, got 0',
  ],
  [
    { repetitionPenalty: Infinity, seen: [] },
    'RangeError: "repetitionPenalty" expected a finite number > 0, got Infinity',
  ],
  [{ presencePenalty: "1", seen: [] }, 'TypeError: "presencePenalty" expected a number, got "1"'],
  [
    { frequencyPenalty: Number.NaN, seen: [] },
    'RangeError: "frequencyPenalty" expected a finite number, got NaN',
  ],
  [{ frequencyPenalty: 1 }, 'TypeError: "frequencyPenalty" expected the ids "seen" with it, got 1'],
  [{ seen: 5 }, 'TypeError: "seen" expected an array of ids, got 5'],
  [{ seen: "ab" }, 'TypeError: "seen" expected an array of ids, got "ab"'],
  [{ seen: [0, "1"] }, 'TypeError: "seen" expected numbers of classes, got "1"'],
  [{ seen: [2] }, 'RangeError: "seen" expected numbers of classes, 0 to 1, got 2'],
  [{ seen: [-1] }, 'RangeError: "seen" expected numbers of classes, 0 to 1, got -1'],
  [{ seen: [0.5] }, 'RangeError: "seen" expected numbers of classes, 0 to 1, got 0.5'],
  [
    { seen: BigInt64Array.of(7n) },
    'RangeError: "seen" expected numbers of classes, 0 to 1, got 7n',
  ],
  [
    { seen: [[0], [1]] },
    'RangeError: "seen" expected an array of ids for each row (1), got length 2',
  ],
  [{ order: 5 }, `TypeError: "order" expected ${LIST}, got 5`],
  [{ order: "vllm" }, `RangeError: "order" expected ${LIST}, got "vllm"`],
  [{ order: ["topK", "topk"] }, `RangeError: "order[1]" expected ${STEPS}, got "topk"`],
  [{ order: [1] }, `TypeError: "order[0]" expected ${STEPS}, got 1`],
  [{ order: ["topK", "topK"] }, 'RangeError: "order[1]" expected each name once, got "topK"'],
  [{ order: [], topP: 0.5 }, 'TypeError: "topP" expected its name in "order" with it, got 0.5'],
  [
    { order: ["topP"], temperature: 2 },
    'TypeError: "temperature" expected its name in "order" with it, got 2',
  ],
  [{ dtype: 16 }, 'TypeError: "dtype" expected "float16" or "bfloat16", got 16'],
  [{ onInvalidRow: "skip" }, 'RangeError: "onInvalidRow" expected "throw" or "mark", got "skip"'],
];

describe.each([
  ["filterTokens", filterTokens],
  ["sampleTokens", sampleTokens],
])("%s", (_, call) => {
  test.each(OPTIONS)("%o", (options, error) => {
    expect(errorOf(() => call(two, options))).toBe(error);
  });

  test("unknown options, and inputs that are no array", () => {
    expect(errorOf(() => call(two, { topk: 5 }))).toMatch(/^TypeError: "options" expected only /);
    expect(errorOf(() => call(two, { from: "weights" }))).toMatch(/, got "from"$/);
    for (const [value, shown] of NO_ARRAY) {
      const error = `TypeError: "logits" expected an array of numbers, got ${shown}`;
      expect(errorOf(() => call(value))).toBe(error);
    }
  });

  test("ids of several rows", () => {
    const error = (options: Options) => errorOf(() => call(rows, options));
    expect(error({ seen: [1, 2] })).toBe('TypeError: "seen[0]" expected an array of ids, got 1');
    expect(error({ seen: [[1]] })).toBe(
      'RangeError: "seen" expected an array of ids for each row (2), got length 1',
    );
    expect(error({ seen: Int32Array.of(1, 2) })).toBe(
      'TypeError: "seen[0]" expected an array of ids, got 1',
    );
  });
});

test("filterTokens takes no key", () => {
  expect(errorOf(() => filterTokens(two, { seed: 1 }))).toMatch(/^TypeError: .*, got "seed"$/);
});

describe("out", () => {
  const memory = new ArrayBuffer(64);
  const logits = new Float32Array(memory, 0, 4);
  const mask = new Int32Array(memory, 32, 1);
  refused([
    [
      "of the wrong kind",
      () => filterTokens(two, { out: new Int32Array(2) }),
      'TypeError: "out" expected a Float32Array, got an Int32Array',
    ],
    [
      "of the wrong length",
      () => sampleTokens(two, { out: new Int32Array(2) }),
      'RangeError: "out" expected length 1, got length 2',
    ],
    [
      "in a part of the input",
      () => filterTokens(logits, { out: new Float32Array(memory, 4, 4) }),
      'RangeError: "out" expected the same view as "logits" or memory of its own, got overlapping views',
    ],
    [
      "in the mask",
      () => sampleTokens(logits, { mask, out: mask }),
      'RangeError: "out" expected memory apart from "mask", got shared memory',
    ],
    [
      "in the bias",
      () => filterTokens(two, { bias: logits.subarray(0, 2), out: logits.subarray(0, 2) }),
      'RangeError: "out" expected memory apart from "bias", got shared memory',
    ],
  ]);
});

const MASK = "a Uint8Array, or a bit set as Uint32Array or Int32Array";

const RESTRICTIONS: [options: Options, error: string][] = [
  [{ mask: [1, 0, 1] }, `TypeError: "mask" expected ${MASK}, got an Array`],
  [{ mask: new Float32Array(3) }, `TypeError: "mask" expected ${MASK}, got a Float32Array`],
  [{ mask: "101" }, `TypeError: "mask" expected ${MASK}, got "101"`],
  [
    { mask: new Uint8Array(2) },
    'RangeError: "mask" expected length 3, for all rows, or 6 (2 x 3), got length 2',
  ],
  [
    { mask: new Int32Array(3) },
    'RangeError: "mask" expected length 1, for all rows, or 2 (2 x 1), got length 3',
  ],
  [{ bias: 5 }, 'TypeError: "bias" expected an array, a Map or a plain object, got 5'],
  [{ bias: null }, 'TypeError: "bias" expected an array, a Map or a plain object, got null'],
  [{ bias: [1, 2] }, 'RangeError: "bias" expected length 6 (2 x 3), got length 2'],
  [{ bias: [1, 2, "3"] }, 'TypeError: "bias[2]" expected a number, got "3"'],
  [{ bias: { 3: 1 } }, 'RangeError: "bias" expected numbers of classes, 0 to 2, got 3'],
  [{ bias: { "-1": 1 } }, 'TypeError: "bias" expected numbers of classes, got "-1"'],
  [{ bias: { 1: "2" } }, 'TypeError: "bias[1]" expected a number, got "2"'],
  [{ bias: { 1: Number.NaN } }, 'RangeError: "bias[1]" expected no NaN, got NaN'],
  [
    { bias: new Map([[1.5, 1]]) },
    'RangeError: "bias" expected numbers of classes, 0 to 2, got 1.5',
  ],
  [{ bias: new Map([["1", 1]]) }, 'TypeError: "bias" expected numbers of classes, got "1"'],
];

describe.each([
  ["gumbelMax", gumbelMax],
  ["categorical", categorical],
  ["filterTokens", filterTokens],
  ["sampleTokens", sampleTokens],
])("%s: mask and bias", (_, call) => {
  test.each(RESTRICTIONS)("%o", (options, error) => {
    expect(errorOf(() => call(rows, options))).toBe(error);
  });
});

describe("with weights, and detached", () => {
  const cases: Refused[] = [gumbelMax, categorical].map((call) => [
    `bias of ${call.name}`,
    () => call(two, { from: "weights", bias: { 1: 2 } }),
    'TypeError: "bias" expected no weights with it (use logits), got an Object',
  ]);
  refused([
    ...cases,
    [
      "a mask",
      () => gumbelMax(two, { mask: detached(new Int32Array(1)) }),
      'TypeError: "mask" expected an attached buffer, got a detached one',
    ],
    [
      "a bias",
      () => gumbelMax(two, { bias: detached(new Float32Array(2)) }),
      'TypeError: "bias" expected an attached buffer, got a detached one',
    ],
  ]);
});

describe("sparse biases", () => {
  const kinds = 'TypeError: "bias" expected an array, a Map or a plain object, got';
  refused([
    ["a Set", () => filterTokens([1, 2, 3], { bias: new Set([1]) }), `${kinds} a Set`],
    ["a Date", () => filterTokens([1, 2, 3], { bias: new Date(0) }), `${kinds} a Date`],
    ["a string", () => filterTokens([1, 2, 3], { bias: "1" }), `${kinds} "1"`],
    [
      "a number beyond float32",
      () => filterTokens([1, 2, 3], { bias: { 0: 1e39 } }),
      'RangeError: "bias[0]" expected a number within float32, got 1e+39',
    ],
    [
      "a class twice",
      () =>
        filterTokens([1, 2, 3], {
          bias: new Map<unknown, number>([
            [1, 1],
            [1n, 1],
          ]),
        }),
      'RangeError: "bias" expected each class once, got 1n',
    ],
    [
      "a class with a zero before it",
      () => filterTokens([1, 2, 3], { bias: { "01": 1 } }),
      'TypeError: "bias" expected numbers of classes, got "01"',
    ],
    [
      "a mask of another length",
      () => filterTokens([1, 2, 3], { mask: Uint8Array.of(1, 1) }),
      'RangeError: "mask" expected length 3, got length 2',
    ],
  ]);
});

describe("detached arrays", () => {
  const message = (label: string) =>
    `TypeError: "${label}" expected an attached buffer, got a detached one`;
  refused([
    [
      "halves",
      () => sampleTokens(detached(new Uint16Array(3)), { dtype: "float16", classes: 3 }),
      message("logits"),
    ],
    [
      "ids",
      () => sampleTokens([1, 2, 3], { seen: detached(Int32Array.of(1)), presencePenalty: 1 }),
      message("seen"),
    ],
    [
      "ids of a row",
      () =>
        sampleTokens(
          [
            [1, 2],
            [3, 4],
          ],
          {
            seen: [Int32Array.of(1), detached(Int32Array.of(1))],
            presencePenalty: 1,
          },
        ),
      message("seen[1]"),
    ],
  ]);
});
