/** So many draws of a row that WebAssembly makes them in slices: the draws are the same, and memory stays small. */

import { expect, test } from "vitest";
import type { Batch } from "../ts/kernels.ts";
import { expectSameBits } from "./support/bits.ts";
import { batchOf, js, wasm } from "./support/kernels.ts";

/** One slice more than 2^22. */
const draws = 2 ** 22 + 5;
const classes = 70;
const x = new Float32Array(3 * classes).map((_, i) => Math.abs(Math.sin(i)));

const batch = (given: object): Batch => batchOf({ rows: 3, classes, first: 3, ...given });

function draw(kernels: typeof wasm, given: object, input = x): [done: number, out: Int32Array] {
  const out = new Int32Array(3 * draws).fill(-2);
  return [kernels.categorical(batch(given), input, draws, out), out];
}

test("as in TypeScript, which draws them one after the other", () => {
  for (const weights of [false, true]) {
    const [expected, done] = [draw(js, { weights })[1], draw(wasm, { weights })];
    expect(done[0]).toBe(3);
    expectSameBits(done[1], expected, `weights: ${weights}`);
  }
});

test("a row that is invalid or certain", () => {
  const spoilt = x.slice();
  spoilt[5] = Infinity;
  spoilt[classes + 1] = Number.NaN;
  for (const mark of [false, true]) {
    const [expected, done] = [draw(js, { mark }, spoilt), draw(wasm, { mark }, spoilt)];
    expect(done[0]).toBe(mark ? 3 : 1);
    expect(done[0]).toBe(expected[0]);
    expectSameBits(done[1], expected[1], `mark: ${mark}`);
  }
});

test("rows so wide that TypeScript looks for their blocks by halving", () => {
  for (const classes of [16_384, 16_640, 70_000]) {
    // Every third block holds something, or the first half alone, so that there is an end to run past.
    for (const has of [(i: number) => (i >> 8) % 3 === 0, (i: number) => i < classes / 2]) {
      const x = new Float32Array(classes).map((_, i) => (has(i) ? 1 + Math.sin(i) : 0));
      for (const draws of [1, 60, 40_000]) {
        const batch = batchOf({ rows: 1, classes, weights: true });
        const [expected, got] = [new Int32Array(draws), new Int32Array(draws)];
        js.categorical(batch, x, draws, expected);
        wasm.categorical(batch, x, draws, got);
        expectSameBits(got, expected, `${classes} classes, ${draws} draws`);
      }
    }
  }
});
