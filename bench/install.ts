/** Installs what a directory with a package.json of its own needs, where that isn't there or older than its lock file. */

import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { progress } from "./progress.ts";

/** The npm packages of the benchmark, or of the environments. */
export function installDependencies(directory: string): void {
  const [installed, wanted] = ["node_modules/.package-lock.json", "package-lock.json"];
  if (isUpToDate(`${directory}/${installed}`, `${directory}/${wanted}`)) return;
  run("npm", ["ci", "--prefix", directory, "--no-audit", "--no-fund"]);
}

/** An environment with what requirements.txt pins; returns its interpreter. */
export function installPython(bench: string): string {
  const venv = `${bench}/.venv`;
  // Written last, so that an installation that was broken off is begun again.
  const complete = `${venv}/.complete`;
  if (!isUpToDate(complete, `${bench}/requirements.txt`)) {
    run("python3", ["-m", "venv", venv]);
    run(`${venv}/bin/python`, ["-m", "pip", "install", "-r", `${bench}/requirements.txt`]);
    run("touch", [complete]);
  }
  return `${venv}/bin/python`;
}

/** Whether what was `made` is there, and no older than what it was made from. */
export function isUpToDate(made: string, from: string): boolean {
  const stats = statSync(made, { throwIfNoEntry: false });
  return stats !== undefined && stats.mtimeMs >= statSync(from).mtimeMs;
}

/** Runs a command to its end; its output goes to standard error. */
export function run(file: string, args: readonly string[], env: Record<string, string> = {}): void {
  progress("");
  process.stderr.write(`$ ${file} ${args.join(" ")}\n`);
  const { status, error } = spawnSync(file, args, {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, ...env },
  });
  if (error) throw new Error(`${file}: ${error.message}`);
  if (status !== 0) throw new Error(`${file} ended with ${status}`);
}
