/**
 * The largest rows that WebAssembly takes, for real, and 10^8 draws: `npm run test:memory`. They need so much memory
 * that the ordinary tests leave them out; those see to it that larger rows are refused.
 */

import * as gumbel from "gumbel";
import { describe, expect, test } from "vitest";
import { Drawn } from "../../ts/js/gumbel.ts";
import { BLOCK, Params } from "../../ts/js/row.ts";
import { expectSameBits } from "../support/bits.ts";
import { batchOf } from "../support/kernels.ts";
import { needs } from "./needs.ts";

// 4 GiB of WebAssembly, the array below, and room for Node.
needs(7);
expect(gumbel.backend().name).toBe("wasm-simd");

const KEY = { seed: 1 };
/** All tests work in this: a new array for each would have to wait for the collector. */
const memory = new Float32Array(4 * 152_193_316);

function array(classes: number, value: number, from = 0): Float32Array {
  return memory.subarray(from, from + classes).fill(value);
}

describe("one array of a row: 2^29 - 1 classes", () => {
  const classes = 2 ** 29 - 1;
  const last = classes - 1;

  test("noise, and the largest of it", () => {
    const noise = gumbel.gumbelNoise(1, classes, { ...KEY, out: array(classes, 0) });
    const params = new Params();
    params.seek(batchOf({ rows: 1, classes }), 0);
    const drawn = new Drawn();
    for (const start of [0, 2 ** 28, 2 ** 29 - BLOCK]) {
      const count = Math.min(BLOCK, classes - start);
      const expected = new Float32Array(count);
      drawn.block(params, start, count, expected, 0);
      expectSameBits(noise.slice(start, start + count), expected, `noise from ${start}`);
    }
    let largest = 0;
    for (let i = 0; i < classes; i++) if (noise[i] > noise[largest]) largest = i;
    const index = gumbel.gumbelMax(array(classes, 0), KEY);
    expect([...index]).toEqual([largest]);
  });

  test("a sum over all, and a draw of the last", () => {
    const x = array(classes, 0);
    expect(gumbel.logSumExp(x)[0]).toBeCloseTo(Math.log(classes), 5);
    x.fill(-Infinity, 0, last);
    expect([...gumbel.gumbelMax(x, KEY)]).toEqual([last]);
  });
});

test("two: 532,676,608 classes of a softmax", () => {
  const classes = 532_676_608;
  const x = array(classes, 0);
  gumbel.softmax(x, { out: x });
  for (const at of [0, 2 ** 28, classes - 1]) expect(x[at] * classes).toBeCloseTo(1, 6);
});

test("three: 355,117,738 classes to draw from", () => {
  const classes = 355_117_738;
  const x = array(classes, -Infinity);
  x[classes - 1] = 0;
  expect([...gumbel.categorical(x, { ...KEY, draws: 3 })]).toEqual(Array(3).fill(classes - 1));
  x.fill(0);
  const draws = 1000;
  const many = gumbel.categorical(x, { ...KEY, draws });
  expect([...gumbel.categorical(x, { ...KEY, draw: draws - 1 })]).toEqual([many[draws - 1]]);
  const mean = many.reduce((sum, index) => sum + index / classes, 0) / draws;
  // Six standard errors.
  expect(Math.abs(mean - 1 / 2)).toBeLessThan(6 / Math.sqrt(12 * draws));
});

test("seven: 152,193,316 classes with every option", () => {
  const classes = 152_193_316;
  const last = classes - 1;
  const [weights, noise, soft, v] = [1, 0, 0, 1].map((value, i) =>
    array(classes, value, i * classes),
  );
  const g = gumbel.gumbelSoftmaxVjp(weights, { from: "weights", noise, out: { soft } });
  expect(g.soft[last] * classes).toBeCloseTo(1, 6);
  // The sum over all is 2: the others give 1, the last one another.
  v[last] = classes + 1;
  const { input, tau } = g.vjp(v, { tau: true, out: v });
  expect(input[last]).toBeCloseTo(1, 5);
  expect(input[0] * classes).toBeCloseTo(-1, 5);
  expect(tau?.[0]).toBe(0);
  v.fill(0)[last] = classes;
  const tangent = g.jvp({ input: v, tau: 1 }, { out: v });
  expect(tangent[last]).toBeCloseTo(1, 5);
  expect(tangent[0] * classes).toBeCloseTo(-1, 5);
});

test("10^8 draws take their result and no more", () => {
  const draws = 1e8;
  const out = new Int32Array(draws).fill(-1);
  gumbel.categorical([1, 1, 2], { from: "weights", draws: 2 ** 22 + 1, ...KEY });
  const before = process.memoryUsage.rss();
  gumbel.categorical([1, 1, 2], { from: "weights", draws, out, ...KEY });
  expect(process.memoryUsage.rss() - before).toBeLessThan(16 * 2 ** 20);
  const counts = [0, 0, 0];
  for (let i = 0; i < draws; i++) counts[out[i]]++;
  [0.25, 0.25, 0.5].forEach((p, i) => {
    // Six standard deviations.
    expect(Math.abs(counts[i] - p * draws)).toBeLessThan(6 * Math.sqrt(p * (1 - p) * draws));
  });
});
