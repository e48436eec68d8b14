import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { chart } from "./chart.ts";
import { FULL } from "./extent.ts";
import type { Options } from "./options.ts";
import { withFigures } from "./readme.ts";
import { report } from "./report.ts";
import type { Run } from "./run.ts";

/** Writes what a run found to `--out`, else to the repository if it was a full one; returns the files. */
export function write(run: Run, { out, extent, only }: Options, bench: string): string[] {
  const isFull = extent === FULL && !only;
  if (!out && !isFull) return [];
  const repository = `${bench}/..`;
  const directory = out ?? bench;
  mkdirSync(directory, { recursive: true });
  const readme = readFileSync(`${repository}/README.md`, "utf8");
  const files = {
    [`${directory}/RESULTS.md`]: report(run),
    [`${directory}/results.svg`]: chart(run),
    [`${out ?? repository}/README.md`]: withFigures(readme, run),
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(path, text);
  return Object.keys(files);
}
