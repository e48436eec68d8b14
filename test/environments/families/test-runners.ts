/** Vitest and Jest without a configuration: a test that imports the package, and one that requires it. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../check.ts";
import { runNode } from "../process.ts";
import { tool, versionOf } from "../tools.ts";
import type { Workspace } from "../workspace.ts";

export function testRunners({ directory }: Workspace): Check[] {
  const check = (environment: string, name: string, args: () => string[]): Check => ({
    environment,
    version: versionOf(name),
    way: "test file",
    backend: "wasm-simd",
    async run() {
      const reports = join(directory, name, "reports.json");
      await runNode(args(), join(directory, name), { REPORTS: reports });
      return JSON.parse(readFileSync(reports, "utf8"));
    },
  });
  return [
    check("Vitest", "vitest", () => [tool("vitest/vitest.mjs"), "run", "--globals"]),
    check("Jest", "jest", () => [tool("jest/bin/jest.js")]),
  ];
}
