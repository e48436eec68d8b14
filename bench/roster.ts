/** Who takes part, and how each process is started. */

import { installPython, run } from "./install.ts";
import type { Options } from "./options.ts";
import type { Command } from "./peer.ts";

/** Processes in JavaScript: a name, and the module below bench/ that has the library. */
const OURS = { gumbel: "ours/wasm", "gumbel-js": "ours/js" };
const OTHERS = {
  plain: "plain/library",
  "tfjs-wasm": "peers/tfjs-wasm",
  "tfjs-cpu": "peers/tfjs-cpu",
  "jax-js": "peers/jax-js",
  stdlib: "peers/stdlib",
  "alias-sampling": "peers/alias-sampling",
  transformers: "peers/transformers",
};
const PYTHON = ["torch", "jax", "numpy"];

/** The processes asked for, in the order of the tables; `bench` is this directory. */
export function roster({ native, python, only }: Options, bench: string): Command[] {
  const all = [
    ...scripts(bench, OURS),
    ...(native ? [nativeCommand(bench)] : []),
    ...scripts(bench, OTHERS),
    ...(python ? pythonCommands(bench) : []),
  ];
  const names = all.map(({ name }) => name);
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`--only: no ${unknown} among ${names.join(", ")}`);
  return only ? all.filter(({ name }) => only.includes(name)) : all;
}

function scripts(bench: string, modules: Readonly<Record<string, string>>): Command[] {
  return Object.entries(modules).map(([name, module]) => ({
    name,
    file: process.execPath,
    // The arguments by which tsx runs this process itself.
    args: [...process.execArgv, `${bench}/worker/main.ts`, module],
  }));
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
  const file = process.env.PYTHON ?? installPython(bench);
  return PYTHON.map((name) => ({ name, file, args: [`${bench}/peers.py`, name] }));
}
