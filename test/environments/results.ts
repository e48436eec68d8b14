/** What the last run of everything found: results.json, and the table in the README that is made of it. */

import { readFileSync, writeFileSync } from "node:fs";
import { between, table } from "../../bench/markdown.ts";
import type { BackendName } from "../../ts/index.ts";
import type { Check } from "./check.ts";

/** A check that passed. */
export type Result = Pick<Check, "environment" | "version" | "way" | "detail" | "backend">;

const RESULTS = new URL("results.json", import.meta.url);
const README = new URL("../../README.md", import.meta.url);
const START = "<!-- environments: written by test/environments/results.ts -->";
const BACKENDS: readonly BackendName[] = ["wasm-simd", "js"];
const END = "<!-- /environments -->";

/** Writes both files. */
export function write(checks: readonly Check[]): void {
  const results = checks.map(({ environment, version, way, detail, backend }) => ({
    ...{ environment, version, way },
    ...(detail && { detail }),
    ...(backend && { backend }),
  }));
  writeFileSync(
    RESULTS,
    `[\n${results.map((result) => `  ${JSON.stringify(result)}`).join(",\n")}\n]\n`,
  );
  writeFileSync(README, withTable(readFileSync(README, "utf8"), results));
}

/** The README with the table of these results. */
export function withTable(readme: string, results: readonly Result[]): string {
  return between(readme, START, END, environments(results));
}

/** A row for each environment; those that are loaded in the same ways share one. */
function environments(results: readonly Result[]): string {
  const loaded = results.filter(({ backend }) => backend);
  const rows = Object.values(groupBy(loaded, ({ environment }) => environment)).map((group) => ({
    name: `${group[0]?.environment} ${unique(group.map(({ version }) => version)).join(", ")}`,
    ways: BACKENDS.map((name) => {
      const ways = group.filter(({ backend }) => backend === name).map(({ way }) => way);
      return unique(ways).join("; ");
    }),
  }));
  const shared = Object.values(groupBy(rows, ({ ways }) => ways.join("|")));
  return table(
    ["environment", ...BACKENDS.map((name) => `\`${name}\``)],
    shared.map((group) => [
      group.map(({ name }) => name).join("; "),
      ...(group[0]?.ways ?? []).map((ways) => ways || "–"),
    ]),
    3,
  );
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Record<string, T[]> {
  const groups: Record<string, T[]> = {};
  for (const item of items) {
    const key = keyOf(item);
    groups[key] ??= [];
    groups[key].push(item);
  }
  return groups;
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}
