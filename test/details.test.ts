/** Log-probabilities, log Z and entropy of draws, against float64. */

import {
  type BackendName,
  categorical,
  type Drawn,
  gumbelMax,
  Rng,
  setBackend,
  softmax,
} from "gumbel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectSame, random } from "./support/api-arrays.ts";
import { errorOf, refused } from "./support/api-errors.ts";
import * as untyped from "./support/api-untyped.ts";

const BACKENDS: BackendName[] = ["wasm-simd", "js"];
const LENGTHS = [1, 2, 3, 5, 16, 17, 64, 65, 255, 256, 257, 1000, 5000, 151_936];
const inf = Infinity;

afterAll(() => {
  setBackend("wasm-simd");
});

/** In float64, from the exact logits. */
function reference(logits: readonly number[], temperature: number) {
  const z = logits.map((l) => l / temperature);
  const max = z.reduce((a, b) => Math.max(a, b));
  const sum = z.reduce((sum, z) => sum + Math.exp(z - max), 0);
  const logZ = max + Math.log(sum);
  const entropy = z.reduce((h, z) => {
    const p = Math.exp(z - logZ);
    return p > 0 ? h + p * (logZ - z) : h;
  }, 0);
  return { logZ, entropy, logProb: z.map((z) => z - logZ), size: Math.abs(max) };
}

/** The rows whose law is known: near, far from 0, steep, a long tail, and masked in part. */
function rowsOf(classes: number): [name: string, logits: Float32Array][] {
  const near = random(classes, classes);
  const tail = new Float32Array(classes).fill(-Math.log(classes));
  tail[0] = 0;
  return [
    ["near", near],
    ["far", near.map((x) => x + 300)],
    ["steep", random(classes, classes + 1, -40, 40)],
    ["tail", tail],
    ["equal", new Float32Array(classes)],
    ["masked", near.map((x, i) => (i % 3 === 1 ? -inf : x))],
  ];
}

const SAMPLERS: [name: string, draw: (x: Float32Array, temperature: number) => Drawn][] = [
  ["gumbelMax", (x, temperature) => gumbelMax(x, { temperature, seed: 5, details: true })],
  [
    "categorical",
    (x, temperature) => categorical(x, { temperature, draws: 40, seed: 5, details: true }),
  ],
];

/** How far a result is off, as a part of what the doc comments allow. */
function worst(drawn: Drawn, logits: readonly number[], temperature: number, more = 0): number {
  const { logZ, entropy, logProb, size } = reference(logits, temperature);
  const H = entropy;
  const spread = Math.log(logits.length) ** 2;
  const parts = [
    Math.abs(drawn.logZ[0] - logZ) / (2 ** -21 * (1 + H + size) + more),
    Math.abs(drawn.entropy[0] - H) / (2 ** -19 * (1 + H) + 2 ** -22 * spread + more),
    ...Array.from(drawn.index, (index, i) => {
      const expected = logProb[index];
      const allowed = 2 ** -21 * (1 + Math.abs(expected) + H) + more;
      return Math.abs(drawn.logProb[i] - expected) / allowed;
    }),
  ];
  return parts.reduce((a, b) => (b <= a ? a : b));
}

