/** 10^5 calls of changing sizes and kinds leave memory as it was, plans included. Vitest gives each file a process. */

import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as gumbel from "gumbel";
import { expect, test } from "vitest";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const KB = 2 ** 10;
const MB = 2 ** 20;

const CALLS = 100_000;
/** By then all code is optimised and the heap has found its size; the other calls are judged. */
const WARM_UP = 50_000;

async function memory(): Promise<NodeJS.MemoryUsage> {
  for (let i = 0; i < 5; i++) {
    collect();
    await setTimeout(10);
  }
  return process.memoryUsage();
}

const MOST_VALUES = 40_000;
const values = new Float32Array(MOST_VALUES).map((_, i) => Math.sin(i));

/** Mostly short, sometimes longer than a chunk of 64 kB; classes on both sides of every path's border. */
function shapeOf(call: number): { rows: number; classes: number } {
  const classes = [1, 3, 10, 64, 65, 400, 1000, 20_000][call % 8];
  const most = Math.floor((call % 97 === 0 ? MOST_VALUES : 2000) / classes);
  return { rows: Math.max(1, (call * 31) % (most + 1)), classes };
}

/** Each kind of call, with its derivatives: the results, one a call. */
const KINDS: ((x: Float32Array, rows: number, classes: number, seed: number) => unknown[])[] = [
  (_, rows, classes, seed) => [gumbel.gumbelNoise(rows, classes, { seed })],
  (x, _, classes) => [gumbel.softmax(x, { classes }), gumbel.logSoftmax(x, { classes })],
  (x, _, classes) => {
    const d = gumbel.logSumExpVjp(x, { classes });
    return [d.value, d.vjp(1), d.jvp({ input: x })];
  },
  (x, _, classes, seed) => [gumbel.gumbelMax(x, { classes, seed })],
  (x, _, classes, seed) => [gumbel.categorical(x, { classes, seed, draws: seed % 300 })],
  (x, _, classes, seed) => {
    const g = gumbel.gumbelSoftmaxVjp(x, { classes, seed, hard: seed % 2 === 0 });
    return [g, g.vjp(x, { tau: true }), g.jvp({ input: x, tau: 1 })];
  },
  (_, rows, classes, seed) => {
    const plan = gumbel.gumbelSoftmaxPlan({ rows, classes });
    return [plan, plan.forward({ seed }), plan.backward({ tau: true })];
  },
];

test("10^5 calls leave memory flat", async () => {
  let calls = 0;
  let before: NodeJS.MemoryUsage | undefined;
  for (let turn = 0; calls < CALLS; turn++) {
    if (before === undefined && calls >= WARM_UP) before = await memory();
    const { rows, classes } = shapeOf(turn);
    // A plan takes as long as fifty other calls.
    const kind = KINDS[turn % 50 === 0 ? 6 : turn % 6];
    calls += kind(values.subarray(0, rows * classes), rows, classes, turn).length;
  }
  const after = await memory();
  const growth = (part: keyof NodeJS.MemoryUsage) => after[part] - (before?.[part] ?? 0);
  // Ten bytes a call, less than the smallest object; 20 kB were seen.
  expect(growth("heapUsed")).toBeLessThan(500 * KB);
  expect(growth("external")).toBeLessThan(500 * KB);
  // The heap's pages come and go: 0.5 MB were seen. A third of a kB a call would show.
  expect(growth("rss")).toBeLessThan(16 * MB);
});
