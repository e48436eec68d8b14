/** Whether answers agree: before anything is timed. */

import { isOurs } from "./contestant.ts";
import { toleranceOf, worstGradient, worstSoft } from "./errors.ts";
import type { Extent } from "./extent.ts";
import { lawOf } from "./inputs.ts";
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

/**
 * Infinities in noise that are passed, with a remark, as a part of all: uniforms in float32 have 0 or 1 among them once
 * in 2^23 or 2^24. gumbel promises that there are none.
 */
const MOST_INFINITE = 2 ** -20;

/** Draws to check the law of many draws: the slowest contestant makes 30,000 a second. */
const LAW_DRAWS = 100_000;

/** Their values can be computed here, too: of what is given, or of the sample that comes with them. */
const COMPUTED: readonly Operation[] = ["softGiven", "backward", "forwardBackward"];
/** They draw nothing. */
const LAWLESS: readonly Operation[] = ["softGiven", "backward"];

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
        const looks: (() => Promise<Found>)[] = [];
        if (COMPUTED.includes(operation)) {
          looks.push(() => checkValues(entrant, task(operation, few)));
        }
        if (!LAWLESS.includes(operation)) looks.push(() => checkLaw(entrant, whole, rows));
        for (const look of looks) {
          const found = await attempt(look);
          if (found) checks.push({ contestant: entrant.name, operation, shape, ...found });
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
  const enough = task.draws ? LAW_DRAWS : rows;
  const drawn = await peer.ask<Drawn>({ do: "law", contestant, task, rows: enough });
  if ("missing" in drawn) return undefined;
  const { counts, worstSum, infinite } = drawn;
  const isNoise = task.operation === "noise";
  const total = counts.reduce((a, b) => a + b, 0);
  const infinities = `${infinite} of ${total} ${isNoise ? "values" : "rows"} not finite`;
  const elements = isNoise ? total : total * task.classes;
  if (infinite > (isOurs(contestant) ? 0 : MOST_INFINITE * elements)) {
    return { worst: Infinity, text: infinities };
  }
  const law = isNoise ? new Array(NOISE_BINS).fill(1 / NOISE_BINS) : lawOf(task.classes);
  const off = deviations(counts, law);
  const sum = worstSum / toleranceOf(contestant).sum;
  return {
    worst: Math.max(Math.abs(off) / MOST_DEVIATIONS, sum),
    text:
      sum > 1 ? `a row sums to 1 ± ${worstSum.toPrecision(2)}` : `${off.toFixed(1)} σ off the law`,
    ...(infinite > 0 && { remark: infinities }),
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
