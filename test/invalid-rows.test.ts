/**
 * Rows that are no law, and rows at the edge of being one: ARCHITECTURE.md, "Semantics". Results are compared bit for
 * bit with those of the same call on good rows.
 */

import {
  type CategoricalOptions,
  categorical,
  gumbelMax,
  gumbelNoise,
  gumbelSoftmax,
  gumbelSoftmaxVjp,
  logSoftmax,
  logSoftmaxVjp,
  logSumExp,
  logSumExpVjp,
  type Matrix,
  Rng,
  softmax,
  softmaxBackward,
  softmaxVjp,
} from "gumbel";
import { describe, expect, test } from "vitest";
import { expectSame, random } from "./support/api-arrays.ts";
import { errorOf } from "./support/api-errors.ts";
import { ON_ROWS, type OnRows, type Out, type RowsOptions } from "./support/api-rows.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** What makes a row invalid, and the message after the label. */
interface Fault {
  name: string;
  spoil(row: Float32Array): void;
  error(row: number): string;
}

const at = (column: number, value: number, expected: string): Fault => ({
  name: `${value} at ${column}`,
  spoil: (row) => {
    row[column] = value;
  },
  error: (row) => `expected ${expected}, got ${Math.fround(value)} at row ${row}, class ${column}`,
});

/** First, middle, last; where vectors, partial sums and blocks begin and end. */
const PLACES = [0, 1, 3, 4, 15, 16, 17, 150, 255, 256, 257, 298, 299];

const LOGITS: Fault[] = [
  ...PLACES.map((column) => at(column, nan, "no NaN")),
  ...[
    [0, 1],
    [15, 16],
    [0, 299],
    [255, 256],
  ].map(
    (columns): Fault => ({
      name: `+∞ at ${columns}`,
      spoil: (row) => {
        for (const column of columns) row[column] = inf;
      },
      error: (row) => `expected at most one Infinity in each row, got more in row ${row}`,
    }),
  ),
  {
    name: "nothing above −∞",
    spoil: (row) => row.fill(-inf),
    error: (row) => `expected a logit above -Infinity in each row, got none in row ${row}`,
  },
  {
    name: "NaN behind two +∞",
    spoil: (row) => row.set([inf, inf, nan], 20),
    error: (row) => `expected no NaN, got NaN at row ${row}, class 22`,
  },
];

const WEIGHTS: Fault[] = [
  ...PLACES.map((column) => at(column, nan, "finite weights >= 0")),
  ...PLACES.map((column) => at(column, -1e-45, "finite weights >= 0")),
  ...[-1, inf, -inf].map((value) => at(256, value, "finite weights >= 0")),
  {
    name: "nothing above 0",
    spoil: (row) => row.fill(0).fill(-0, 100),
    error: (row) => `expected a weight above 0 in each row, got none in row ${row}`,
  },
];

const NOISE: Fault[] = [
  ...PLACES.map((column) => at(column, nan, "finite values or -Infinity")),
  ...PLACES.map((column) => at(column, inf, "finite values or -Infinity")),
  {
    name: "nothing above −∞",
    spoil: (row) => row.fill(-inf),
    error: (row) =>
      `expected a class whose logit and noise add up to more than -Infinity in each row, got none in row ${row}`,
  },
];

/** A batch, good throughout, and what a function makes of it. */
interface Good {
  x: Float32Array;
  noise?: Float32Array;
  options: RowsOptions;
  results: Out[];
}

const copy = <T extends Out>(array: T) => array.slice() as T;

function good(
  f: OnRows,
  rows: number,
  classes: number,
  kind: "logits" | "weights" | "noise",
): Good {
  const x = kind === "weights" ? random(rows * classes, 1, 0, 2) : random(rows * classes, 2);
  const noise = kind === "noise" ? random(rows * classes, 3) : undefined;
  const from = kind === "weights" ? { from: kind } : {};
  const options = { classes, ...from, ...(f.draws && !noise ? { seed: 5 } : {}) };
  const results = f.outs(rows, classes);
  f.run(copy(x), noise ? { ...options, noise } : options, results);
  return { x, options, results, ...(noise && { noise }) };
}

const rowOf = (array: Float32Array, row: number, classes: number) =>
  array.subarray(row * classes, (row + 1) * classes);

