/** What others' tools say of a tarball. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A tool of node_modules, which says itself what is wrong. */
function run(name: string, ...args: string[]): string[] {
  const path = fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url));
  const env = { ...process.env, NO_COLOR: "1" };
  const { status, stdout, stderr, error } = spawnSync(path, args, { encoding: "utf8", env });
  return status === 0 ? [] : [`${stdout ?? ""}${stderr ?? ""}${error ?? ""}`.trim()];
}

/** publint: whether package.json leads to what is there. */
export function manifestOpinions(tarball: string): string[] {
  return run("publint", "run", tarball, "--strict");
}

/** Are the types wrong: whether TypeScript finds the types of each entry, and of the right kind of module. */
export function typeOpinions(tarball: string): string[] {
  // The wasm is no module, so it has no types.
  return run("attw", tarball, "--profile", "node16", "--exclude-entrypoints", "gumbel.wasm");
}
