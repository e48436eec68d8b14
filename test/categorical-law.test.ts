/** A law that is kept draws what `categorical` draws, on both backends. */

import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  type BackendName,
  type CategoricalLaw,
  categorical,
  categoricalLaw,
  type LawDrawOptions,
  Rng,
  setBackend,
} from "gumbel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectSame } from "./support/api-arrays.ts";
import { errorOf, refused } from "./support/api-errors.ts";
import { chiSquareRatio, countsOf, normalised } from "./support/api-stats.ts";
import * as untyped from "./support/api-untyped.ts";
import { input } from "./support/inputs.ts";

const BACKENDS: BackendName[] = ["wasm-simd", "js"];
/** Around a vector, a group, a block, and where guides begin to grow. */
const LENGTHS = [
  1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 255, 256, 257, 513, 1000, 8191, 8192, 70_001,
];
const KEY = { seed: 2n ** 63n + 5n, stream: 2 ** 40 + 1, row: 7 };

afterAll(() => {
  setBackend("wasm-simd");
});

describe.each(BACKENDS)("%s", (name) => {
  beforeAll(() => {
    setBackend(name);
  });

  test("draws are those of categorical", () => {
    for (const classes of LENGTHS) {
      for (const kind of ["plain", "edges", "weights"] as const) {
        const x = input(kind, 1, classes, classes);
        x[classes >> 1] = 0.5;
        for (const temperature of [1, 0.3, 0]) {
          const options = { from: kind === "weights" ? kind : "logits", temperature } as const;
          const law = categoricalLaw(x, options);
          for (const [draws, draw] of [
            [700, 0],
            [1, 3],
            [5, 2 ** 30 - 5],
          ]) {
            const expected = categorical(x, { ...options, ...KEY, draws, draw });
            const what = `${classes} ${kind} at ${temperature}, ${draws} from ${draw}`;
            expectSame(law.draw(draws, { ...KEY, draw }), expected, what);
          }
        }
      }
    }
  });

  test("a class at +∞ is certain", () => {
    const law = categoricalLaw([0, Infinity, 5]);
    expect(new Set(law.draw(1000, KEY))).toEqual(new Set([1]));
    expect([...law.counts(1000, KEY)]).toEqual([0, 1000, 0]);
  });

  test("slices and resumption, over chunks", () => {
    const law = categoricalLaw(input("plain", 1, 1000, 1));
    const draws = 40_000;
    const all = law.draw(draws, { ...KEY, draw: 9 });
    for (const size of [1, 2, 3, 4, 255, 256, 257, 16_383, 16_384, 16_385, 20_001]) {
      const from = draws - 2 * size < 0 ? 0 : draws - 2 * size;
      const part = law.draw(size, { ...KEY, draw: 9 + from });
      expectSame(part, all.slice(from, from + size), `${size} from ${from}`);
      const counts = law.counts(size, { ...KEY, draw: 9 + from });
      const expected = Uint32Array.from(countsOf(part, 1000));
      expect(Buffer.compare(Buffer.from(counts.buffer), Buffer.from(expected.buffer))).toBe(0);
    }
  });

  test("counts and draws go where they are told", () => {
    const law = categoricalLaw([1, 2, 3], { from: "weights" });
    const [out, counted] = [new Int32Array(10).fill(9), new Uint32Array(3).fill(9)];
    expect(law.draw(10, { ...KEY, out })).toBe(out);
    expect(law.counts(10, { ...KEY, out: counted })).toBe(counted);
    expect([...counted]).toEqual([...countsOf(out, 3)]);
    expect(law.counts(0, { ...KEY, out: counted })).toEqual(new Uint32Array(3));
    expect(law.draw(0, KEY)).toEqual(new Int32Array(0));
  });

  test("a generator hands out a stream a call, and none where it throws", () => {
    const law = categoricalLaw([0, 1, 2]);
    const rng = new Rng(3);
    expectSame(law.draw(50, { rng }), law.draw(50, { seed: 3 }));
    expect(law.counts(50, { rng })).toEqual(law.counts(50, { seed: 3, stream: 1 }));
    expect(() => law.draw(-1, { rng })).toThrow(RangeError);
    expect(() => law.counts(1, { rng, out: new Uint32Array(2) })).toThrow(RangeError);
    expect(rng.stream).toBe(2);
  });

  test("what is done to the input afterwards, or with another law, changes nothing", () => {
    const x = new Float32Array([0, 1, 2]);
    const law = categoricalLaw(x);
    const before = law.draw(1000, KEY);
    x.fill(Number.NaN);
    categoricalLaw([5, 0, 0]).draw(1000, KEY);
    expectSame(law.draw(1000, KEY), before);
    expect(law.classes).toBe(3);
  });

  test("1000 random weights in 64 parts: n = 2^20, chi-square, 63 degrees, 113.505", () => {
    const weights = [...input("weights", 1, 1024, 3)].map((w) => (w < 100 ? w : 1));
    const counts = categoricalLaw(weights, { from: "weights" }).counts(2 ** 20, { seed: 1 });
    const [parts, law] = [new Float64Array(64), new Float64Array(64)];
    normalised(weights).forEach((p, i) => {
      law[i >> 4] += p;
      parts[i >> 4] += counts[i];
    });
    expect(chiSquareRatio(parts, law)).toBeLessThan(1);
  });

  // Of 24 bits a class of e^-20 has none, or sixty times its share.
  test.each([18, 20])(
    "129,280 classes %i nats under one head: n = 2^23, tail mass within 5 sd; 64 parts, chi-square",
    (nats) => {
      const tail = 129_280;
      const x = new Float32Array(tail + 1).fill(-nats);
      x[1000] = 0;
      const n = 2 ** 23;
      const counts = categoricalLaw(x).counts(n, { seed: 4 });
      const mass = (tail * Math.exp(-nats)) / (1 + tail * Math.exp(-nats));
      const drawn = n - counts[1000];
      expect(Math.abs(drawn - n * mass)).toBeLessThan(5 * Math.sqrt(n * mass));
      const parts = new Float64Array(64);
      for (let i = 0; i < tail; i++) parts[Math.floor(i / (tail / 64))] += counts[i + +(i >= 1000)];
      expect(chiSquareRatio(parts, Array(64).fill(1 / 64))).toBeLessThan(1);
    },
  );

  test("3000 laws come and go, and memory comes back", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const memory = async () => {
      for (let i = 0; i < 5; i++) {
        collect();
        await setTimeout(10);
      }
      return process.memoryUsage().rss;
    };
    const make = async (count: number) => {
      let drawn = 0;
      for (let i = 0; i < count; i++) {
        drawn += categoricalLaw(new Float32Array(20_000)).draw(1, { seed: i })[0];
        if (i % 500 === 0) await setTimeout(1);
      }
      return drawn / count;
    };
    await make(500);
    const before = await memory();
    // 20,000 classes of 10 to 12 bytes: 600 MB in all.
    expect(Math.abs((await make(3000)) / 20_000 - 0.5)).toBeLessThan(5 / Math.sqrt(12 * 3000));
    expect((await memory()) - before).toBeLessThan(60 * 2 ** 20);
  });
});