const KINDS = [
  { kind: "logits", faults: LOGITS, functions: ON_ROWS },
  { kind: "weights", faults: WEIGHTS, functions: ON_ROWS.filter(({ draws }) => draws) },
  { kind: "noise", faults: NOISE, functions: ON_ROWS.filter(({ noise }) => noise) },
] as const;

const CASES = KINDS.flatMap(({ kind, faults, functions }) =>
  functions.map((f) => ({ name: f.name, kind, faults, f })),
);

/** What log-sum-exp takes: nothing above −∞ is a sum of 0. */
const isFault = ({ name }: Fault, f: OnRows) =>
  !(f.name.startsWith("logSumExp") && name === "nothing above −∞");

describe("a row that is no law, onInvalidRow: throw", () => {
  /** 54 rows of 300 classes, 2,048 rows of 3 and not even one of 20,000 are a chunk of 64 kB. */
  const SHAPES = [
    { rows: 120, classes: 300, bad: [0, 1, 53, 54, 107, 119] },
    { rows: 5000, classes: 3, bad: [2047, 2048, 4999] },
    { rows: 3, classes: 20_000, bad: [1] },
  ];

  test.each(CASES)("$name: the error names the row and the first fault of the $kind", (given) => {
    const { kind, faults, f } = given;
    const { x, noise, options } = good(f, 120, 300, kind);
    const wrong: string[] = [];
    for (const fault of faults.filter((fault) => isFault(fault, f))) {
      const bad = copy(kind === "noise" ? (noise as Float32Array) : x);
      // The first of two is named.
      for (const row of [57, 60]) fault.spoil(rowOf(bad, row, 300));
      const given: RowsOptions = kind === "noise" ? { ...options, noise: bad } : options;
      const error = errorOf(() => f.run(kind === "noise" ? x : bad, given, f.outs(120, 300)));
      const label = kind === "noise" ? "noise" : f.label;
      if (error !== `RangeError: "${label}" ${fault.error(57)}`)
        wrong.push(`${fault.name}: ${error}`);
    }
    expect(wrong).toEqual([]);
  });

  test.each(CASES)("$name, bad $kind: rows before are complete, later ones untouched", (given) => {
    const { kind, faults, f } = given;
    const fault = faults[1];
    for (const { rows, classes, bad } of SHAPES) {
      const { x, noise, options, results } = good(f, rows, classes, kind);
      for (const row of bad) {
        const spoilt = copy(kind === "noise" ? (noise as Float32Array) : x);
        fault.spoil(rowOf(spoilt, row, classes));
        const outs = f.outs(rows, classes).map((out) => out.fill(7) as Out);
        const [input, given] =
          kind === "noise" ? [x, { ...options, noise: spoilt }] : [spoilt, options];
        expect(errorOf(() => f.run(input, given, outs))).toMatch(`at row ${row}, class 1`);
        outs.forEach((out, i) => {
          const before = (out.length / rows) * row;
          expectSame(out.subarray(0, before), results[i].subarray(0, before), `row < ${row}`);
          expect(out.subarray(before).every((value: number) => value === 7)).toBe(true);
        });
      }
    }
  });

  test.each(CASES.filter(({ f }) => f.inPlace))(
    "$name, bad $kind, in place: rows before are complete, later ones hold the input",
    ({ kind, faults, f }) => {
      for (const { rows, classes, bad } of SHAPES) {
        const { x, noise, options, results } = good(f, rows, classes, kind);
        for (const row of bad) {
          const spoilt = copy(kind === "noise" ? (noise as Float32Array) : x);
          faults[1].spoil(rowOf(spoilt, row, classes));
          const inPlace = copy(spoilt);
          const [input, given] =
            kind === "noise" ? [x, { ...options, noise: inPlace }] : [inPlace, options];
          expect(errorOf(() => f.run(input, given, [inPlace]))).toMatch(`at row ${row}, class 1`);
          const before = row * classes;
          expectSame(inPlace.subarray(0, before), results[0].subarray(0, before));
          expectSame(inPlace.subarray(before), spoilt.subarray(before));
        }
      }
    },
  );

  test.each(ON_ROWS.filter(({ draws }) => draws))("$name takes no stream", (f) => {
    const rng = new Rng({ seed: "0x5", stream: 0 });
    const x = random(20, 1);
    const outs = f.outs(4, 5);
    const bad = copy(x);
    bad[17] = nan;
    expect(errorOf(() => f.run(bad, { classes: 5, rng }, outs))).toMatch("at row 3, class 2");
    expect(rng.stream).toBe(0);
    // Nothing is skipped afterwards either.
    f.run(x, { classes: 5, rng }, outs);
    const again = f.outs(4, 5);
    f.run(x, { classes: 5, seed: 5 }, again);
    outs.forEach((out, i) => {
      expectSame(out, again[i]);
    });
    expect(rng.stream).toBe(1);
    f.run(bad, { classes: 5, rng, onInvalidRow: "mark" }, outs);
    expect(rng.stream, "a marked row is no failure").toBe(2);
  });
});

