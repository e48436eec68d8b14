/** sampleTokens and filterTokens as a whole: orders, penalties, temperature 0, keys, and the law of the draws. */

import { runInNewContext } from "node:vm";
import {
  categorical,
  filterTokens,
  Rng,
  sampleTokens,
  softmax,
  type TokenFilterOptions,
} from "gumbel";
import { describe, expect, test } from "vitest";
import { expectSame, random, uniform } from "./support/api-arrays.ts";
import { chiSquareRatio, countsOf } from "./support/api-stats.ts";
import { expectSameBits } from "./support/bits.ts";
import { LOGITS } from "./support/token-logits.ts";

const zipf = LOGITS.zipf as (typeof LOGITS)[string];
const classes = 1000;
const rows = 5;
const x = Float32Array.from({ length: rows * classes }, () => 0);
for (let row = 0; row < rows; row++) x.set(zipf(classes, row), row * classes);
const seen = Array.from({ length: rows }, (_, row) => [row, 3, 3, 999, 3 + row, 999]);

/** Options of every sort, each with a value of its own in each row somewhere. */
const OPTIONS: TokenFilterOptions[] = [
  {},
  { temperature: 0.7 },
  { temperature: [0.5, 1, 0, 2, 0.1], topP: 0.9 },
  { topK: [50, 0, 1, 2000, 7] },
  { topP: [0.1, 1, 0.9, 0, 0.5], temperature: 0.8, topK: 40 },
  { minP: [0.1, 0, 1, 0.3, 0.01] },
  { typicalP: [0.2, 1, 0.9, 0.5, 0], temperature: 1.5 },
  { repetitionPenalty: [1.3, 1, 0.5, 2, 1], seen, topP: 0.95 },
  { presencePenalty: 0.5, frequencyPenalty: [0.1, 0, -1, 2, 0.3], seen, topK: 30 },
  { order: "llama.cpp", temperature: 0.7, topK: 60, topP: 0.9, minP: 0.02, typicalP: 0.95 },
  {
    order: ["topP", "temperature", "frequencyPenalty", "topK"],
    topP: 0.99,
    temperature: [0.5, 1, 0, 2, 0.1],
    frequencyPenalty: 3,
    seen,
    topK: 20,
  },
  { mask: Uint8Array.from({ length: classes }, (_, i) => i % 3), bias: { 1: 3, 4: -Infinity } },
];

const describedBy = (options: object) => JSON.stringify(options).slice(0, 60);

describe.each(OPTIONS.map((options) => [describedBy(options), options] as const))("%s", (_, o) => {
  const { temperature } = o;

  test("sampleTokens = categorical(filterTokens, temperature), bit for bit", () => {
    const key = { seed: 7, stream: 3, row: 2 };
    const filtered = filterTokens(x, { ...o, classes });
    const expected = categorical(filtered, { classes, ...key, temperature });
    expectSame(sampleTokens(x, { ...o, classes, ...key }), expected);
  });

  test("a row alone is the row in a batch", () => {
    const all = filterTokens(x, { ...o, classes });
    const drawn = sampleTokens(x, { ...o, classes, seed: 1 });
    for (let row = 0; row < rows; row++) {
      const ofRow = <T>(value: T) => (Array.isArray(value) ? value[row] : value);
      const alone: TokenFilterOptions = {};
      for (const [name, value] of Object.entries(o)) {
        Object.assign(alone, { [name]: name === "order" ? value : ofRow(value) });
      }
      const values = x.slice(row * classes, (row + 1) * classes);
      expectSame(filterTokens(values, alone), all.slice(row * classes, (row + 1) * classes));
      expect(sampleTokens(values, { ...alone, seed: 1, row })[0]).toBe(drawn[row]);
    }
  });

  test("in place, and where given", () => {
    const expected = filterTokens(x, { ...o, classes });
    const own = x.slice();
    expect(filterTokens(own, { ...o, classes, out: own })).toBe(own);
    expectSame(own, expected);
    const out = new Int32Array(rows);
    expect(sampleTokens(x, { ...o, classes, seed: 1, out })).toBe(out);
    expectSame(out, sampleTokens(x, { ...o, classes, seed: 1 }));
  });
});

