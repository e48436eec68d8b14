import { execFileSync } from "node:child_process";
import { JS_BACKEND, PLAIN, REFERENCE } from "./contestant.ts";
import type { Extent } from "./extent.ts";
import { progress } from "./progress.ts";
import { type Shape, title } from "./tasks.ts";

/** Milliseconds of the first and the second call, one pair a process. */
export interface Cold {
  readonly name: string;
  readonly shape: Shape;
  readonly first: readonly number[];
  readonly second: readonly number[];
}

const WHO = { gumbel: REFERENCE, js: JS_BACKEND, plain: PLAIN };

/** First calls of fresh processes, which take turns. */
export function coldStarts(bench: string, { shapes, processes }: Extent["cold"]): Cold[] {
  return shapes.flatMap((shape) => {
    const found = Object.entries(WHO).map(([who, name]) => {
      return { who, name, shape, first: [] as number[], second: [] as number[] };
    });
    for (let i = 1; i <= processes; i++) {
      progress(`first calls, ${title(shape)}: process ${i} of ${processes} each`);
      for (const { who, first, second } of found) {
        const script = [`${bench}/cold-start.ts`, who, `${shape.rows}`, `${shape.classes}`];
        const said = execFileSync(process.execPath, [...process.execArgv, ...script], {
          encoding: "utf8",
        });
        const [one, two] = JSON.parse(said);
        first.push(one);
        second.push(two);
      }
    }
    progress("");
    return found;
  });
}
