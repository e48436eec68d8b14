/** Inputs for the tests of the API, and comparison by bits. */

import { expect } from "vitest";

/** A small generator of its own, so that no test rests on the code it tests: mulberry32, in [0, 1). */
export function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` numbers in [least, most). */
export function random(count: number, seed: number, least = -3, most = 3): Float32Array {
  const next = uniform(seed);
  return Float32Array.from({ length: count }, () => least + (most - least) * next());
}

type Bits = Float32Array | Int32Array | Float64Array;

const bytes = ({ buffer, byteOffset, byteLength }: Bits) =>
  Buffer.from(buffer, byteOffset, byteLength);

/** Equal bit for bit, NaN and the sign of zero included; `toEqual` takes seconds on long arrays. */
export function expectSame(actual: Bits, expected: Bits, what = "bits"): void {
  expect(actual.constructor).toBe(expected.constructor);
  expect(actual.length, `${what}: length`).toBe(expected.length);
  if (Buffer.compare(bytes(actual), bytes(expected)) === 0) return;
  const at = actual.findIndex((value: number, i: number) => !Object.is(value, expected[i]));
  expect.fail(`${what} differ first at ${at}: ${actual[at]}, expected ${expected[at]}`);
}

/** Σ a·b in float64. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
