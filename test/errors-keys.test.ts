/** Every error about keys, generators and counts of random numbers, word for word. */

import { Rng, type RngState } from "gumbel";
import { describe, expect, test } from "vitest";
import { errorOf, type Refused, refused, type Untyped } from "./support/api-errors.ts";
import {
  categorical,
  gumbelMax,
  gumbelNoise,
  gumbelSoftmax,
  gumbelSoftmaxVjp,
} from "./support/api-untyped.ts";

const seed = 1;

describe("keys", () => {
  const seeds = "an integer from 0 to 2^53 - 1 or a bigint from 0 to 2^64 - 1";
  const CALLS: [name: string, call: Untyped][] = [
    ["gumbelNoise", (key) => gumbelNoise(2, 1, key)],
    ["gumbelMax", (key) => gumbelMax([1, 2], { classes: 1, ...key })],
    ["gumbelSoftmax", (key) => gumbelSoftmax([1, 2], { classes: 1, ...key })],
    ["gumbelSoftmax hard", (key) => gumbelSoftmax([1, 2], { classes: 1, hard: true, ...key })],
    ["gumbelSoftmaxVjp", (key) => gumbelSoftmaxVjp([1, 2], { classes: 1, ...key })],
    ["categorical", (key) => categorical([1, 2], { classes: 1, ...key })],
  ];
  const used = () => new Rng({ seed: "0x1", stream: 2 ** 53 });
  const more = "(use the next stream for more)";
  const streams = "an integer from 0 to 2^53 - 1";
  const rows = "an integer from 0 to 2^32 - 1";

  const KEYS: [name: string, key: unknown, error: string][] = [
    ...[-1, 2 ** 53, 1.5, Number.NaN, Infinity].map((bad): [string, unknown, string] => [
      `seed ${bad}`,
      { seed: bad },
      `RangeError: "seed" expected ${seeds}, got ${bad}`,
    ]),
    ["seed -1n", { seed: -1n }, `RangeError: "seed" expected ${seeds}, got -1n`],
    [
      "seed 2^64",
      { seed: 2n ** 64n },
      `RangeError: "seed" expected ${seeds}, got 18446744073709551616n`,
    ],
    ["seed string", { seed: "5" }, `TypeError: "seed" expected ${seeds}, got "5"`],
    ["seed null", { seed: null }, `TypeError: "seed" expected ${seeds}, got null`],
    [
      "seed of a row",
      { seed: [1, 2 ** 53] },
      `RangeError: "seed[1]" expected ${seeds}, got ${2 ** 53}`,
    ],
    [
      "seed of a row absent",
      { seed: [1, undefined] },
      `TypeError: "seed[1]" expected ${seeds}, got undefined`,
    ],
    ...[-1, 2 ** 53, 1.5, Number.NaN].map((bad): [string, unknown, string] => [
      `stream ${bad}`,
      { seed, stream: bad },
      `RangeError: "stream" expected ${streams}, got ${bad}`,
    ]),
    ["stream bigint", { seed, stream: 1n }, 'TypeError: "stream" expected a number, got 1n'],
    [
      "stream of a row",
      { seed, stream: [0, -1] },
      `RangeError: "stream[1]" expected ${streams}, got -1`,
    ],
    ...[-1, 1.5, Number.NaN].map((bad): [string, unknown, string] => [
      `row ${bad}`,
      { seed, row: bad },
      `RangeError: "row" expected ${rows}, got ${bad}`,
    ]),
    ["row string", { seed, row: "0" }, 'TypeError: "row" expected a number, got "0"'],
    [
      "row 2^32",
      { seed, row: 2 ** 32 },
      `RangeError: "row" expected ${rows} ${more}, got 4294967296`,
    ],
    [
      "row 2^32 of a row",
      { seed, row: [0, 2 ** 32] },
      `RangeError: "row[1]" expected ${rows} ${more}, got 4294967296`,
    ],
    [
      "rows that count up beyond 2^32",
      { seed, row: 2 ** 32 - 1 },
      `RangeError: "row" expected row numbers below 2^32 ${more}, got 4294967295 to 4294967296`,
    ],
    [
      "rng of another class",
      { rng: { seed: 1n } },
      'TypeError: "rng" expected an Rng, got an Object',
    ],
    [
      "rng look-alike",
      { rng: { seed: 1n, stream: 0, next: () => ({ seed: 1n, stream: 0 }) } },
      'TypeError: "rng" expected an Rng, got an Object',
    ],
    ["rng state", { rng: new Rng(1).state }, 'TypeError: "rng" expected an Rng, got an Object'],
    ["rng null", { rng: null }, 'TypeError: "rng" expected an Rng, got null'],
    ["rng class", { rng: Rng }, 'TypeError: "rng" expected an Rng, got a function'],
    [
      "rng with seed",
      { rng: new Rng(1), seed: 2 },
      'TypeError: "rng" expected no "seed" with it, got 2',
    ],
    [
      "rng with stream",
      { rng: new Rng(1), stream: 2 },
      'TypeError: "rng" expected no "stream" with it, got 2',
    ],
    ["stream alone", { stream: 2 }, 'TypeError: "stream" expected a "seed" with it, got 2'],
    ["row alone", { row: 2 }, 'TypeError: "row" expected a "seed" or an "rng" with it, got 2'],
    [
      "rng that is used up",
      { rng: used() },
      'RangeError: "rng" expected a stream up to 2^53 - 1 (use split), got a generator that is used up',
    ],
  ];

  test.each(CALLS)("%s", (_, call) => {
    expect(KEYS.map(([name, key]) => `${name}: ${errorOf(() => call(key))}`)).toEqual(
      KEYS.map(([name, , error]) => `${name}: ${error}`),
    );
  });

  test.each([
    { seed: 0 },
    { seed: 2 ** 53 - 1 },
    { seed: 2n ** 64n - 1n },
    { seed, stream: 2 ** 53 - 1 },
    { seed, row: 2 ** 32 - 2 },
    { seed, row: [2 ** 32 - 1, 2 ** 32 - 1] },
    { rng: new Rng(1), row: 5 },
  ])("the limits themselves are good: %o", (key) => {
    for (const [name, call] of CALLS)
      expect(
        errorOf(() => call(key)),
        name,
      ).toBe("no error");
  });

  test("noise excludes every key", () => {
    const keys = { seed: 1, stream: 2, row: 3, rng: new Rng(1) };
    for (const [name, value] of Object.entries(keys)) {
      for (const call of [gumbelMax, gumbelSoftmax, gumbelSoftmaxVjp]) {
        expect(errorOf(() => call([1], { noise: [1], [name]: value }))).toBe(
          `TypeError: "noise" expected no "${name}" with it, got ${name === "rng" ? "an Rng" : value}`,
        );
      }
    }
  });

  test("a call that throws takes no stream, the last stream is given once", () => {
    const rng = new Rng({ seed: "0x1", stream: 2 ** 53 - 1 });
    for (const [, call] of CALLS) {
      errorOf(() => call({ rng, row: -1 }));
      errorOf(() => call({ rng, seed: 1 }));
      errorOf(() => call({ rng, out: new Float32Array(9) }));
    }
    expect(rng.stream).toBe(2 ** 53 - 1);
    gumbelMax([1, 2], { rng });
    expect(errorOf(() => gumbelMax([1, 2], { rng }))).toBe(
      'RangeError: "rng" expected a stream up to 2^53 - 1 (use split), got a generator that is used up',
    );
    expect(new Rng(rng.state).stream).toBe(2 ** 53);
  });
});

