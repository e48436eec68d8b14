/**
 * The benchmark: `npm run bench`, with `-- --help` for options. Each library runs in a process of its own, is asked
 * for answers that are checked, and then for times. tasks.ts says what can be measured, extent.ts
 * how much of it a run does.
 */

import { fileURLToPath } from "node:url";
import { checkAll } from "./checks.ts";
import { coldStarts } from "./cold.ts";
import { isOurs, PLAIN, REFERENCE } from "./contestant.ts";
import { cells, SMOKE, smallCells } from "./extent.ts";
import { write } from "./files.ts";
import { installDependencies } from "./install.ts";
import { load, machine } from "./machine.ts";
import { type Entrant, measure, Results } from "./measure.ts";
import { type Options, parse, USAGE } from "./options.ts";
import { Peer } from "./peer.ts";
import { progress } from "./progress.ts";
import { report } from "./report.ts";
import { roster } from "./roster.ts";
import { failures, type Run } from "./run.ts";
import { NO_STREAMS, streams, widths } from "./scale.ts";

const BENCH = fileURLToPath(new URL(".", import.meta.url)).replace(/[\\/]$/, "");
/** Calls that are one sample of a small call: a clock can't tell less than some microseconds. */
const SMALL_REPEAT = 100;
const ALLOCATION =
  "Who returns new arrays (gumbel, new array; tfjs, jax-js; the Python libraries) depends on what memory the allocator finds: fresh pages cost up to two thirds of the speed where there is little to compute, and one process may get them when another doesn't.";

async function benchmark(options: Options): Promise<Run> {
  const { extent } = options;
  const loadBefore = load();
  installDependencies(BENCH);
  const peers = roster(options, BENCH).map((command) => new Peer(command));
  const { entrants, versions, notes, absent } = await invite(peers);
  const checks = await checkAll(entrants, extent);
  const results = new Results();
  for (const cell of cells(extent)) results.set(cell.task, await measure(cell, entrants));
  for (const cell of smallCells(extent)) {
    results.set(cell.task, await measure(cell, entrants.filter(isForSmall), SMALL_REPEAT));
  }
  const reference = entrants.find(({ name }) => name === REFERENCE);
  const curve = reference ? await widths(reference, extent.widths) : [];
  for (const peer of peers) peer.stop();

  const args = process.argv.slice(2);
  return {
    command: ["npm run bench", ...(args.length > 0 ? ["--"] : []), ...args].join(" "),
    machine: machine(versions, loadBefore),
    notes: [...notes, ALLOCATION],
    absent,
    contestants: entrants.map(({ name }) => name),
    checks,
    results,
    cold: reference ? coldStarts(BENCH, extent.cold) : [],
    streams: reference ? await streams(BENCH, extent.streams) : NO_STREAMS,
    widths: curve,
  };
}

/** Starts all processes; who doesn't start takes no part, which the report says. */
async function invite(peers: readonly Peer[]) {
  const entrants: Entrant[] = [];
  const versions: Record<string, string> = {};
  const notes = new Set<string>();
  const absent: string[] = [];
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
      absent.push(`${peer.name} takes no part: ${error}`);
    }
  }
  progress("");
  return { entrants, versions, notes, absent };
}

/** Small calls are between the package and a loop by hand. */
function isForSmall({ name }: Entrant): boolean {
  return isOurs(name) || name === PLAIN;
}

const options = parse(process.argv.slice(2));
if (options.help) {
  console.log(USAGE);
} else {
  const start = performance.now();
  const run = await benchmark(options);
  console.log(report(run));
  console.error(`${Math.round((performance.now() - start) / 1000)} s`);
  const files = write(run, options, BENCH);
  console.error(files.length > 0 ? `Written: ${files.join(", ")}` : "No file is written.");
  const failed = failures(run);
  for (const failure of failed) console.error(`✗ ${failure}`);
  // A peer may fail in a run that counts, and the report shows it.
  if (options.extent === SMOKE && failed.length > 0) process.exitCode = 1;
}
