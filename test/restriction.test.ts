/** mask and bias of gumbelMax, categorical, sampleTokens and filterTokens. */

import {
  categorical,
  categoricalLaw,
  type Drawn,
  filterTokens,
  type GumbelMaxDetailsOptions,
  gumbelMax,
  gumbelTopK,
  type RestrictionOptions,
  sampleTokens,
  setBackend,
} from "gumbel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectSame, random, uniform } from "./support/api-arrays.ts";
import { errorOf } from "./support/api-errors.ts";

const LENGTHS = [1, 3, 4, 5, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 256, 257, 1000, 16_390];
const ROWS = 5;

/** A mask with about `part` of the classes, at least one in each row. */
function maskOf(count: number, classes: number, seed: number, part = 0.5): Uint8Array {
  const next = uniform(seed);
  const mask = Uint8Array.from({ length: count }, () => Number(next() < part) * 7);
  for (let at = 0; at < count; at += classes) mask[at + Math.floor(next() * classes)] = 255;
  return mask;
}

/** The same as a bit set; bits beyond the classes are set, and nobody looks at them. */
function bitSet(mask: Uint8Array, classes: number): Uint32Array {
  const words = Math.ceil(classes / 32);
  const bits = new Uint32Array((mask.length / classes) * words).fill(0xffffffff);
  mask.forEach((allowed, i) => {
    const [row, column] = [Math.floor(i / classes), i % classes];
    if (allowed === 0) bits[row * words + (column >> 5)] ^= 1 << (column & 31);
  });
  return bits;
}

/** Rows with mask and bias applied by hand. */
function restricted(
  x: Float32Array,
  mask: Uint8Array | undefined,
  bias: Float32Array | undefined,
  forbidden: number,
): Float32Array {
  return x.map((value, i) => {
    if (mask !== undefined && mask[i % mask.length] === 0) return forbidden;
    const added = bias === undefined ? 0 : (bias[i % bias.length] as number);
    return value === -Infinity || added === -Infinity ? -Infinity : value + added;
  });
}

type Draw = (x: Float32Array, options: RestrictionOptions & { classes: number }) => Int32Array;

const DRAWS: [name: string, draw: Draw][] = [
  ["gumbelMax", (x, o) => gumbelMax(x, { ...o, seed: 3, temperature: 0.7 })],
  ["gumbelMax at 0", (x, o) => gumbelMax(x, { ...o, temperature: 0 })],
  ["gumbelMax with noise", (x, o) => gumbelMax(x, { ...o, noise: random(x.length, 5) })],
  ["categorical", (x, o) => categorical(x, { ...o, seed: 3, draws: 4 })],
  ["categorical, one draw", (x, o) => categorical(x, { ...o, seed: 3 })],
  ["gumbelTopK", (x, o) => gumbelTopK(x, 1, { ...o, seed: 3 }).index],
  [
    "categoricalLaw",
    (x, { classes, mask, bias }) => {
      const rowOf = <T extends { length: number; subarray(a: number, b: number): T }>(
        a: T | undefined,
        row: number,
        width: number,
      ) => (a === undefined || a.length === width ? a : a.subarray(row * width, (row + 1) * width));
      const rows = Array.from({ length: x.length / classes }, (_, row) => {
        const words = mask instanceof Uint8Array ? classes : Math.ceil(classes / 32);
        const law = categoricalLaw(x.subarray(row * classes, (row + 1) * classes), {
          mask: rowOf(mask as Uint8Array | undefined, row, words),
          bias: rowOf(bias as Float32Array | undefined, row, classes),
        });
        return [...law.draw(5, { seed: 3, row })];
      });
      return Int32Array.from(rows.flat());
    },
  ],
  ["sampleTokens", (x, o) => sampleTokens(x, { ...o, seed: 3, topP: 0.9 })],
];

