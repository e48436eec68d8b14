/** How far values are from their formulas, as a part of what is allowed. */

import { isOurs } from "./contestant.ts";
import { logitsOf, noiseOf, softOf, upstreamOf } from "./inputs.ts";
import type { Values } from "./protocol.ts";
import type { Task } from "./tasks.ts";

/** How exact values must be. */
export interface Tolerance {
  /** Relative, of a soft sample. */
  readonly soft: (size: number, tau: number) => number;
  /** Of a gradient, as a part of y·(|v| + Σ y|v|)/τ. */
  readonly gradient: number;
  /** Of the sum of a soft row. */
  readonly sum: number;
  /** Of a hard row: how far it may be from one-hot. */
  readonly hard: number;
}

/** What the package's documentation states; `size` is |l − max l| + |G| of a class and of the winner together. */
const OURS: Tolerance = {
  soft: (size, tau) => Math.expm1((2 ** -21 * size) / tau) + 2 ** -20,
  gradient: 2 ** -18,
  sum: 1e-6,
  hard: 0,
};
/**
 * Float32 without a stated bound: sums of 151,936 terms in a row, exponentials of their own; PyTorch's hard samples are
 * 1 − y + y.
 */
const PEERS: Tolerance = { soft: () => 5e-4, gradient: 5e-4, sum: 5e-4, hard: 5e-4 };
/** Smaller entries may be wrong: contestants differ in when they flush to 0. */
const LEAST_SOFT = 2 ** -90;

export function toleranceOf(contestant: string): Tolerance {
  return isOurs(contestant) ? OURS : PEERS;
}

/** The largest error of soft samples, as a part of the tolerance. */
export function worstSoft(values: Values["values"], task: Task, tolerance: Tolerance): number {
  const { classes, tau } = task;
  const logits = logitsOf(task);
  const noise = noiseOf(task);
  const exact = softOf({ logits, noise }, classes, tau);
  let worst = 0;
  for (let start = 0; start < exact.length; start += classes) {
    const largest = logits.subarray(start, start + classes).reduce((a, b) => Math.max(a, b));
    const size = (i: number) => largest - logits[i] + Math.abs(noise[i]);
    let winner = start;
    for (let i = start; i < start + classes; i++) if (exact[i] > exact[winner]) winner = i;
    for (let i = start; i < start + classes; i++) {
      if (exact[i] < LEAST_SOFT) continue;
      const allowed = tolerance.soft(size(i) + size(winner), tau) * exact[i];
      worst = larger(worst, Math.abs((values[i] ?? NaN) - exact[i]) / allowed);
    }
  }
  return worst;
}

/** The same of gradients, against the formula with the contestant's own sample, where it drew one. */
export function worstGradient(
  { values, sample }: Values,
  task: Task,
  tolerance: Tolerance,
): number {
  const { classes, tau } = task;
  const given = { logits: logitsOf(task), noise: noiseOf(task) };
  const y = Float32Array.from(sample?.map((x) => x ?? NaN) ?? softOf(given, classes, tau));
  const v = upstreamOf(task);
  let worst = 0;
  for (let start = 0; start < y.length; start += classes) {
    let dot = 0;
    let size = 0;
    for (let i = start; i < start + classes; i++) {
      dot += y[i] * v[i];
      size += y[i] * Math.abs(v[i]);
    }
    for (let i = start; i < start + classes; i++) {
      if (y[i] < LEAST_SOFT) continue;
      const allowed = (tolerance.gradient * y[i] * (Math.abs(v[i]) + size)) / tau;
      worst = larger(worst, Math.abs((values[i] ?? NaN) - (y[i] * (v[i] - dot)) / tau) / allowed);
    }
  }
  return worst;
}

/** Of a NaN, too: it is as wrong as can be. */
function larger(a: number, b: number): number {
  return b <= a ? a : Number.isNaN(b) ? Infinity : b;
}
