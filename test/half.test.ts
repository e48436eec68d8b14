/** Half-precision logits: each of the 65,536 halves against its definition, and the functions that take them. */

import { filterTokens, sampleTokens } from "gumbel";
import { describe, expect, test } from "vitest";
import { expectSame, random } from "./support/api-arrays.ts";
import { errorOf } from "./support/api-errors.ts";
import { sampleTokens as untyped } from "./support/api-untyped.ts";
import { BACKENDS } from "./support/kernels.ts";

const ALL = Uint16Array.from({ length: 65_536 }, (_, i) => i);

/** IEEE 754: (−1)^s · 1.f · 2^(e − bias), 0.f · 2^(1 − bias) for e = 0, and what the largest e stands for. */
function byDefinition(bits: number, exponentBits: number): number {
  const fractionBits = 15 - exponentBits;
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits & 0x7fff) >> fractionBits;
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 * bias + 1) return fraction === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias);
  return sign * (1 + fraction) * 2 ** (exponent - bias);
}

describe.each([
  ["float16", 5],
  ["bfloat16", 8],
] as const)("%s", (dtype, exponentBits) => {
  test.each(BACKENDS)("every half is the number of the definition, %s", (_, kernels) => {
    const numbers = new Float32Array(ALL.length);
    kernels.decode(ALL, dtype, numbers);
    for (let i = 0; i < ALL.length; i++) {
      const expected = byDefinition(i, exponentBits);
      if (!Object.is(numbers[i], expected)) {
        expect.fail(`${i.toString(16)} is ${numbers[i]}, expected ${expected}`);
      }
    }
  });

  test("halves draw what their numbers draw", () => {
    // Finite ones of every size.
    const halves = Uint16Array.from(random(4000, 1, 0, 65_536)).filter((h) =>
      Number.isFinite(byDefinition(h, exponentBits)),
    );
    const classes = 100;
    const logits = halves.subarray(0, 20 * classes);
    const numbers = Float32Array.from(logits, (h) => byDefinition(h, exponentBits));
    const options = { classes, topP: 0.9, topK: 30 };
    expectSame(filterTokens(logits, { ...options, dtype }), filterTokens(numbers, options));
    expectSame(
      sampleTokens(logits, { ...options, dtype, seed: 1 }),
      sampleTokens(numbers, { ...options, seed: 1 }),
    );
  });
});

test("without dtype a Uint16Array holds numbers", () => {
  expectSame(filterTokens(Uint16Array.of(3, 15_360)), new Float32Array([3, 15_360]));
});

test("dtype goes with a Uint16Array", () => {
  const expected = 'TypeError: "dtype" expected logits in a Uint16Array with it, got "float16"';
  expect(errorOf(() => untyped([1, 2], { dtype: "float16" }))).toBe(expected);
  expect(errorOf(() => untyped(new Float32Array(2), { dtype: "float16" }))).toBe(expected);
  expect(errorOf(() => untyped(new Uint16Array(2), { dtype: "float32" }))).toBe(
    'RangeError: "dtype" expected "float16" or "bfloat16", got "float32"',
  );
});

const { Float16Array } = globalThis as {
  Float16Array?: new (values: ArrayLike<number>) => ArrayLike<number>;
};

test.skipIf(Float16Array === undefined)("a Float16Array is an array of numbers", () => {
  const logits = random(50, 1);
  const halves = new (Float16Array as NonNullable<typeof Float16Array>)(logits);
  const options = { topP: 0.8 };
  expectSame(filterTokens(halves, options), filterTokens(Float32Array.from(halves), options));
});