test("many laws at once, each its own", () => {
  setBackend("wasm-simd");
  const laws = Array.from({ length: 300 }, (_, i) => {
    const x = new Float32Array(50);
    x[i % 50] = 100;
    return categoricalLaw(x);
  });
  laws.forEach((law, i) => {
    expect([...law.draw(3, KEY)]).toEqual([i % 50, i % 50, i % 50]);
  });
});

describe("errors", () => {
  let law: CategoricalLaw;
  beforeAll(() => {
    setBackend("wasm-simd");
    law = categoricalLaw([0, 1, 2]);
  });
  const draw = (draws: unknown, options?: unknown) => () =>
    law.draw(draws as number, options as LawDrawOptions);
  const { categoricalLaw: make } = untyped;
  const only = "seed, stream, row, rng, draw, out";

  refused([
    ["no logits", () => make(), 'TypeError: "logits" expected an array of numbers, got undefined'],
    [
      "none of them",
      () => make([]),
      'RangeError: "logits" expected at least one number, or "classes" with it, got length 0',
    ],
    ["rows", () => make([[1], [2]]), 'RangeError: "logits" expected one row, got 2 rows'],
    [
      "an unknown option",
      () => make([1], { tau: 1 }),
      'TypeError: "options" expected only from, temperature, mask, bias, got "tau"',
    ],
    [
      "from",
      () => make([1], { from: "odds" }),
      'RangeError: "from" expected "logits" or "weights", got "odds"',
    ],
    [
      "temperature",
      () => make([1], { temperature: -1 }),
      'RangeError: "temperature" expected a finite number >= 0, got -1',
    ],
    [
      "NaN",
      () => make([0, Number.NaN]),
      'RangeError: "logits" expected no NaN, got NaN at row 0, class 1',
    ],
    [
      "two certain classes",
      () => make([Infinity, Infinity]),
      'RangeError: "logits" expected at most one Infinity in each row, got more in row 0',
    ],
    [
      "no possible class",
      () => make([0, 0], { from: "weights" }),
      'RangeError: "logits" expected a weight above 0 in each row, got none in row 0',
    ],
    [
      "a negative weight",
      () => make([1, -1], { from: "weights" }),
      'RangeError: "logits" expected finite weights >= 0, got -1 at row 0, class 1',
    ],
    ["no draws", draw(undefined), 'TypeError: "draws" expected a number, got undefined'],
    [
      "too many draws",
      draw(2 ** 30 + 1, KEY),
      'RangeError: "draws" expected an integer from 0 to 2^30 (use the next stream for more), got 1073741825',
    ],
    [
      "draws beyond a stream",
      draw(2, { ...KEY, draw: 2 ** 30 - 1 }),
      'RangeError: "draw" expected draw numbers below 2^30 (use the next stream for more), got 1073741823 to 1073741824',
    ],
    [
      "draw",
      draw(2, { draw: 0.5 }),
      'RangeError: "draw" expected an integer from 0 to 2^30, got 0.5',
    ],
    [
      "an unknown option of a draw",
      draw(2, { temperature: 1 }),
      `TypeError: "options" expected only ${only}, got "temperature"`,
    ],
    [
      "a stream alone",
      draw(2, { stream: 1 }),
      'TypeError: "stream" expected a "seed" with it, got 1',
    ],
    [
      "more rows than one",
      draw(2, { seed: [1, 2] }),
      'RangeError: "seed" expected one value, or one a row (1), got length 2',
    ],
    [
      "another array",
      draw(2, { ...KEY, out: new Uint32Array(2) }),
      'TypeError: "out" expected an Int32Array, got a Uint32Array',
    ],
    [
      "an array of another length",
      draw(2, { ...KEY, out: new Int32Array(3) }),
      'RangeError: "out" expected length 2, got length 3',
    ],
    [
      "counts in another array",
      () => law.counts(2, { ...KEY, out: new Int32Array(3) as never }),
      'TypeError: "out" expected a Uint32Array, got an Int32Array',
    ],
    [
      "counts in an array of another length",
      () => law.counts(2, { ...KEY, out: new Uint32Array(2) }),
      'RangeError: "out" expected length 3, got length 2',
    ],
  ]);

  test("more classes than WebAssembly has memory for", () => {
    // Shared pages of zeros: nothing is touched.
    const x = new Float32Array(402_000_000);
    expect(errorOf(() => categoricalLaw(x))).toMatch(
      /^RangeError: "classes" expected as many as fit in memory for one row, got \d+ bytes$/,
    );
  });
});
