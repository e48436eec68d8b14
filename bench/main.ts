/**
 * The benchmark: `npm run bench`, with `-- --help` for options. Each library runs in a process of its own, is asked
 * for answers that are checked, and then for times. See tasks.ts for what is measured.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chart } from "./chart.ts";
import { checkAll } from "./checks.ts";
import { coldStarts } from "./cold.ts";
import { load, machine } from "./machine.ts";
import { type Entrant, measure, Results } from "./measure.ts";
import { type Options, parse, USAGE } from "./options.ts";
import { Peer } from "./peer.ts";
import { progress } from "./progress.ts";
import { withFigures } from "./readme.ts";
import { REFERENCE, type Run, report } from "./report.ts";
import { installDependencies, roster } from "./roster.ts";
import { streams, widths } from "./scale.ts";
import { type Cell, cells, SMALL, tasksAt } from "./tasks.ts";

const BENCH = fileURLToPath(new URL(".", import.meta.url)).replace(/[\\/]$/, "");
/** Calls that are one sample of a small call: a clock can't tell less than some microseconds. */
const SMALL_REPEAT = 100;
const ALLOCATION =
  "Who returns new arrays (gumbel, new array; tfjs, jax-js; the Python libraries) depends on what memory the allocator finds: fresh pages cost up to two thirds of the speed where there is little to compute, and one process may get them when another doesn't.";

async function benchmark(options: Options): Promise<Run> {
  const { quick } = options;
  const loadBefore = load();
  installDependencies(BENCH);
  const peers = roster(options, BENCH).map((command) => new Peer(command));
  const { entrants, versions, notes } = await invite(peers);
  const checks = await checkAll(entrants, quick);
  for (const { contestant, operation, worst, text } of checks) {
    if (!(worst <= 1)) console.error(`✗ ${contestant}, ${operation}: ${text}`);
  }

  const results = new Results();
  for (const cell of cells(quick)) results.set(cell.task, await measure(cell, entrants));
  for (const cell of smallCells(quick)) {
    results.set(cell.task, await measure(cell, entrants.filter(isForSmall), SMALL_REPEAT));
  }
  const reference = entrants.find(({ name }) => name === REFERENCE);
  const curve = reference ? await widths(reference, quick) : [];
  for (const peer of peers) peer.stop();

  const args = process.argv.slice(2);
  return {
    command: ["npm run bench", ...(args.length > 0 ? ["--"] : []), ...args].join(" "),
    machine: machine(versions, loadBefore),
    notes: [...notes, ALLOCATION],
    contestants: entrants.map(({ name }) => name),
    checks,
    results,
    cold: reference ? coldStarts(BENCH, quick) : [],
    streams: reference ? await streams(BENCH, quick) : [],
    widths: curve,
  };
}

/** Starts all processes; who doesn't start takes no part, and a note says so. */
async function invite(peers: readonly Peer[]) {
  const entrants: Entrant[] = [];
  const versions: Record<string, string> = {};
  const notes = new Set<string>();
  for (const peer of peers) {
    progress(`starting ${peer.name}`);
    try {
      const hello = await peer.hello();
      entrants.push(...hello.contestants.map((name) => ({ name, peer })));
      Object.assign(versions, hello.versions);
      for (const note of hello.notes) notes.add(note);
    } catch (error) {
      // Without this one there is nothing to compare with.
      if (peer.name === "gumbel") throw error;
      const note = `${peer.name} takes no part: ${error}`;
      console.error(note);
      notes.add(note);
    }
  }
  progress("");
  return { entrants, versions, notes };
}

function smallCells(quick: boolean): Cell[] {
  const length = quick ? { rounds: 3, ms: 20 } : { rounds: 7, ms: 60 };
  return tasksAt(SMALL).map((task) => ({ task, ...length }));
}

/** Small calls are between the package and a loop by hand. */
function isForSmall({ name }: Entrant): boolean {
  return name.startsWith("gumbel") || name.startsWith("plain");
}

function write(run: Run, markdown: string): void {
  const readme = `${BENCH}/../README.md`;
  writeFileSync(`${BENCH}/RESULTS.md`, markdown);
  writeFileSync(`${BENCH}/results.svg`, chart(run));
  writeFileSync(readme, withFigures(readFileSync(readme, "utf8"), run));
}

const options = parse(process.argv.slice(2));
if (options.help) {
  console.log(USAGE);
} else {
  const start = performance.now();
  const run = await benchmark(options);
  const markdown = report(run);
  console.log(markdown);
  const seconds = Math.round((performance.now() - start) / 1000);
  if (options.quick || options.only) {
    console.error(`${seconds} s. RESULTS.md is written by a full run alone.`);
  } else {
    write(run, markdown);
    console.error(
      `${seconds} s. Written: bench/RESULTS.md, bench/results.svg, the table in README.md.`,
    );
  }
}