describe.each(["wasm-simd", "js"] as const)("%s", (backend) => {
  beforeAll(() => void setBackend(backend));
  afterAll(() => void setBackend("wasm-simd"));

  test.each(DRAWS)("%s: as from rows restricted by hand", (_, draw) => {
    LENGTHS.forEach((classes, seed) => {
      const x = random(ROWS * classes, seed, -4, 4);
      for (const count of [classes, ROWS * classes]) {
        const mask = maskOf(count, classes, seed);
        const bias = random(count, seed + 50).map((b, i) => (i % 9 === 5 ? -Infinity : b));
        // Where the bias forbids, a mask may have left nothing: so one or the other there.
        const soft = bias.map((b) => (b === -Infinity ? 2 : b));
        for (const [m, b] of [[mask], [mask, soft], [undefined, soft]] as const) {
          const expected = draw(restricted(x, m, b, -Infinity), { classes });
          const options = { classes, bias: b };
          expectSame(draw(x, { ...options, mask: m }), expected, `${classes} classes`);
          if (m === undefined) continue;
          const bits = bitSet(m, classes);
          expectSame(draw(x, { ...options, mask: bits }), expected, `${classes} classes, bits`);
          const signed = new Int32Array(bits.buffer);
          expectSame(draw(x, { ...options, mask: signed }), expected, "signed bits");
        }
      }
    });
  });

  test("a bias of −∞ forbids, also a logit of +∞; one of +∞ decides", () => {
    const x = [1, Infinity, 0, 2];
    for (const bias of [[0, -Infinity, 0, 0], { 1: -Infinity }, new Map([[1, -Infinity]])]) {
      const expected = new Float32Array([1, -Infinity, 0, 2]);
      expectSame(filterTokens(x, { bias }), expected);
      expect(gumbelMax(x, { bias, temperature: 0 })[0]).toBe(3);
    }
    const forced = [-Infinity, 0, Infinity, 0];
    expect(categorical([1, 2, -5, 0], { bias: forced, seed: 1, draws: 3 })).toEqual(
      Int32Array.of(2, 2, 2),
    );
    // What is impossible stays so.
    expect(categorical([0, 1, -Infinity, 0], { bias: forced, temperature: 0 })[0]).toBe(1);
  });

  test("sparse biases are dense ones", () => {
    const classes = 300;
    const x = random(ROWS * classes, 1);
    const entries: [number, number][] = [
      [0, 2.5],
      [299, -1],
      [31, 1e-3],
      [64, -Infinity],
    ];
    const dense = new Float32Array(classes);
    for (const [id, value] of entries) dense[id] = value;
    const expected = filterTokens(x, { classes, bias: dense });
    expectSame(filterTokens(x, { classes, bias: new Map(entries) }), expected);
    expectSame(filterTokens(x, { classes, bias: Object.fromEntries(entries) }), expected);
    expectSame(filterTokens(x, { classes, bias: {} }), x);
  });

  test("more draws than memory holds at once", () => {
    const [classes, draws] = [5, 2 ** 22 + 3];
    const x = random(2 * classes, 1);
    const mask = Uint8Array.of(1, 1, 0, 1, 0, 0, 1, 1, 0, 1);
    const bias = random(2 * classes, 2);
    const expected = categorical(restricted(x, mask, bias, -Infinity), { classes, draws, seed: 1 });
    expectSame(categorical(x, { classes, draws, seed: 1, mask, bias }), expected);
  });

  test("masks of bytes are bit sets, whatever a byte holds and wherever it lies", () => {
    const values = [0, 1, 2, 128, 255];
    for (const [rows, classes] of [
      [1, 511],
      [1, 512],
      [1, 70_001],
      [3, 50_257],
      [900, 33],
      [77, 1000],
    ] as const) {
      const room = Uint8Array.from(
        random(rows * classes + 1, classes, 0, 5),
        (x) => values[Math.floor(x)] as number,
      );
      const mask = room.subarray(1);
      for (let row = 0; row < rows; row++) mask[row * classes + (row % classes)] = 4;
      const x = random(rows * classes, 1);
      const expected = x.map((value, i) => ((mask[i] as number) > 0 ? value : -Infinity));
      expectSame(filterTokens(x, { classes, mask }), expected, `${rows} x ${classes}`);
    }
  });

  test("masks of weights", () => {
    for (const classes of [5, 64, 1000]) {
      const x = random(ROWS * classes, classes, 0, 3);
      const mask = maskOf(classes, classes, 1);
      const zeroed = restricted(x, mask, undefined, 0);
      const options = { classes, from: "weights", seed: 1 } as const;
      expectSame(categorical(x, { ...options, mask }), categorical(zeroed, options));
      expectSame(gumbelMax(x, { ...options, mask }), gumbelMax(zeroed, options));
      const cold = { ...options, temperature: 0 };
      expectSame(gumbelMax(x, { ...cold, mask }), gumbelMax(zeroed, cold));
    }
  });

  test("what a forbidden class holds isn't looked at", () => {
    const x = [Number.NaN, 1, Infinity, Infinity];
    const mask = Uint8Array.of(0, 1, 0, 0);
    expect(gumbelMax(x, { mask, seed: 1 })[0]).toBe(1);
    expect(categorical(x, { mask, seed: 1 })[0]).toBe(1);
    expect(categorical([-1, 2], { from: "weights", mask: Uint8Array.of(0, 1), seed: 1 })[0]).toBe(
      1,
    );
  });

  test("details are those of the restricted law", () => {
    const x = random(10, 1);
    const [mask, bias] = [maskOf(10, 10, 2), random(10, 3)];
    const by = restricted(x, mask, bias, -Infinity);
    const draws: ((x: Float32Array, o: GumbelMaxDetailsOptions) => Drawn)[] = [
      gumbelMax,
      categorical,
    ];
    for (const draw of draws) {
      const key = { seed: 1, temperature: 0.7, details: true } as const;
      const [got, expected] = [draw(x, { ...key, mask, bias }), draw(by, key)];
      expectSame(got.index, expected.index);
      expectSame(got.logProb, expected.logProb);
      expectSame(got.logZ, expected.logZ);
      expectSame(got.entropy, expected.entropy);
    }
  });

  test("more draws without replacement than classes left", () => {
    const mask = Uint8Array.of(1, 0, 1);
    expect(errorOf(() => gumbelTopK([1, 2, 3], 3, { mask, seed: 1 }))).toBe(
      'RangeError: "k" expected at most as many as each row has possible classes, got 3 at row 0',
    );
    expect(errorOf(() => categoricalLaw([1, 2], { mask: Uint8Array.of(0, 0) }))).toBe(
      'RangeError: "mask" expected a possible class left in each row, got none in row 0',
    );
  });

  test("inputs stay as they are", () => {
    const x = random(64, 1);
    const before = x.slice();
    gumbelMax(x, { mask: maskOf(64, 64, 1), bias: { 3: 1 }, seed: 1 });
    sampleTokens(x, { topK: 3, repetitionPenalty: 2, seen: [1, 2], seed: 1 });
    expectSame(x, before);
  });

  test("rows with nothing left are invalid", () => {
    const x = [1, 2, 3, 4];
    const mask = Uint8Array.of(1, 1, 0, 0);
    const classes = 2;
    expect(errorOf(() => gumbelMax(x, { classes, mask, seed: 1 }))).toBe(
      'RangeError: "mask" expected a possible class left in each row, got none in row 1',
    );
    expect(errorOf(() => categorical(x, { classes, bias: [-Infinity, -Infinity], seed: 1 }))).toBe(
      'RangeError: "bias" expected a possible class left in each row, got none in row 0',
    );
    expect(
      errorOf(() => categorical([1, 0], { from: "weights", mask: Uint8Array.of(0, 1), seed: 1 })),
    ).toBe('RangeError: "mask" expected a possible class left in each row, got none in row 0');
    expect(errorOf(() => categorical(x, { classes, bias: [0, Number.NaN], seed: 1 }))).toBe(
      'RangeError: "bias" expected no NaN, got NaN at row 0, class 1',
    );
    expect(errorOf(() => categorical([1, Number.NaN], { bias: [0, 1], seed: 1 }))).toBe(
      'RangeError: "logits" expected no NaN, got NaN at row 0, class 1',
    );
    const marked = { classes, mask, seed: 1, onInvalidRow: "mark" } as const;
    expect(gumbelMax(x, marked)[1]).toBe(-1);
    expect(sampleTokens(x, marked)[1]).toBe(-1);
  });
});