describe("a row that is no law, onInvalidRow: mark", () => {
  test.each(CASES)("$name, bad $kind: −1 and NaN, all other rows right", ({ kind, faults, f }) => {
    const [rows, classes] = [120, 300];
    const { x, noise, options, results } = good(f, rows, classes, kind);
    const marked = [0, 53, 54, 55, 119];
    for (const fault of faults.filter((fault) => isFault(fault, f))) {
      const bad = copy(kind === "noise" ? (noise as Float32Array) : x);
      for (const row of marked) fault.spoil(rowOf(bad, row, classes));
      const outs = f.outs(rows, classes).map((out) => out.fill(7) as Out);
      const given: RowsOptions = { ...options, onInvalidRow: "mark" };
      if (kind === "noise") given.noise = bad;
      f.run(kind === "noise" ? x : bad, given, outs);
      outs.forEach((out, i) => {
        const width = out.length / rows;
        const expected = copy(results[i]);
        for (const row of marked) {
          expected.fill(out instanceof Int32Array ? -1 : nan, row * width, (row + 1) * width);
        }
        expectSame(out, expected, fault.name);
      });
    }
  });

  test("gradients of marked rows are NaN, those of all others right", () => {
    const [rows, classes] = [9, 20];
    const [x, v, t] = [1, 2, 3].map((seed) => random(rows * classes, seed, 0.1, 2));
    const tau = random(rows, 4, 0.5, 2);
    const bad = copy(x);
    const marked = [0, 4, 8];
    bad[0] = nan;
    bad.fill(inf, 4 * classes, 4 * classes + 2);
    bad[9 * classes - 1] = nan;
    const options = { classes, onInvalidRow: "mark" } as const;

    const products = (input: Float32Array): Float32Array[] => {
      const of = (from: "logits" | "weights") => {
        const g = gumbelSoftmaxVjp(input, { ...options, from, tau, seed: 1 });
        const both = g.vjp(v, { tau: true });
        return [
          g.vjp(v).input,
          both.input,
          both.tau as Float32Array,
          g.jvp({ input: t }),
          g.jvp({ tau }),
          g.jvp({ input: t, tau }),
        ];
      };
      const plain = [softmaxVjp(input, options), logSoftmaxVjp(input, options)].flatMap((d) => [
        d.vjp(v).input,
        d.jvp({ input: t }),
      ]);
      const sum = logSumExpVjp(input, options);
      return [
        ...of("logits"),
        ...of("weights"),
        ...plain,
        sum.vjp(tau).input,
        sum.jvp({ input: t }),
        softmaxBackward(softmax(input, options), v, { classes, tau }),
      ];
    };
    const expected = products(x);
    products(bad).forEach((result, i) => {
      const width = result.length / rows;
      for (const row of marked) expected[i].fill(nan, row * width, (row + 1) * width);
      expectSame(result, expected[i], `product ${i}`);
    });
  });

  test("valid rows aren't touched by the option", () => {
    for (const f of ON_ROWS) {
      const { x, options, results } = good(f, 7, 33, "logits");
      const outs = f.outs(7, 33);
      f.run(x, { ...options, onInvalidRow: "mark" }, outs);
      outs.forEach((out, i) => {
        expectSame(out, results[i], f.name);
      });
    }
  });
});