describe("Rng", () => {
  const make = (state: unknown) => () => new Rng(state as RngState);
  const seeds = "an integer from 0 to 2^53 - 1 or a bigint from 0 to 2^64 - 1";
  const digits = 'a string of "0x" and 1 to 16 hexadecimal digits';
  const cases: Refused[] = [
    ["no seed", make(undefined), `TypeError: "seed" expected ${seeds}, got undefined`],
    ["null", make(null), `TypeError: "seed" expected ${seeds}, got null`],
    ["string", make("5"), `TypeError: "seed" expected ${seeds}, got "5"`],
    ["negative", make(-1), `RangeError: "seed" expected ${seeds}, got -1`],
    ["fraction", make(1.5), `RangeError: "seed" expected ${seeds}, got 1.5`],
    ["2^53", make(2 ** 53), `RangeError: "seed" expected ${seeds}, got 9007199254740992`],
    ["2n^64", make(2n ** 64n), `RangeError: "seed" expected ${seeds}, got 18446744073709551616n`],
    ["-1n", make(-1n), `RangeError: "seed" expected ${seeds}, got -1n`],
    [
      "state without seed",
      make({ stream: 0 }),
      'TypeError: "state.seed" expected a string, got undefined',
    ],
    [
      "state with a number",
      make({ seed: 5, stream: 0 }),
      'TypeError: "state.seed" expected a string, got 5',
    ],
    [
      "state without 0x",
      make({ seed: "5", stream: 0 }),
      `RangeError: "state.seed" expected ${digits}, got "5"`,
    ],
    [
      "state with no digit",
      make({ seed: "0x", stream: 0 }),
      `RangeError: "state.seed" expected ${digits}, got "0x"`,
    ],
    [
      "state with 17 digits",
      make({ seed: "0x10000000000000000", stream: 0 }),
      `RangeError: "state.seed" expected ${digits}, got "0x10000000000000000"`,
    ],
    [
      "state without stream",
      make({ seed: "0x5" }),
      'TypeError: "state.stream" expected a number, got undefined',
    ],
    [
      "state with a negative stream",
      make({ seed: "0x5", stream: -1 }),
      'RangeError: "state.stream" expected an integer from 0 to 2^53, got -1',
    ],
    [
      "state with a fraction of a stream",
      make({ seed: "0x5", stream: 0.5 }),
      'RangeError: "state.stream" expected an integer from 0 to 2^53, got 0.5',
    ],
    [
      "state beyond the used-up one",
      make({ seed: "0x5", stream: 2 ** 53 + 2 }),
      'RangeError: "state.stream" expected an integer from 0 to 2^53, got 9007199254740994',
    ],
    [
      "next() when used up",
      () => new Rng({ seed: "0x5", stream: 2 ** 53 }).next(),
      'RangeError: "rng" expected a stream up to 2^53 - 1 (use split), got a generator that is used up',
    ],
    [
      "split()",
      () => (new Rng(1).split as Untyped)(),
      'TypeError: "index" expected a number, got undefined',
    ],
    [
      "split(-1)",
      () => new Rng(1).split(-1),
      'RangeError: "index" expected an integer from 0 to 2^53 - 1, got -1',
    ],
    [
      "split(2^53)",
      () => new Rng(1).split(2 ** 53),
      'RangeError: "index" expected an integer from 0 to 2^53 - 1, got 9007199254740992',
    ],
  ];
  refused(cases);

  test("split works when the streams are used up", () => {
    expect(new Rng({ seed: "0x5", stream: 2 ** 53 }).split(3).state).toEqual(
      new Rng(5).split(3).state,
    );
  });
});