test("without filters it is categorical", () => {
  for (const temperature of [1, 0.3, 0, [1, 2, 0, 0.1, 5]]) {
    const key = { classes, seed: 9, temperature };
    expectSame(sampleTokens(x, key), categorical(x, key));
  }
  expectSame(filterTokens(x, { classes, temperature: 0.3 }), x);
});

describe("orders", () => {
  /** One step after the other, each on what the one before has left. */
  function oneByOne(steps: [TokenFilterOptions, number][]): Float32Array {
    let logits: Float32Array = x;
    for (const [o, temperature] of steps) {
      logits = filterTokens(logits, { ...o, temperature, classes });
    }
    return logits;
  }
  const [t, topK, topP, minP, typicalP] = [0.6, 50, 0.9, 0.02, 0.95];
  const all = { temperature: t, topK, topP, minP, typicalP, classes };

  test("transformers: filters see the law at this temperature; it is the default", () => {
    const steps = [{ topK }, { topP }, { minP }, { typicalP }];
    const expected = oneByOne(steps.map((o) => [o, t]));
    expectSame(filterTokens(x, all), expected);
    expectSame(filterTokens(x, { ...all, order: "transformers" }), expected);
  });

  test("llama.cpp: filters see the law at temperature 1", () => {
    const steps = [{ topK }, { typicalP }, { topP }, { minP }];
    const expected = oneByOne(steps.map((o) => [o, 1]));
    expectSame(filterTokens(x, { ...all, order: "llama.cpp" }), expected);
    expect(Buffer.from(expected.buffer)).not.toEqual(Buffer.from(filterTokens(x, all).buffer));
  });

  test("a list: those named, in this order", () => {
    const order = ["minP", "temperature", "topP"] as const;
    const expected = oneByOne([
      [{ minP }, 1],
      [{ topP }, t],
    ]);
    expectSame(filterTokens(x, { minP, topP, temperature: t, classes, order }), expected);
    expectSame(filterTokens(x, { classes, order: [] }), x);
  });

  test("a penalty behind a filter sees what that has left, at the temperature before it", () => {
    const order = ["topK", "temperature", "presencePenalty", "topP"] as const;
    const first = filterTokens(x, { topK, classes });
    const penalised = first.slice();
    // (l/T − 2)·T
    seen.forEach((ids, row) => {
      for (const id of new Set(ids)) penalised[row * classes + id] -= 2 * t;
    });
    const expected = filterTokens(penalised, { topP, temperature: t, classes });
    const options = { topK, topP, presencePenalty: 2, seen, temperature: t, classes, order };
    expectSame(filterTokens(x, options), expected);
  });
});

describe("penalties", () => {
  const logits = [2, -2, 0, 1, 0.5];

  test("repetition: CTRL's, once however often an id was seen", () => {
    const options = { repetitionPenalty: 1.25, seen: [0, 1, 1, 2, 0] };
    expectSame(filterTokens(logits, options), new Float32Array([1.6, -2.5, 0, 1, 0.5]));
  });

  test("presence once, frequency as often as seen", () => {
    const seen = [0, 1, 1, 1, 4];
    expectSame(
      filterTokens(logits, { presencePenalty: 0.5, seen }),
      new Float32Array([1.5, -2.5, 0, 1, 0]),
    );
    expectSame(
      filterTokens(logits, { frequencyPenalty: 0.5, seen }),
      new Float32Array([1.5, -3.5, 0, 1, 0]),
    );
  });

  test("all: repetition divides before the others are subtracted", () => {
    const all = { repetitionPenalty: 2, presencePenalty: 0.25, frequencyPenalty: 0.5 };
    const expected = new Float32Array([-0.25, -4.75, 0, 1, 0.5]);
    expectSame(filterTokens(logits, { ...all, seen: [0, 1, 0] }), expected);
    const order = "llama.cpp";
    expectSame(filterTokens(logits, { ...all, order, seen: [0, 1, 0] }), expected);
  });

  test("ids of every sort of array, none, and a bias first", () => {
    const expected = new Float32Array([1, -2, 0, 1, 0.5]);
    const o = { repetitionPenalty: 2 };
    expectSame(filterTokens(logits, { ...o, seen: Int32Array.of(0) }), expected);
    expectSame(filterTokens(logits, { ...o, seen: [Uint16Array.of(0)] }), expected);
    expectSame(filterTokens(logits, { ...o, seen: BigInt64Array.of(0n, 0n) }), expected);
    expectSame(filterTokens(logits, { ...o, seen: [] }), new Float32Array(logits));
    expectSame(
      filterTokens([logits, logits], { ...o, seen: [[0], []] }),
      new Float32Array([...expected, ...logits]),
    );
    const biased = filterTokens(logits, { ...o, seen: [0], bias: { 0: 2 } });
    expectSame(biased, new Float32Array([2, -2, 0, 1, 0.5]));
  });
});

