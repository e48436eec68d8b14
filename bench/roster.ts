/** Who takes part, and how each process is started; installs what it needs. */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import type { Options } from "./options.ts";
import type { Command } from "./peer.ts";
import { progress } from "./progress.ts";

/** Processes in JavaScript: a name, and the module below bench/ that has the library. */
const MODULES = {
  gumbel: "ours/wasm",
  "gumbel-js": "ours/js",
  plain: "plain/library",
  "tfjs-wasm": "peers/tfjs-wasm",
  "tfjs-cpu": "peers/tfjs-cpu",
  "jax-js": "peers/jax-js",
  stdlib: "peers/stdlib",
  "alias-sampling": "peers/alias-sampling",
};
const PYTHON = ["torch", "jax", "numpy"];

/** The processes asked for; `bench` is this directory. */
export function roster(options: Options, bench: string): Command[] {
  const scripts = Object.entries(MODULES).map(([name, module]) => script(bench, name, module));
  const native = options.native ? [nativeCommand(bench)] : [];
  const python = options.python ? pythonCommands(bench) : [];
  const all = [...scripts.slice(0, 2), ...native, ...scripts.slice(2), ...python];
  const { only } = options;
  return only ? all.filter(({ name }) => only.includes(name)) : all;
}

function script(bench: string, name: string, module: string): Command {
  // The arguments by which tsx runs this process itself.
  return {
    name,
    file: process.execPath,
    args: [...process.execArgv, `${bench}/worker/main.ts`, module],
  };
}

function nativeCommand(bench: string): Command {
  const manifest = `${bench}/native/Cargo.toml`;
  run("cargo", ["build", "--release", "--manifest-path", manifest], {
    RUSTFLAGS: "-C target-cpu=native",
    CARGO_TARGET_DIR: `${bench}/native/target`,
  });
  return { name: "native", file: `${bench}/native/target/release/gumbel-bench-native`, args: [] };
}

function pythonCommands(bench: string): Command[] {
  const file = process.env.PYTHON ?? ownPython(bench);
  return PYTHON.map((name) => ({ name, file, args: [`${bench}/peers.py`, name] }));
}

/** An environment with what requirements.txt pins, made at the first use. */
function ownPython(bench: string): string {
  const venv = `${bench}/.venv`;
  // Written last, so that an installation that was broken off is begun again.
  if (!existsSync(`${venv}/.complete`)) {
    run("python3", ["-m", "venv", venv]);
    run(`${venv}/bin/python`, ["-m", "pip", "install", "-r", `${bench}/requirements.txt`]);
    run("touch", [`${venv}/.complete`]);
  }
  return `${venv}/bin/python`;
}

/** Bench's own dependencies, where they are missing. */
export function installDependencies(bench: string): void {
  if (existsSync(`${bench}/node_modules/.package-lock.json`)) return;
  run("npm", ["ci", "--prefix", bench, "--no-audit", "--no-fund"]);
}

/** Runs a command to its end; its output goes to standard error. */
function run(file: string, args: readonly string[], env: Record<string, string> = {}): void {
  progress("");
  process.stderr.write(`$ ${file} ${args.join(" ")}\n`);
  const { status, error } = spawnSync(file, args, {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, ...env },
  });
  if (error) throw new Error(`${file}: ${error.message}`);
  if (status !== 0) throw new Error(`${file} ended with ${status}`);
}