describe("rows, classes of gumbelNoise; draws and draw of categorical", () => {
  const more = "(use the next stream for more)";
  const draw = (options: object) => () => categorical([1, 2], { seed, ...options });
  refused([
    ["rows absent", () => gumbelNoise(), 'TypeError: "rows" expected a number, got undefined'],
    ["rows string", () => gumbelNoise("1", 2), 'TypeError: "rows" expected a number, got "1"'],
    [
      "rows -1",
      () => gumbelNoise(-1, 2),
      'RangeError: "rows" expected an integer from 0 to 2^32, got -1',
    ],
    [
      "rows 1.5",
      () => gumbelNoise(1.5, 2),
      'RangeError: "rows" expected an integer from 0 to 2^32, got 1.5',
    ],
    [
      "rows beyond 2^32",
      () => gumbelNoise(2 ** 32 + 1, 2),
      `RangeError: "rows" expected an integer from 0 to 2^32 ${more}, got 4294967297`,
    ],
    [
      "classes absent",
      () => gumbelNoise(1),
      'TypeError: "classes" expected a number, got undefined',
    ],
    [
      "classes array",
      () => gumbelNoise(1, [2]),
      'TypeError: "classes" expected a number, got an Array',
    ],
    [
      "classes symbol",
      () => gumbelNoise(1, Symbol("x")),
      'TypeError: "classes" expected a number, got a symbol',
    ],
    [
      "classes 0",
      () => gumbelNoise(1, 0),
      'RangeError: "classes" expected an integer from 1 to 2^30, got 0',
    ],
    [
      "classes NaN",
      () => gumbelNoise(1, Number.NaN),
      'RangeError: "classes" expected an integer from 1 to 2^30, got NaN',
    ],
    [
      "classes beyond 2^30",
      () => gumbelNoise(0, 2 ** 30 + 1),
      `RangeError: "classes" expected an integer from 1 to 2^30 ${more}, got 1073741825`,
    ],
    ["draws string", draw({ draws: "1" }), 'TypeError: "draws" expected a number, got "1"'],
    [
      "draws -1",
      draw({ draws: -1 }),
      'RangeError: "draws" expected an integer from 0 to 2^30, got -1',
    ],
    [
      "draws 1.5",
      draw({ draws: 1.5 }),
      'RangeError: "draws" expected an integer from 0 to 2^30, got 1.5',
    ],
    [
      "draws beyond 2^30",
      draw({ draws: 2 ** 30 + 1 }),
      `RangeError: "draws" expected an integer from 0 to 2^30 ${more}, got 1073741825`,
    ],
    ["draw null", draw({ draw: null }), 'TypeError: "draw" expected a number, got null'],
    [
      "draw -1",
      draw({ draw: -1 }),
      'RangeError: "draw" expected an integer from 0 to 2^30, got -1',
    ],
    [
      "draw beyond 2^30",
      draw({ draw: 2 ** 31 }),
      `RangeError: "draw" expected an integer from 0 to 2^30 ${more}, got 2147483648`,
    ],
    [
      "draw and draws together beyond 2^30",
      draw({ draw: 2 ** 30 - 1, draws: 2 }),
      `RangeError: "draw" expected draw numbers below 2^30 ${more}, got 1073741823 to 1073741824`,
    ],
  ]);

  test("the last draw and the last row are good", () => {
    expect(draw({ draw: 2 ** 30 - 1 })()).toHaveLength(1);
    expect(draw({ draw: 2 ** 30, draws: 0 })()).toHaveLength(0);
    expect(gumbelNoise(1, 2, { seed, row: 2 ** 32 - 1 })).toHaveLength(2);
  });
});