describe("temperature 0", () => {
  test("the first of the largest processed logits, whatever the filters", () => {
    const o = { temperature: 0, topP: 0.1, typicalP: 0.01, seed: 1 };
    expectSame(sampleTokens([1, 3, 3, 2], o), new Int32Array([1]));
    const { seed, ...filters } = o;
    expectSame(
      filterTokens([1, 3, 3, 2], filters),
      new Float32Array([-Infinity, 3, -Infinity, -Infinity]),
    );
    const penalty = { repetitionPenalty: 2, seen: [1, 2] };
    expectSame(sampleTokens([1, 3, 3, 2], { ...o, ...penalty }), new Int32Array([3]));
  });

  test("also where penalties come after filters", () => {
    const order = ["topK", "presencePenalty", "temperature"] as const;
    const o = { order, topK: 1, presencePenalty: 5, seen: [1] };
    expectSame(sampleTokens([1, 3, 2], { ...o, temperature: 0, seed }), new Int32Array([2]));
    expectSame(sampleTokens([1, 3, 2], { ...o, temperature: 1e-9, seed }), new Int32Array([1]));
  });
  const seed = 1;
});

test("a class at +∞ stays alone", () => {
  const o = { topP: 0.5, topK: 3, minP: 0.1, typicalP: 0.5 };
  const expected = new Float32Array([-Infinity, Infinity, -Infinity]);
  expectSame(filterTokens([1, Infinity, 2], o), expected);
  expectSame(sampleTokens([1, Infinity, 2], { ...o, seed: 1 }), new Int32Array([1]));
});

test("a call takes one stream when it succeeds, none when it throws", () => {
  const rng = new Rng(5);
  const options = { classes, topP: 0.9 };
  expectSame(sampleTokens(x, { ...options, rng }), sampleTokens(x, { ...options, seed: 5 }));
  expect(rng.stream).toBe(1);
  expect(() => sampleTokens([Number.NaN], { rng })).toThrow(RangeError);
  expect(() => sampleTokens([1], { rng, topP: 2 })).toThrow(RangeError);
  expect(rng.stream).toBe(1);
});

test("invalid rows end the call or are marked", () => {
  const bad = new Float32Array([1, 2, Number.NaN, 0, 3, 1]);
  const error = '"logits" expected no NaN, got NaN at row 1, class 0';
  expect(() => filterTokens(bad, { classes: 2, topK: 1 })).toThrow(error);
  expect(() => sampleTokens(bad, { classes: 2, topK: 1, seed: 1 })).toThrow(error);
  const mark = { classes: 2, topK: 1, onInvalidRow: "mark" } as const;
  expectSame(sampleTokens(bad, { ...mark, seed: 1 }), new Int32Array([1, -1, 0]));
  expectSame(
    filterTokens(bad, mark),
    new Float32Array([-Infinity, 2, Number.NaN, Number.NaN, 3, -Infinity]),
  );
  // Penalties behind a filter make two passes of it.
  const order = ["topK", "presencePenalty"] as const;
  const seen = [[0], [0], [0]];
  const twice = { ...mark, order, presencePenalty: 1, seen };
  expectSame(
    filterTokens(bad, twice),
    new Float32Array([-Infinity, 2, Number.NaN, Number.NaN, 2, -Infinity]),
  );
  expectSame(sampleTokens(bad, { ...twice, seed: 1 }), new Int32Array([1, -1, 0]));
});

