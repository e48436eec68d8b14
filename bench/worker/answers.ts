/** What a contestant drew or computed, in the form in which it is checked. */

import type { Answer } from "../contestant.ts";
import { type Drawn, NOISE_BINS, type Values } from "../protocol.ts";
import type { Task } from "../tasks.ts";

/** Draws until at least `rows` rows (or draws) are counted. */
export function drawn(run: () => Answer, task: Task, rows: number): Drawn {
  const { operation, classes } = task;
  const counts = new Array<number>(operation === "noise" ? NOISE_BINS : classes).fill(0);
  const total = { counts, worstSum: 0, infinite: 0 };
  for (let done = 0; done < rows; ) {
    const answer = run();
    const sample = "sample" in answer ? answer.sample : answer;
    if (operation === "noise") countNoise(sample, total);
    else if (isIndex(task)) for (let i = 0; i < sample.length; i++) counts[sample[i]]++;
    else countWinners(sample, classes, total);
    done += isIndex(task) ? sample.length : task.rows;
  }
  return total;
}

export function values(answer: Answer): Values {
  if (!("sample" in answer)) return { values: Array.from(answer) };
  return { values: Array.from(answer.gradient), sample: Array.from(answer.sample) };
}

/** Whether the answer is classes, one a row or draw. */
function isIndex({ operation }: Task): boolean {
  return operation === "gumbelMax" || operation === "inverseCdf" || operation === "manyDraws";
}

interface Counted {
  readonly counts: number[];
  worstSum: number;
  infinite: number;
}

/** By the distribution function exp(−exp(−g)), which is uniform if g is standard Gumbel noise. */
function countNoise(noise: ArrayLike<number>, total: Counted): void {
  for (let i = 0; i < noise.length; i++) {
    if (!Number.isFinite(noise[i])) total.infinite++;
    const bin = Math.floor(NOISE_BINS * Math.exp(-Math.exp(-noise[i])));
    total.counts[Math.min(bin, NOISE_BINS - 1)]++;
  }
}

function countWinners(sample: ArrayLike<number>, classes: number, total: Counted): void {
  for (let start = 0; start < sample.length; start += classes) {
    let winner = start;
    let sum = 0;
    for (let i = start; i < start + classes; i++) {
      sum += sample[i];
      if (sample[i] > sample[winner]) winner = i;
    }
    total.counts[winner - start]++;
    // Not both: JSON has no NaN.
    if (Number.isFinite(sum)) total.worstSum = Math.max(total.worstSum, Math.abs(sum - 1));
    else total.infinite++;
  }
}
