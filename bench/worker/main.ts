/** The process of one JavaScript library: `main.ts <module>`, a module that exports a {@link Library}. */

import { createInterface } from "node:readline";
import type { Library, Prepared } from "../contestant.ts";
import type { Request, Turn } from "../protocol.ts";
import { keyOf } from "../tasks.ts";
import { drawn, values } from "./answers.ts";
import { time } from "./time.ts";

// Libraries greet their users on standard output, which is ours.
console.log = console.info = console.warn = console.error;

const { library }: { library: Library } = await import(`../${process.argv[2]}.ts`);

/** Of the task at hand, by contestant. Another task comes only when all are done with this one. */
const ready = new Map<string, Prepared | undefined>();
let current = "";

function prepare({ contestant, task }: Turn): Prepared | undefined {
  const key = keyOf(task);
  if (key !== current) {
    for (const prepared of ready.values()) prepared?.dispose?.();
    ready.clear();
    current = key;
  }
  if (!ready.has(contestant)) {
    const found = library.contestants.find(({ name }) => name === contestant);
    ready.set(contestant, found?.prepare(task));
  }
  return ready.get(contestant);
}

async function answer(request: Request): Promise<unknown> {
  if (request.do === "hello") {
    const { contestants, versions, notes = [] } = library;
    return { contestants: contestants.map(({ name }) => name), versions, notes };
  }
  const { task } = request;
  const prepared = prepare(request);
  if (prepared === undefined) return { missing: true };
  if (request.do === "law") return drawn(prepared.run, task, request.rows);
  if (request.do === "values") return values(await prepared.run());
  const median = await time(prepared.run, request);
  return { median, items: prepared.draws ?? (task.draws || task.rows * task.classes) };
}

for await (const line of createInterface({ input: process.stdin })) {
  const reply = await answer(JSON.parse(line)).catch((error) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
