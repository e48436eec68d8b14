/** How time and memory grow: with the number of elements, and with the number of classes. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Extent } from "./extent.ts";
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

export interface Streams {
  readonly done: readonly Streamed[];
  /** Powers of ten that the budget cut off. */
  readonly cut: readonly number[];
}

/** A slow machine stops here, and the table ends where it is. */
export const BUDGET_MS = 40_000;

export const NO_STREAMS: Streams = { done: [], cut: [] };

export async function streams(bench: string, powers: Extent["streams"]): Promise<Streams> {
  progress(`streams of 10^${powers[0]} to 10^${powers.at(-1)} elements`);
  const args = [`${bench}/stream.ts`, ...powers.map((power) => String(10 ** power))];
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const timer = setTimeout(() => child.kill(), BUDGET_MS);
  const done: Streamed[] = [];
  for await (const line of createInterface({ input: child.stdout })) done.push(JSON.parse(line));
  clearTimeout(timer);
  const [code, signal] = await ended;
  // Not where it was killed here.
  if (!child.killed && code !== 0) throw new Error(`stream.ts ended with ${code ?? signal}`);
  progress("");
  return { done, cut: powers.slice(done.length) };
}

/** Rows of so many classes, at a constant number of elements. */
export interface Width extends Shape {
  readonly noise: Times;
  readonly soft: Times;
}

const ELEMENTS = 2 ** 20;

export async function widths(
  entrant: Entrant,
  { classes: all, ...length }: Extent["widths"],
): Promise<Width[]> {
  const found: Width[] = [];
  for (const classes of all) {
    const shape = { rows: Math.round(ELEMENTS / classes), classes };
    const of = async (operation: "noise" | "soft") => {
      const times = await measure({ task: task(operation, shape), ...length }, [entrant]);
      return times.get(entrant.name) as Times;
    };
    found.push({ ...shape, noise: await of("noise"), soft: await of("soft") });
  }
  return found;
}