describe.each(BACKENDS)("%s", (name) => {
  beforeAll(() => {
    setBackend(name);
  });

  describe.each(SAMPLERS)("%s", (_, draw) => {
    test("within the error that is promised", () => {
      for (const classes of LENGTHS) {
        for (const [kind, x] of rowsOf(classes)) {
          for (const temperature of [0.05, 0.7, 1, 3, 1e6]) {
            const part = worst(draw(x, temperature), [...x], temperature);
            expect(part, `${classes} ${kind} at ${temperature}`).toBeLessThanOrEqual(1);
          }
        }
      }
    });
  });

  test("the same for weights, which need not sum to 1", () => {
    for (const classes of [1, 2, 17, 1000]) {
      const weights = random(classes, classes, 0, 20).map((w, i) => (i % 5 === 4 ? 0 : w));
      const logs = Array.from(weights, Math.log);
      for (const temperature of [0.5, 1, 2]) {
        const options = { from: "weights", temperature, seed: 3, details: true } as const;
        const largest = logs.reduce((a, b) => Math.max(a, Math.abs(b === -inf ? 0 : b)), 0);
        const more = (2 ** -22 * largest) / temperature;
        for (const drawn of [gumbelMax(weights, options), categorical(weights, options)]) {
          expect(worst(drawn, logs, temperature, more)).toBeLessThanOrEqual(1);
        }
      }
    }
  });

  test("draws are the same as without, row by row, whatever the shape", () => {
    const x = random(7 * 100, 1);
    const [classes, temperature] = [100, [0.1, 0.5, 1, 2, 0, 3, 4]];
    const options = { classes, temperature, seed: 9, row: 3 };
    const one = gumbelMax(x, { ...options, details: true });
    const many = categorical(x, { ...options, draws: 5, details: true });
    expectSame(one.index, gumbelMax(x, options));
    expectSame(many.index, categorical(x, { ...options, draws: 5 }));
    // Of the same law, so the same whichever draws from it.
    expectSame(one.logZ, many.logZ);
    expectSame(one.entropy, many.entropy);
    for (let row = 0; row < 7; row++) {
      const logits = x.subarray(row * classes, (row + 1) * classes);
      const alone = { temperature: temperature[row], seed: 9, row: 3 + row } as const;
      const part = categorical(logits, { ...alone, draws: 5, details: true });
      expectSame(part.logProb, many.logProb.slice(5 * row, 5 * row + 5));
      expectSame(part.logZ, many.logZ.slice(row, row + 1));
      expectSame(part.entropy, many.entropy.slice(row, row + 1));
    }
  });

  test("log-probabilities are those of softmax", () => {
    const x = random(50, 2);
    const p = softmax(x, { temperature: 0.6 });
    const { index, logProb } = categorical(x, {
      temperature: 0.6,
      draws: 200,
      seed: 1,
      details: true,
    });
    index.forEach((i, at) => {
      expect(Math.exp(logProb[at]) / p[i]).toBeCloseTo(1, 5);
    });
  });

  test("given noise draws another class of the same law", () => {
    const x = [0, 1, 2];
    const drawn = gumbelMax(x, { noise: [9, 0, 0], details: true });
    expect([...drawn.index]).toEqual([0]);
    expect(drawn.logProb[0]).toBeCloseTo(-2.4076059644443806, 6);
    expectSame(drawn.logZ, gumbelMax(x, { seed: 1, details: true }).logZ);
  });

  test("certain classes: +∞, and a temperature of 0", () => {
    const at = (logits: number[], temperature: number) => {
      const options = { temperature, seed: 1, details: true } as const;
      return [gumbelMax(logits, options), categorical(logits, options)].map((drawn) =>
        [drawn.index, drawn.logProb, drawn.logZ, drawn.entropy].map(([value]) => value),
      );
    };
    const both = (row: number[]) => [row, row];
    for (const t of [0, 1]) expect(at([0, inf, 5], t)).toEqual(both([1, 0, inf, 0]));
    expect(at([1, 3, 3], 0)).toEqual(both([1, 0, inf, 0]));
    expect(at([-1, -3], 0)).toEqual(both([0, 0, -inf, 0]));
    expect(at([0, -3, 0], 0)).toEqual(both([0, 0, 0, 0]));
    expect(at([-inf, 7], 1)).toEqual(both([1, 0, 7, 0]));
  });

  test("marked rows have NaN, the others are right", () => {
    const x = [
      [0, 1],
      [0, Number.NaN],
      [-inf, -inf],
      [2, 2],
    ];
    for (const draw of [untyped.gumbelMax, untyped.categorical]) {
      const drawn: Drawn = draw(x, { seed: 1, onInvalidRow: "mark", details: true });
      const alone: Drawn = draw([x[3]], { seed: 1, row: 3, details: true });
      expect([...drawn.index.slice(1, 3)]).toEqual([-1, -1]);
      for (const name of ["logProb", "logZ", "entropy"] as const) {
        const values = drawn[name];
        expect([values[1], values[2]]).toEqual([Number.NaN, Number.NaN]);
        expect(values[3]).toBe(alone[name][0]);
      }
      const rng = new Rng(1);
      expect(errorOf(() => draw(x, { rng, details: true }))).toBe(
        'RangeError: "logits" expected no NaN, got NaN at row 1, class 1',
      );
      expect(rng.stream).toBe(0);
    }
  });

  test("more draws than go through memory at once", () => {
    const draws = 2 ** 22 + 3;
    const x = random(12, 4);
    const options = { classes: 6, draws, seed: 2 };
    const drawn = categorical(x, { ...options, details: true });
    expectSame(drawn.index, categorical(x, options));
    const few = categorical(x, { ...options, draws: 1, details: true });
    expectSame(drawn.logZ, few.logZ);
    expectSame(drawn.entropy, few.entropy);
    const known = new Map<number, number>();
    drawn.index.forEach((index, i) => {
      const row = i < draws ? 0 : 1;
      const value = known.get(6 * row + index) ?? drawn.logProb[i];
      known.set(6 * row + index, value);
      if (!Object.is(value, drawn.logProb[i])) expect.fail(`draw ${i}`);
    });
    expect(known.size).toBe(12);
  });
});

