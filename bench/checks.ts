/** Whether answers agree: before anything is timed. */

import { isOurs } from "./contestant.ts";
import { toleranceOf, worstGradient, worstSoft } from "./errors.ts";
import { cells, type Extent } from "./extent.ts";
import { lawOf, tokenLawOf } from "./inputs.ts";
import type { Entrant } from "./measure.ts";
import { progress } from "./progress.ts";
import { BINS, type Drawn, type Values } from "./protocol.ts";
import { deviations } from "./statistics.ts";
import { describe, filterOf, type Operation, type Shape, type Task } from "./tasks.ts";

/** Chi-square may be this many standard deviations off: six in ten million right samplers are. */
export const MOST_DEVIATIONS = 5;

/** One contestant at one task. */
export interface Check {
  readonly contestant: string;
  readonly task: Task;
  /** What was found, as a part of what is allowed; above 1 the check has failed. */
  readonly worst: number;
  /** How it reads. */
  readonly text: string;
  /** What is worth saying though nothing failed. */
  readonly remark?: string;
}

/** Not `worst > 1`, which NaN isn't. */
export function hasFailed({ worst }: Pick<Check, "worst">): boolean {
  return !(worst <= 1);
}

export function describeCheck(check: Check, text = check.text): string {
  return `${check.contestant}, ${describe(check.task)}: ${text}`;
}

/**
 * Infinities in noise that are passed, with a remark, as a part of all: uniforms in float32 have 0 or 1 among them once
 * in 2^23 or 2^24. gumbel promises that there are none.
 */
const MOST_INFINITE = 2 ** -20;

/** Draws to check the law of draws from one row: the slowest contestant makes 30,000 a second. */
const LAW_DRAWS = 100_000;

/** Elements and least rows to check the law of tokens: who sorts takes long for a row of a vocabulary. */
const LAW_TOKENS = { elements: 2 ** 21, rows: 128 };

/** Their values can be computed here, too: of what is given, or of the sample that comes with them. */
const COMPUTED: readonly Operation[] = ["softGiven", "backward", "forwardBackward"];
/** Their samples, too, have a law that depends on τ. */
const SOFT: readonly Operation[] = ["soft", "forwardBackward"];
/** They draw nothing. */
const LAWLESS: readonly Operation[] = ["softGiven", "backward"];

/** Of ranks. */
const UNIFORM = new Array<number>(BINS).fill(1 / BINS);

/** Rows whose values are checked: those of a timed task would be millions of numbers to send. */
function rowsOfValues({ classes }: Shape): number {
  return classes > 1000 ? 1 : 16;
}

/** Checks everyone; failures are in the result, and are shown, not thrown. */
export async function checkAll(
  entrants: readonly Entrant[],
  extent: Pick<Extent, "shapes" | "otherTaus" | "lawElements">,
): Promise<Check[]> {
  const checks: Check[] = [];
  for (const { task } of cells(extent)) {
    const { operation, classes } = task;
    const rows = Math.ceil(extent.lawElements / classes);
    const few = { ...task, rows: rowsOfValues(task) };
    progress(`checking ${describe(task)}`);
    for (const entrant of entrants) {
      const looks: (() => Promise<Found>)[] = [];
      if (COMPUTED.includes(operation)) looks.push(() => checkValues(entrant, few));
      if (!LAWLESS.includes(operation)) looks.push(() => checkLaw(entrant, task, rows));
      for (const look of looks) {
        const found = await attempt(look);
        if (found) checks.push({ contestant: entrant.name, task, ...found });
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
  const enough = filterOf(task.operation)
    ? Math.max(LAW_TOKENS.rows, Math.ceil(LAW_TOKENS.elements / task.classes))
    : task.draws
      ? LAW_DRAWS
      : rows;
  const drawn = await peer.ask<Drawn>({ do: "law", contestant, task, rows: enough });
  if ("missing" in drawn) return undefined;
  const { counts, gaps, worstRow, infinite } = drawn;
  const isNoise = task.operation === "noise";
  const total = counts.reduce((a, b) => a + b, 0);
  const infinities = `${infinite} of ${total} ${isNoise ? "values" : "rows"} not finite`;
  const elements = isNoise ? total : total * task.classes;
  if (infinite > (isOurs(contestant) ? 0 : MOST_INFINITE * elements)) {
    return { worst: Infinity, text: infinities };
  }
  const law = isNoise ? UNIFORM : lawOfTask(task);
  const found = [
    fit(counts, law, "σ off the law"),
    impossible(counts, law),
    task.operation === "hard"
      ? part(worstRow, toleranceOf(contestant).hard, "a row is off one-hot by")
      : part(worstRow, toleranceOf(contestant).sum, "the sum of a row is off 1 by"),
  ];
  if (SOFT.includes(task.operation)) {
    found.push(
      fit(gaps, UNIFORM, `σ off the law of the gap between the first two at τ = ${task.tau}`),
    );
  }
  const worst = found.find(hasFailed) ?? found.reduce((a, b) => (a.worst < b.worst ? b : a));
  return { ...worst, ...(infinite > 0 && { remark: infinities }) };
}

function lawOfTask({ operation, classes }: Task): ArrayLike<number> {
  const filter = filterOf(operation);
  return filter ? tokenLawOf(filter, classes) : lawOf(classes);
}

/** Chi-square counts neighbouring classes together, so it doesn't see all draws of classes that a filter drops. */
function impossible(counts: readonly number[], law: ArrayLike<number>) {
  const drawn = counts.reduce((sum, count, i) => (law[i] > 0 ? sum : sum + count), 0);
  return { worst: drawn > 0 ? Infinity : 0, text: `${drawn} draws of classes of probability 0` };
}

function fit(counts: readonly number[], law: ArrayLike<number>, what: string) {
  const off = deviations(counts, law);
  return { worst: Math.abs(off) / MOST_DEVIATIONS, text: `${off.toFixed(1)} ${what}` };
}

/** Nothing may be allowed: 0 is no error then, and all else is too much. */
function part(error: number, allowed: number, what: string) {
  const worst = error === 0 ? 0 : error / allowed;
  return { worst, text: `${what} ${error.toPrecision(2)}` };
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
