/**
 * A long stream of samples in one process: `stream.ts elements …` prints a line of JSON for each number of elements,
 * drawn in calls of at most 1024 x 1000.
 */

import { gumbelSoftmax, Rng } from "gumbel";
import { SEED } from "./contestant.ts";
import { logitsOf } from "./inputs.ts";
import { MAIN, TAU } from "./tasks.ts";

/** A shorter stream than this is repeated, for a clock that can tell. */
const LEAST_MS = 100;

const rng = new Rng(SEED);
const { classes } = MAIN;
const logits = logitsOf(MAIN);
const out = new Float32Array(logits.length);

function stream(elements: number): void {
  for (let left = elements; left > 0; ) {
    const count = Math.min(left, logits.length);
    const part = (all: Float32Array) => all.subarray(0, count);
    gumbelSoftmax(part(logits), { classes, tau: TAU, rng, out: part(out) });
    left -= count;
  }
}

/** Resident memory of this process. */
const megabytes = () => Math.round(process.memoryUsage.rss() / 1e6);

stream(10 * logits.length); // compiles
for (const elements of process.argv.slice(2).map(Number)) {
  const before = megabytes();
  const start = performance.now();
  let times = 0;
  do {
    stream(elements);
    times++;
  } while (performance.now() - start < LEAST_MS);
  const ns = ((performance.now() - start) * 1e6) / (times * elements);
  console.log(JSON.stringify({ elements, ns, before, after: megabytes() }));
}
