/**
 * What contestants are given: made by formulas that peers.py and native/ repeat, so that every process has the same
 * numbers without sending them.
 */

import type { Filter, Shape } from "./tasks.ts";

/** Logits spread evenly over 3 nats, in mixed order, the same in each row. */
export function logitsOf({ rows, classes }: Shape): Float32Array {
  const at = (i: number) => (3 * ((((i % classes) * 367) % classes) + 0.5)) / classes;
  return Float32Array.from({ length: rows * classes }, (_, i) => at(i));
}

/** Logits of tokens, by Zipf's law: the r-th most probable has about 1/r, in the order of a Weyl sequence in (0, 1). */
export function tokenLogitsOf({ rows, classes }: Shape): Float32Array {
  const at = (i: number) => -Math.log((weyl((i % classes) + 1, 0x9e3779b9) + 0.5) * 2 ** -32);
  return Float32Array.from({ length: rows * classes }, (_, i) => at(i));
}

/** Noise to give: Gumbel quantiles of a Weyl sequence (multiples of the golden ratio). */
export function noiseOf({ rows, classes }: Shape): Float32Array {
  const gumbel = (i: number) => -Math.log(-Math.log((weyl(i, 0x9e3779b9) + 0.5) * 2 ** -32));
  return Float32Array.from({ length: rows * classes }, (_, i) => gumbel(i));
}

/** The gradient that arrives from upstream: a Weyl sequence in [−1, 1). */
export function upstreamOf({ rows, classes }: Shape): Float32Array {
  const at = (i: number) => weyl(i, 0x85ebca6b) * 2 ** -31 - 1;
  return Float32Array.from({ length: rows * classes }, (_, i) => at(i));
}

function weyl(i: number, step: number): number {
  return Math.imul(i, step) >>> 0;
}

/** The soft sample of given logits and noise, by its formula in float64. */
export function softOf(
  { logits, noise }: { logits: Float32Array; noise: Float32Array },
  classes: number,
  tau: number,
): Float64Array {
  const soft = Float64Array.from(logits, (l, i) => (l + noise[i]) / tau);
  for (let start = 0; start < soft.length; start += classes) {
    const row = soft.subarray(start, start + classes);
    const largest = row.reduce((a, b) => Math.max(a, b));
    let sum = 0;
    for (let i = 0; i < classes; i++) {
      row[i] = Math.exp(row[i] - largest);
      sum += row[i];
    }
    for (let i = 0; i < classes; i++) row[i] /= sum;
  }
  return soft;
}

/** softmax(logits) of one row: the law of every sampler. */
export function lawOf(classes: number): Float64Array {
  const logits = logitsOf({ rows: 1, classes });
  return softOf({ logits, noise: new Float32Array(classes) }, classes, 1);
}

/** The law of tokens: softmax(logits/T) of the most probable classes that the filter keeps, 0 for all others. */
export function tokenLawOf({ temperature, topK, topP }: Filter, classes: number): Float64Array {
  const logits = tokenLogitsOf({ rows: 1, classes });
  const law = softOf({ logits, noise: new Float32Array(classes) }, classes, temperature);
  const order = Array.from(law.keys()).sort((a, b) => law[b] - law[a]);
  let kept = 0;
  let mass = 0;
  while (kept < (topK ?? classes) && mass < (topP ?? 1)) mass += law[order[kept++]];
  for (const i of order.slice(kept)) law[i] = 0;
  return law.map((p) => p / mass);
}
