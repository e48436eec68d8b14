/** `npm run demo`: what gumbel does, on real input, in six sections. */

import { setImmediate as turnOfTheEventLoop } from "node:timers/promises";
import { Rng } from "gumbel";
import { parseArguments, USAGE, UsageError } from "./arguments.ts";
import { Novel } from "./novel.ts";
import { gradientSection } from "./sections/gradient.ts";
import { noiseSection } from "./sections/noise.ts";
import type { Section } from "./sections/section.ts";
import { tauSection } from "./sections/tau.ts";
import { textSection } from "./sections/text.ts";
import { throughputSection } from "./sections/throughput.ts";
import { weightsSection } from "./sections/weights.ts";
import { heading, Progress, paintFor } from "./terminal.ts";

/** Timings differ from run to run, so their section comes last. */
const SECTIONS: readonly Section[] = [
  textSection,
  weightsSection,
  tauSection,
  gradientSection,
  noiseSection,
  throughputSection,
];

async function run(seed: bigint): Promise<void> {
  const paint = paintFor(process.stdout, process.env);
  const status = new Progress(process.stderr);
  const progress = (doing: string) => status.say(doing);
  const print = (line: string) => {
    status.clear();
    process.stdout.write(`${line}\n`);
  };
  progress("reading the novel");
  const novel = new Novel();
  const root = new Rng(seed);
  for (const [number, section] of SECTIONS.entries()) {
    const stage = { novel, rng: root.split(number + 1), paint, progress };
    print(heading(section.title, paint));
    for (const line of section.lines(stage)) {
      print(line);
      await turnOfTheEventLoop(); // so that the line is seen now, and a closed pipe is noticed
    }
    print("");
  }
}

/** A reader that has seen enough, as in `npm run demo | head`, ends the program without a word. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

try {
  const command = parseArguments(process.argv.slice(2));
  if (command.kind === "help") console.log(USAGE);
  else await run(command.seed);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
