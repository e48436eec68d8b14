import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const INSTALLED = fileURLToPath(new URL("../node_modules", import.meta.url));

/** The versions that run: of packages as they are installed, whatever the manifest asks for. */
export function versionsOf(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, versionIn(INSTALLED, name)]));
}

export function versionIn(installed: string, name: string): string {
  return JSON.parse(readFileSync(`${installed}/${name}/package.json`, "utf8")).version;
}
