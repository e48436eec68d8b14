/** What the package is tested in: installed from the lists beside this file. */

import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./process.ts";

export const HERE = fileURLToPath(new URL(".", import.meta.url)).replace(/[\\/]$/, "");

/** A file of an installed tool. */
export function tool(path: string): string {
  const file = join(HERE, "node_modules", path);
  if (!existsSync(file)) throw new Error(`${path} isn't installed`);
  return file;
}

/** The version of a tool, by the list: true of what is installed, since the list pins it. */
export function versionOf(name: string, list = join(HERE, "package.json")): string {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(list, "utf8"));
  const version = { ...dependencies, ...optionalDependencies }[name];
  if (version === undefined) throw new Error(`${name} isn't in ${list}`);
  return version.replace(/^npm:.*@/, "");
}

/** Its file is a program or a script, as the machine has it. */
export function esbuild(args: readonly string[], cwd: string): Promise<string> {
  return run(tool("esbuild/bin/esbuild"), [...args, "--log-level=error"], cwd);
}

/** A program on the PATH. */
export function onPath(names: readonly string[]): string | undefined {
  const directories = (process.env.PATH ?? "").split(delimiter);
  return names
    .flatMap((name) => directories.map((directory) => join(directory, name)))
    .find((file) => existsSync(file));
}
