/** How time and memory grow: with the number of elements, and with the number of classes. */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type Entrant, measure, type Times } from "./measure.ts";
import { progress } from "./progress.ts";
import { type Shape, task } from "./tasks.ts";

/** A stream of samples: time of an element, resident memory before and after. */
export interface Streamed {
  readonly elements: number;
  readonly ns: number;
  readonly before: number;
  readonly after: number;
}

/** A slow machine stops here, and the table ends where it is. */
const BUDGET_MS = 40_000;

export async function streams(bench: string, quick: boolean): Promise<Streamed[]> {
  const powers = quick ? [4, 5, 6, 7, 8] : [4, 5, 6, 7, 8, 9];
  progress(`streams of 10^${powers[0]} to 10^${powers.at(-1)} elements`);
  const args = [`${bench}/stream.ts`, ...powers.map((power) => String(10 ** power))];
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const timer = setTimeout(() => child.kill(), BUDGET_MS);
  const found: Streamed[] = [];
  for await (const line of createInterface({ input: child.stdout })) found.push(JSON.parse(line));
  clearTimeout(timer);
  progress("");
  return found;
}

/** Rows of so many classes, at a constant number of elements. */
export interface Width extends Shape {
  readonly noise: Times;
  readonly soft: Times;
}

const ELEMENTS = 2 ** 20;
/** Every width below 16, where words of a block may be left over, then around 32, where another path begins. */
const WIDTHS = [
  2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 24, 32, 33, 48, 64, 100, 256,
];
const WIDTHS_QUICK = [2, 3, 4, 5, 8, 10, 15, 16, 17, 32, 33, 100];
const POWERS = [1000, 10_000, 100_000, 1_000_000];

export async function widths(entrant: Entrant, quick: boolean): Promise<Width[]> {
  const length = quick ? { rounds: 3, ms: 12 } : { rounds: 5, ms: 30 };
  const found: Width[] = [];
  for (const classes of [...(quick ? WIDTHS_QUICK : WIDTHS), ...POWERS]) {
    const shape = { rows: Math.round(ELEMENTS / classes), classes };
    const of = async (operation: "noise" | "soft") => {
      const times = await measure({ task: task(operation, shape), ...length }, [entrant]);
      return times.get(entrant.name) as Times;
    };
    found.push({ ...shape, noise: await of("noise"), soft: await of("soft") });
  }
  return found;
}
