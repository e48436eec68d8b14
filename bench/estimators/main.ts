/**
 * Bias and variance of the gradient estimators on a problem whose gradient is known: `npm run bench:estimators`, with
 * `-- --help` for options. Fails where something that theory promises didn't come out.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { load, machine } from "../machine.ts";
import { progress } from "../progress.ts";
import { version } from "../version.ts";
import { chart } from "./chart.ts";
import { ENTRIES } from "./entries.ts";
import { findings } from "./findings.ts";
import { measure } from "./measure.ts";
import { parse, USAGE } from "./options.ts";
import { exactGradient, type Loss, QUADRATIC, SMOOTH } from "./problem.ts";
import { type Run, report, type Section } from "./report.ts";

const BENCH = fileURLToPath(new URL("..", import.meta.url));

function section(loss: Loss, samples: number, firstSeed: number): Section {
  const exact = exactGradient(loss);
  const measured = ENTRIES.map((entry, i) => {
    progress(`${loss.name} loss: ${entry.family}${entry.tau ? `, τ = ${entry.tau}` : ""}`);
    return measure(entry, loss, exact, samples, firstSeed + i);
  });
  return { loss, exact, findings: findings(measured, loss, exact) };
}

const args = process.argv.slice(2);
const { help, samples, isFull, out } = parse(args);
if (help) {
  console.log(USAGE);
} else {
  const loadBefore = load();
  const run: Run = {
    command: ["npm run bench:estimators", ...(args.length > 0 ? ["--", ...args] : [])].join(" "),
    machine: machine({ gumbel: version() }, loadBefore),
    samples,
    sections: [section(SMOOTH, samples, 1), section(QUADRATIC, samples, 1001)],
  };
  progress("");
  const text = report(run);
  console.log(text);
  const directory = out ?? (isFull ? BENCH : undefined);
  if (directory !== undefined) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(`${directory}/ESTIMATORS.md`, text);
    writeFileSync(`${directory}/estimators.svg`, chart(run));
  }
  const broken = run.sections.flatMap(({ findings }) =>
    findings.filter(({ verdict }) => verdict && !verdict.kept),
  );
  if (broken.length > 0) process.exitCode = 1;
}