test("results go where they are told, each if given", () => {
  const x = random(20, 3);
  const out = { index: new Int32Array(2), entropy: new Float32Array(2) };
  const drawn = gumbelMax(x, { classes: 10, seed: 1, details: true, out });
  expect(drawn.index).toBe(out.index);
  expect(drawn.entropy).toBe(out.entropy);
  expect(drawn.logProb).toHaveLength(2);
  const logProb = new Float32Array(6);
  const many = categorical(x, { classes: 10, draws: 3, seed: 1, details: true, out: { logProb } });
  expect(many.logProb).toBe(logProb);
  expect([many.index.length, many.logZ.length, many.entropy.length]).toEqual([6, 2, 2]);
  expect(categorical([], { classes: 3, details: true }).logZ).toHaveLength(0);
});

describe("errors", () => {
  const { gumbelMax: one, categorical: many } = untyped;
  const x = new Float32Array(4);
  const shared = new Float32Array(8);
  refused([
    [
      "details that are no flag",
      () => one(x, { details: 1 }),
      'TypeError: "details" expected true or false, got 1',
    ],
    [
      "an array where there are several",
      () => one(x, { details: true, out: new Int32Array(1) }),
      'TypeError: "out" expected a plain object, got an Int32Array',
    ],
    [
      "several where there is one",
      () => one(x, { out: { index: new Int32Array(1) } }),
      'TypeError: "out" expected an Int32Array, got an Object',
    ],
    [
      "an unknown one",
      () => many(x, { details: true, out: { logprob: x } }),
      'TypeError: "out" expected only index, logProb, logZ, entropy, got "logprob"',
    ],
    [
      "another kind",
      () => many(x, { details: true, out: { index: x } }),
      'TypeError: "out.index" expected an Int32Array, got a Float32Array',
    ],
    [
      "another length",
      () => many(x, { details: true, draws: 2, out: { logProb: new Float32Array(1) } }),
      'RangeError: "out.logProb" expected length 2, got length 1',
    ],
    [
      "the input",
      () => many(x, { details: true, draws: 4, out: { logProb: x } }),
      'RangeError: "out.logProb" expected memory apart from "logits", got shared memory',
    ],
    [
      "each other",
      () =>
        many(x, {
          details: true,
          out: { logZ: shared.subarray(0, 1), entropy: shared.subarray(0, 1) },
        }),
      'RangeError: "out.entropy" expected memory apart from "out.logZ", got shared memory',
    ],
  ]);
});
