import { readFileSync } from "node:fs";

const manifest = new URL("../package.json", import.meta.url);

/** The versions of some of bench's dependencies, which are pinned in its manifest. */
export function versionsOf(...names: readonly string[]): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(manifest, "utf8"));
  return Object.fromEntries(names.map((name) => [name, dependencies[name]]));
}
