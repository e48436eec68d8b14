/**
 * The first calls of a process: `cold-start.ts gumbel|js|plain rows classes`. Prints the milliseconds of two calls; the
 * first of gumbel compiles the kernels.
 */

import { SEED } from "./contestant.ts";
import { logitsOf } from "./inputs.ts";
import { softSamples } from "./plain/soft.ts";
import { Xorshift128 } from "./plain/xorshift128.ts";
import { TAU } from "./tasks.ts";

const [who, rows, classes] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const logits = logitsOf({ rows, classes });
const out = new Float32Array(logits.length);

if (who === "js") Reflect.deleteProperty(globalThis, "WebAssembly");
const { gumbelSoftmax } = await import("gumbel");
const random = new Xorshift128(SEED);
const call =
  who === "plain"
    ? () => softSamples(random, logits, classes, TAU, out)
    : () => gumbelSoftmax(logits, { classes, tau: TAU, seed: SEED, out });

const times = [0, 0].map(() => {
  const start = performance.now();
  call();
  return performance.now() - start;
});
console.log(JSON.stringify(times));
