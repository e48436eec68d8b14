/** Bun and Deno run the programs that Node runs. */

import { join } from "node:path";
import type { Check } from "../check.ts";
import { readReports, run } from "../process.ts";
import { tool, versionOf } from "../tools.ts";
import type { Workspace } from "../workspace.ts";

const PROGRAMS: Record<string, string> = {
  "ES module": "module.mjs",
  CommonJS: "commonjs.cjs",
  "`require` of the ES module": "require-module.cjs",
  "both in one process": "both.mjs",
  "worker threads": "worker-threads.mjs",
  slim: "slim.mjs",
  "slim in threads": "slim-worker.mjs",
};

/** Run with no permission at all, and with nobody to ask for one. */
const WITHOUT_PERMISSION = ["module.mjs", "both.mjs"];

export function bunAndDeno({ directory }: Workspace): Check[] {
  return [
    ...Object.entries(PROGRAMS).map(([way, file]) =>
      check("Bun", "bun", "bun/bin/bun.exe", way, [join("node", file)], directory),
    ),
    ...Object.entries(PROGRAMS).map(([way, file]) => {
      // The others' own files are for Deno to read: what they require, start in a thread, or read by hand.
      const permissions = WITHOUT_PERMISSION.includes(file) ? [] : ["--allow-read=."];
      const args = ["run", "--no-prompt", "--no-remote", ...permissions, join("node", file)];
      return check("Deno", "deno", "deno/deno", way, args, directory);
    }),
  ];
}

function check(
  environment: string,
  name: string,
  binary: string,
  way: string,
  args: readonly string[],
  directory: string,
): Check {
  return {
    environment,
    version: versionOf(name),
    way,
    backend: "wasm-simd",
    run: async () => readReports(await run(tool(binary), args, directory)),
  };
}
