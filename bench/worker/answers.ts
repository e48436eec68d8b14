/** What a contestant drew or computed, in the form in which it is checked. */

import type { Answer, Prepared } from "../contestant.ts";
import { gapRank } from "../gap.ts";
import { lawOf } from "../inputs.ts";
import { BINS, type Drawn, type Values } from "../protocol.ts";
import { filterOf, type Operation, type Task } from "../tasks.ts";

/** Draws until at least `rows` rows (or draws) are counted. */
export async function drawn(run: Prepared["run"], task: Task, rows: number): Promise<Drawn> {
  const { operation, classes } = task;
  const counts = new Array<number>(operation === "noise" ? BINS : classes).fill(0);
  const total = { counts, gaps: new Array<number>(BINS).fill(0), worstRow: 0, infinite: 0 };
  const law = lawOf(classes);
  for (let done = 0; done < rows; ) {
    const answer = await run();
    const sample = "sample" in answer ? answer.sample : answer;
    if (operation === "noise") countNoise(sample, total);
    else if (isIndex(task)) for (let i = 0; i < sample.length; i++) counts[sample[i]]++;
    else countRows(sample, task, law, total);
    done += isIndex(task) ? sample.length : task.rows;
  }
  return total;
}

export function values(answer: Answer): Values {
  if (!("sample" in answer)) return { values: Array.from(answer) };
  return { values: Array.from(answer.gradient), sample: Array.from(answer.sample) };
}

const INDEX: readonly Operation[] = ["gumbelMax", "inverseCdf", "manyDraws", "lawDraws"];

/** Whether the answer is classes, one a row or draw. */
function isIndex({ operation }: Task): boolean {
  return filterOf(operation) !== undefined || INDEX.includes(operation);
}

interface Counted {
  readonly counts: number[];
  readonly gaps: number[];
  worstRow: number;
  infinite: number;
}

/** By the distribution function exp(−exp(−g)), which is uniform if g is standard Gumbel noise. */
function countNoise(noise: ArrayLike<number>, total: Counted): void {
  for (let i = 0; i < noise.length; i++) {
    if (!Number.isFinite(noise[i])) total.infinite++;
    total.counts[binOf(Math.exp(-Math.exp(-noise[i])))]++;
  }
}

function binOf(rank: number): number {
  return Math.min(Math.floor(BINS * rank), BINS - 1);
}

/** Soft or hard samples. */
function countRows(
  sample: ArrayLike<number>,
  { operation, classes, tau }: Task,
  law: Float64Array,
  total: Counted,
): void {
  for (let start = 0; start < sample.length; start += classes) {
    let winner = start;
    let next = 0;
    let sum = 0;
    let size = 0;
    for (let i = start; i < start + classes; i++) {
      sum += sample[i];
      size += Math.abs(sample[i]);
      if (i > start) next = Math.max(next, Math.min(sample[i], sample[winner]));
      if (sample[i] > sample[winner]) winner = i;
    }
    const first = sample[winner];
    total.counts[winner - start]++;
    if (!Number.isFinite(sum)) {
      // Not the rest: JSON has no NaN.
      total.infinite++;
      continue;
    }
    const isHard = operation === "hard";
    const off = isHard ? size - Math.abs(first) + Math.abs(first - 1) : Math.abs(sum - 1);
    total.worstRow = Math.max(total.worstRow, off);
    if (!isHard) total.gaps[binOf(gapRank(first, next, tau, law[winner - start]))]++;
  }
}
