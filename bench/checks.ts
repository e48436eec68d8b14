/** Whether answers agree: before anything is timed. */

import { isOurs } from "./contestant.ts";
import type { Extent } from "./extent.ts";
import { lawOf, logitsOf, noiseOf, softOf, upstreamOf } from "./inputs.ts";
import type { Entrant } from "./measure.ts";
import { progress } from "./progress.ts";
import { type Drawn, NOISE_BINS, type Values } from "./protocol.ts";
import { deviations } from "./statistics.ts";
import {
  describe,
  OPERATIONS,
  type Operation,
  type Shape,
  type Task,
  task,
  tasksAt,
  title,
} from "./tasks.ts";

/** Chi-square may be this many standard deviations off: six in ten million right samplers are. */
export const MOST_DEVIATIONS = 5;

/** How exact values must be. */
interface Tolerance {
  /** Relative, of a soft sample. */
  readonly soft: (size: number, tau: number) => number;
  /** Of a gradient, as a part of y·(|v| + Σ y|v|)/τ. */
  readonly gradient: number;
  /** Of the sum of a row. */
  readonly sum: number;
}

/** What the package's documentation states; `size` is |l − max l| + |G| of a class and of the winner together. */
const OURS: Tolerance = {
  soft: (size, tau) => Math.expm1((2 ** -21 * size) / tau) + 2 ** -20,
  gradient: 2 ** -18,
  sum: 1e-6,
};
/** Float32 without a stated bound: sums of 151,936 terms in a row, exponentials of their own. */
const PEERS: Tolerance = { soft: () => 5e-4, gradient: 5e-4, sum: 5e-4 };
/** Smaller entries may be wrong: contestants differ in when they flush to 0. */
const LEAST_SOFT = 2 ** -90;

/** One contestant's operation at one shape. */
export interface Check {
  readonly contestant: string;
  readonly operation: Operation;
  readonly shape: Shape;
  /** What was found, as a part of what is allowed; above 1 the check has failed. */
  readonly worst: number;
  /** How it reads. */
  readonly text: string;
  /** What is worth saying though nothing failed. */
  readonly remark?: string;
}

/** Not `worst > 1`, which NaN isn't. */
export function hasFailed({ worst }: Check): boolean {
  return !(worst <= 1);
}

export function describeCheck(check: Check, text = check.text): string {
  const { contestant, operation, shape } = check;
  return `${contestant}, ${OPERATIONS[operation]}, ${title(shape)}: ${text}`;
}

/** Of noise, as a part of all. Generators of float32 uniforms have 0 or 1 among them once in 2^23 or 2^24. */
const MOST_INFINITE = 2 ** -20;

/** Of many draws: the slowest contestant makes 30,000 a second. */
const DRAWS = 100_000;

const VALUES: readonly Operation[] = ["softGiven", "backward", "forwardBackward"];

/** Rows whose values are checked: those of a timed task would be millions of numbers to send. */
function rowsOfValues({ classes }: Shape): number {
  return classes > 1000 ? 1 : 16;
}

/** Checks everyone; failures are in the result, and are shown, not thrown. */
export async function checkAll(
  entrants: readonly Entrant[],
  { shapes, lawElements }: Pick<Extent, "shapes" | "lawElements">,
): Promise<Check[]> {
  const checks: Check[] = [];
  for (const [shape] of shapes) {
    const rows = Math.ceil(lawElements / shape.classes);
    const few = { rows: rowsOfValues(shape), classes: shape.classes };
    for (const whole of tasksAt(shape)) {
      const { operation } = whole;
      progress(`checking ${describe(whole)}`);
      for (const entrant of entrants) {
        const { name: contestant } = entrant;
        const found = VALUES.includes(operation)
          ? await attempt(() => checkValues(entrant, task(operation, few)))
          : await attempt(() => checkLaw(entrant, whole, rows));
        if (found) checks.push({ contestant, operation, shape, ...found });
        // A sample that comes with its gradient must obey the law, too.
        if (operation === "forwardBackward") {
          const found = await attempt(() => checkLaw(entrant, whole, rows));
          if (found) checks.push({ contestant, operation, shape, ...found });
        }
      }
    }
  }
  progress("");
  return checks;
}

type Found = Pick<Check, "worst" | "text" | "remark"> | undefined;

async function attempt(check: () => Promise<Found>): Promise<Found> {
  try {
    return await check();
  } catch (error) {
    return { worst: Infinity, text: error instanceof Error ? error.message : String(error) };
  }
}

async function checkLaw(
  { name: contestant, peer }: Entrant,
  task: Task,
  rows: number,
): Promise<Found> {
  const enough = task.draws ? DRAWS : rows;
  const drawn = await peer.ask<Drawn>({ do: "law", contestant, task, rows: enough });
  if ("missing" in drawn) return undefined;
  const { counts, worstSum, infinite } = drawn;
  const isNoise = task.operation === "noise";
  const total = counts.reduce((a, b) => a + b, 0);
  if (infinite > (isNoise ? MOST_INFINITE * total : 0)) {
    return { worst: Infinity, text: `${isNoise ? "values" : "rows"} not finite: ${infinite}` };
  }
  const law = isNoise ? new Array(NOISE_BINS).fill(1 / NOISE_BINS) : lawOf(task.classes);
  const off = deviations(counts, law);
  const sum = worstSum / toleranceOf(contestant).sum;
  return {
    worst: Math.max(Math.abs(off) / MOST_DEVIATIONS, sum),
    text:
      sum > 1 ? `a row sums to 1 ± ${worstSum.toPrecision(2)}` : `${off.toFixed(1)} σ off the law`,
    ...(infinite > 0 && { remark: `${infinite} of ${total} values not finite` }),
  };
}

async function checkValues({ name: contestant, peer }: Entrant, task: Task): Promise<Found> {
  const answer = await peer.ask<Values>({ do: "values", contestant, task });
  if ("missing" in answer) return undefined;
  const tolerance = toleranceOf(contestant);
  const worst =
    task.operation === "softGiven"
      ? worstSoft(answer.values, task, tolerance)
      : worstGradient(answer, task, tolerance);
  return { worst, text: `${worst.toFixed(2)} of the tolerance` };
}

function toleranceOf(contestant: string): Tolerance {
  return isOurs(contestant) ? OURS : PEERS;
}

/** The largest error of soft samples, as a part of the tolerance. */
function worstSoft(values: Values["values"], task: Task, tolerance: Tolerance): number {
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
function worstGradient({ values, sample }: Values, task: Task, tolerance: Tolerance): number {
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