describe("the law of the draws", () => {
  const draws = 40_000;
  const logits = random(12, 3, -2, 2);

  /** As many rows of the same logits as there are draws. */
  function drawn(options: TokenFilterOptions): Int32Array {
    const many = new Float32Array(draws * logits.length);
    for (let row = 0; row < draws; row++) many.set(logits, row * logits.length);
    return sampleTokens(many, { ...options, classes: logits.length, seed: 11 });
  }

  test.each([
    { topK: 9 },
    { topP: 0.93 },
    { minP: 0.06, temperature: 0.9 },
    { typicalP: 0.95 },
    { presencePenalty: 1, topK: 9 },
  ] as TokenFilterOptions[])("%o", (options) => {
    const penalised = options.presencePenalty !== undefined;
    const seen = penalised ? Array.from({ length: draws }, () => [2, 5, 5]) : undefined;
    const counts = countsOf(drawn({ ...options, seen }), logits.length);
    const one = penalised ? [[2, 5, 5]] : undefined;
    const { temperature } = options;
    const law = softmax(filterTokens(logits, { ...options, seen: one }), { temperature });
    const kept = Array.from(law.keys()).filter((i) => (law[i] as number) > 0);
    // A fixed number of cells, since quantiles are tabulated.
    expect(kept).toHaveLength(9);
    for (const [i, count] of counts.entries()) if (!kept.includes(i)) expect(count).toBe(0);
    const cells = kept.map((i) => counts[i] as number);
    expect(
      chiSquareRatio(
        cells,
        kept.map((i) => law[i] as number),
      ),
    ).toBeLessThan(1);
  });

  test("a draw depends on where the kept classes are, never on their rank", () => {
    // What is far below the kept ones changes their ranks in no order, and no draw.
    const next = uniform(4);
    const noise = logits.map((l) => (l < -1 ? l - 3 * next() : l));
    const options = { topP: 0.6, seed: 3 };
    for (let row = 0; row < 50; row++) {
      expectSame(
        sampleTokens(noise, { ...options, row }),
        sampleTokens(
          logits.map((l) => (l < -1 ? -Infinity : l)),
          { ...options, row },
        ),
      );
    }
  });
});

describe("an invalid row, where a penalty stands behind a filter", () => {
  const order = ["topK", "presencePenalty"] as const;
  const options = { classes: 2, topK: 1, presencePenalty: 1, seen: [[0], [0], [0]] };
  const x = Float32Array.of(1, 2, 1, 2, Number.NaN, 2);

  test("leaves tokens of rows before it, as with one stage", () => {
    for (const stages of [undefined, order]) {
      const out = new Int32Array(3).fill(9);
      expect(() => sampleTokens(x, { ...options, order: stages, seed: 1, out })).toThrow(/row 2/);
      expect([...out]).toEqual([1, 1, 9]);
    }
  });

  test("keeps its logits and those of later rows", () => {
    const y = Float32Array.of(1, 2, Number.NaN, 2, 1, 2);
    expect(() => filterTokens(y, { ...options, order, out: y })).toThrow(/row 1/);
    expect([...y]).toEqual([Number.NEGATIVE_INFINITY, 2, Number.NaN, 2, 1, 2]);
  });
});

describe("penalties make no class impossible, and none certain", () => {
  const most = Math.fround(3.4028234663852886e38);
  test.each([
    [[-3e38, -3e38], { repetitionPenalty: 10 }, [-most, -most]],
    [[1, 2], { presencePenalty: 1e39 }, [-most, -most]],
    [[1, 2], { presencePenalty: -1e39 }, [most, most]],
    [[-Infinity, 2], { frequencyPenalty: -1e308 }, [-Infinity, most]],
    [[Infinity, 2], { presencePenalty: 3 }, [Infinity, -Infinity]],
  ])("%j with %j", (logits, penalty, expected) => {
    const kept = filterTokens(logits, { ...penalty, seen: [0, 1] });
    expect([...kept]).toEqual(expected);
  });
});

test("a Map of another realm is a bias", () => {
  const bias = runInNewContext("new Map([[2, -Infinity]])");
  expect([...filterTokens([1, 2, 3], { bias })]).toEqual([1, 2, Number.NEGATIVE_INFINITY]);
});

test("a bias by class gives the sums of one in an array", () => {
  for (let i = 0; i < 200; i++) {
    const [x, b] = [Math.fround(Math.sin(i) * 3), Math.cos(i * 7) * 10 ** (i % 9)];
    const sparse = filterTokens([x, 0], { bias: { 0: b } });
    expectSameBits(sparse, filterTokens([x, 0], { bias: [b, 0] }), `${x} ${b}`);
  }
});