describe("rows at the edge of being a law", () => {
  /** Upstream values that an impossible class must not let through. */
  const POISON = [nan, inf, -inf, 3e38];

  test("log-sum-exp of nothing but −∞ is −∞, with gradient 0", () => {
    for (const onInvalidRow of ["throw", "mark"] as const) {
      const x = [
        [-inf, -inf, -inf],
        [1, 2, -inf],
      ];
      expect([...logSumExp(x, { onInvalidRow })]).toEqual([
        -inf,
        Math.fround(2 + Math.log1p(Math.exp(-1))),
      ]);
      const d = logSumExpVjp(x, { onInvalidRow });
      expect(d.value[0]).toBe(-inf);
      expect([...d.vjp([5, 0]).input]).toEqual([0, 0, 0, 0, 0, 0]);
      expect(
        d.jvp({
          input: [
            [1, 2, 3],
            [0, 0, 1],
          ],
        }),
      ).toEqual(Float32Array.of(0, 0));
    }
  });

  test("one +∞: certain, however small its noise; gradients 0; log-sum-exp +∞", () => {
    const classes = 40;
    for (const certain of [0, 15, 16, 39]) {
      const x = random(classes, 1);
      x[certain] = inf;
      x[(certain + 1) % classes] = -inf;
      const hot = new Float32Array(classes);
      hot[certain] = 1;
      const log = new Float32Array(classes).fill(-inf);
      log[certain] = 0;
      const v = random(classes, 2);
      const zeros = new Float32Array(classes);
      const alone = new Float32Array(classes).fill(-inf);
      alone[certain] = -100;
      const noise = [random(classes, 3, -100, 100), alone, undefined];

      expectSame(softmax(x), hot);
      expectSame(logSoftmax(x), log);
      expect(logSumExp(x)[0]).toBe(inf);
      expect([...categorical(x, { draws: 3, seed: 1 })]).toEqual([certain, certain, certain]);
      for (const d of [softmaxVjp(x), logSoftmaxVjp(x)]) {
        expectSame(d.vjp(v).input, zeros);
        expectSame(d.jvp({ input: v }), zeros);
      }
      expectSame(logSumExpVjp(x).vjp(3).input, zeros);
      expect(logSumExpVjp(x).jvp({ input: v })[0]).toBe(0);
      for (const given of noise) {
        const key = given ? { noise: given } : { seed: 1 };
        expect(gumbelMax(x, key)[0]).toBe(certain);
        expectSame(gumbelSoftmax(x, { ...key, tau: 0.3 }), hot);
        expectSame(gumbelSoftmax(x, { ...key, hard: true }), hot);
        const g = gumbelSoftmaxVjp(x, { ...key, tau: 0.3 });
        expect(g.index[0]).toBe(certain);
        const { input, tau } = g.vjp(v, { tau: true });
        expectSame(input, zeros);
        expect(Math.abs(tau?.[0] as number)).toBe(0);
        expectSame(g.jvp({ input: v, tau: 2 }), zeros);
      }
    }
  });

  test("one +∞ whose given noise is −∞ has no score: an invalid row; so is NaN anywhere in the noise", () => {
    const x = [1, 2, inf, 3];
    const cases: [noise: number[], error: string][] = [
      [
        [0, 0, -inf, 0],
        "a value above -Infinity where the logit is Infinity, got -Infinity at row 0, class 2",
      ],
      [[0, 0, 0, nan], "finite values or -Infinity, got NaN at row 0, class 3"],
    ];
    for (const [noise, error] of cases) {
      for (const call of [gumbelMax, gumbelSoftmax, gumbelSoftmaxVjp]) {
        expect(errorOf(() => call(x, { noise }))).toBe(`RangeError: "noise" expected ${error}`);
      }
      const g = gumbelSoftmaxVjp(x, { noise, onInvalidRow: "mark" });
      expect(g.index[0]).toBe(-1);
      expectSame(g.soft, new Float32Array(4).fill(nan));
      expectSame(g.vjp([1, 2, 3, 4]).input, new Float32Array(4).fill(nan));
    }
  });

  test("temperature 0: the largest, the first on a tie, whatever the noise", () => {
    const x = random(300, 1);
    x[17] = x[256] = x[299] = 5;
    x[3] = -inf;
    const hot = new Float32Array(300);
    hot[17] = 1;
    expect(gumbelMax(x, { temperature: 0 })[0]).toBe(17);
    for (const value of [nan, inf, -inf]) {
      const noise = random(300, 2, -100, 100).fill(value, 10, 200);
      expect(gumbelMax(x, { temperature: 0, noise })[0]).toBe(17);
    }
    expect([...categorical(x, { temperature: 0, draws: 4 })]).toEqual([17, 17, 17, 17]);
    expectSame(softmax(x, { temperature: 0 }), hot);
    expectSame(
      logSoftmax(x, { temperature: 0 }),
      hot.map((y) => (y === 1 ? 0 : -inf)),
    );
    // A row at 0 among others, which are as without it.
    const two = [[...x], [...x]];
    const warm = softmax(x);
    expectSame(softmax(two, { temperature: [0, 1] }), Float32Array.of(...hot, ...warm));
    // Still no law.
    x[299] = nan;
    const error = 'RangeError: "logits" expected no NaN, got NaN at row 0, class 299';
    expect(errorOf(() => gumbelMax(x, { temperature: 0 }))).toBe(error);
    expect(errorOf(() => categorical(x, { temperature: 0 }))).toBe(error);
  });

  test("temperature 0 compares weights as weights, where two share a logarithm", () => {
    const weights = [2 ** 100, 2 ** 100 * (1 + 2 ** -23), 2 ** 100];
    expect(gumbelMax(weights, { from: "weights", temperature: 0 })[0]).toBe(1);
    expect(categorical(weights, { from: "weights", temperature: 0 })[0]).toBe(1);
  });

  test.each(["logits", "weights"] as const)(
    "impossible classes (%s): never drawn, exactly 0, gradient exactly 0 whatever the upstream holds",
    (from) => {
      const [rows, classes] = [4, 300];
      const x = random(rows * classes, 1, 0.1, 2);
      const masked = (i: number) => i % 5 === 2 || i % classes === 0 || i % classes === classes - 1;
      for (let i = 0; i < x.length; i++) if (masked(i)) x[i] = from === "weights" ? 0 : -inf;
      const options = { classes, from, seed: 1, tau: 0.5 };
      const g = gumbelSoftmaxVjp(x, options);
      const zero = (y: Float32Array) => y.every((y, i) => !masked(i) || Object.is(y, 0));

      expect(zero(g.soft) && zero(gumbelSoftmax(x, { ...options, hard: true }))).toBe(true);
      for (const index of gumbelMax(x, { classes, from, seed: 1 }))
        expect(masked(index)).toBe(false);
      for (const index of categorical(x, { classes, from, seed: 1, draws: 5000 })) {
        if (masked(index)) expect.fail(`drew ${index}`);
      }

      const plain =
        from === "logits" ? [softmaxVjp(x, { classes }), logSoftmaxVjp(x, { classes })] : [];
      const products = (v: Float32Array): Float32Array[] => {
        const both = g.vjp(v, { tau: true });
        return [
          g.vjp(v).input,
          both.input,
          g.jvp({ input: v }),
          g.jvp({ input: v, tau: 2 }),
          softmaxBackward(g.soft, v, { classes, tau: 0.5 }),
          ...plain.flatMap((d) => [d.vjp(v).input, d.jvp({ input: v })]),
        ];
      };
      const v = random(rows * classes, 2);
      const clean = products(v);
      for (const poison of POISON) {
        const poisoned = v.map((value, i) => (masked(i) ? poison : value));
        products(poisoned).forEach((result, i) => {
          expect(zero(result), `product ${i}`).toBe(true);
          expectSame(result, clean[i], `product ${i}, upstream ${poison}`);
        });
        expectSame(
          g.vjp(poisoned, { tau: true }).tau as Float32Array,
          g.vjp(v, { tau: true }).tau as Float32Array,
          "by tau",
        );
      }
      if (from === "logits") {
        for (const poison of POISON) {
          const { input } = logSumExpVjp(x, { classes }).vjp(poison);
          expect(zero(input)).toBe(true);
          expect(
            logSumExpVjp(x, { classes }).jvp({ input: v.map((t, i) => (masked(i) ? poison : t)) }),
          ).toEqual(logSumExpVjp(x, { classes }).jvp({ input: v }));
        }
      }
    },
  );

  test("subnormal weights count", () => {
    const least = 2 ** -149;
    const samplers: ((x: Matrix, options: CategoricalOptions) => Int32Array)[] = [
      gumbelMax,
      categorical,
    ];
    for (const draw of samplers) {
      const x = [0, least, 0];
      expect([...draw(Array(50).fill(x), { from: "weights", seed: 1 })]).toEqual(Array(50).fill(1));
    }
    // 2:1, as with any other weights: the same logits, up to rounding.
    const rows = 3000;
    for (const draw of samplers) {
      const drawn = draw(Array(rows).fill([2 * least, least]), { from: "weights", seed: 1 });
      const first = drawn.filter((index) => index === 0).length;
      // Binomial(3000, 2/3): sd 25.8; five of them, false alarm 6·10^-7.
      expect(Math.abs(first - 2000)).toBeLessThan(130);
    }
    const soft = gumbelSoftmax([2 * least, least, 1], { from: "weights", noise: [0, 0, -inf] });
    expect(soft[0]).toBeCloseTo(2 / 3, 5);
    expect(soft[2]).toBe(0);
    const { input } = gumbelSoftmaxVjp([2 ** -126, 2 ** -127], {
      from: "weights",
      noise: [0, 0],
    }).vjp([1, 0]);
    // dy0/dw0 = w1/(w0 + w1)²
    expect(input[0] / (2 / 9 / 2 ** -126)).toBeCloseTo(1, 4);
  });
});

describe("the smallest shapes", () => {
  test("rows = 0: empty results everywhere, and a stream is taken", () => {
    for (const f of ON_ROWS) {
      const outs = f.outs(0, 3);
      const rng = new Rng(1);
      f.run(new Float32Array(0), f.draws ? { classes: 3, rng } : { classes: 3 }, outs);
      expect(rng.stream).toBe(f.draws ? 1 : 0);
    }
    const none = new Float32Array(0);
    expect(gumbelNoise(0, 3, { seed: [] })).toEqual(none);
    expect(softmax([], { classes: 3, temperature: [] })).toEqual(none);
    expect(logSumExp([], { classes: 3 })).toEqual(none);
    expect(gumbelMax([], { classes: 3, noise: [] })).toEqual(new Int32Array(0));
    expect(categorical([], { classes: 3, draws: 5 })).toEqual(new Int32Array(0));
    expect(categorical([1, 2], { classes: 2, draws: 0 })).toEqual(new Int32Array(0));
    const g = gumbelSoftmaxVjp([], { classes: 3, tau: [], seed: 1 });
    expect(g).toMatchObject({ sample: none, soft: none, index: new Int32Array(0) });
    expect(g.vjp([], { tau: true })).toEqual({ input: none, tau: none });
    expect(g.jvp({ input: [], tau: [] })).toEqual(none);
    for (const d of [softmaxVjp([], { classes: 3 }), logSoftmaxVjp([], { classes: 3 })]) {
      expect([d.value, d.vjp([]).input, d.jvp({ input: [] })]).toEqual([none, none, none]);
    }
    const d = logSumExpVjp([], { classes: 3 });
    expect([d.value, d.vjp(1).input, d.jvp({ input: [] })]).toEqual([none, none, none]);
    expect(softmaxBackward([], [], { classes: 3 })).toEqual(none);
  });

  test("classes = 1: the one class, with gradient 0", () => {
    const x = Float32Array.of(-5, 0, 1e38);
    const [ones, zeros] = [new Float32Array(3).fill(1), new Float32Array(3)];
    const one = { classes: 1 };
    expectSame(softmax(x, one), ones);
    expectSame(logSoftmax(x, one), zeros);
    expectSame(logSumExp(x, one), x);
    expect([...gumbelMax(x, one)]).toEqual([0, 0, 0]);
    expect([...categorical(x, { ...one, draws: 2 })]).toEqual([0, 0, 0, 0, 0, 0]);
    expectSame(gumbelSoftmax(x, { ...one, tau: 0.1 }), ones);
    const g = gumbelSoftmaxVjp(x, { ...one, tau: 0.1 });
    const v = [3, -4, 1e30];
    expect(g.vjp(v, { tau: true }).input.map(Math.abs)).toEqual(zeros);
    expect(g.vjp(v, { tau: true }).tau?.map(Math.abs)).toEqual(zeros);
    expect(g.jvp({ input: v, tau: 1 }).map(Math.abs)).toEqual(zeros);
    expect(logSumExpVjp(x, one).vjp([2, 3, 4]).input).toEqual(Float32Array.of(2, 3, 4));
    // Alone, a class of weight 0 is impossible.
    expect(errorOf(() => gumbelMax([1, 0], { ...one, from: "weights" }))).toBe(
      'RangeError: "logits" expected a weight above 0 in each row, got none in row 1',
    );
  });
});
