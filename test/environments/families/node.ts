/** Node, each version that is supported: both formats and both entries, threads, and every way to be without WebAssembly SIMD. */

import { join } from "node:path";
import type { Check } from "../check.ts";
import { readReports, run } from "../process.ts";
import { tool, versionOf } from "../tools.ts";
import type { Workspace } from "../workspace.ts";

interface Program {
  readonly way: string;
  readonly detail?: string;
  readonly file: string;
  /** Flags of Node. */
  readonly flags?: readonly string[];
  /** Why WebAssembly SIMD doesn't run. */
  readonly without?: string;
}

const PROGRAMS: readonly Program[] = [
  { way: "ES module", file: "module.mjs" },
  { way: "CommonJS", file: "commonjs.cjs" },
  { way: "`require` of the ES module", file: "require-module.cjs" },
  { way: "both in one process", file: "both.mjs" },
  { way: "both in one process", detail: "entries share a backend", file: "one-backend.mjs" },
  { way: "ES module", detail: "touches nothing at import", file: "nothing-at-import.mjs" },
  { way: "worker threads", file: "worker-threads.mjs" },
  { way: "slim", file: "slim.mjs" },
  { way: "slim in threads", file: "slim-worker.mjs" },
  {
    way: "no WebAssembly",
    file: "no-webassembly.mjs",
    without: "WebAssembly is not defined",
  },
  {
    way: "`--jitless`",
    file: "module.mjs",
    flags: ["--jitless"],
    without: "WebAssembly is not defined",
  },
  {
    way: "no SIMD",
    file: "module.mjs",
    // WebAssembly SIMD needs SSE 4.1 on these machines.
    flags: ["--no-enable-sse4-1"],
    without: "SIMD unsupported",
  },
  { way: "compiling limited to 4 kB", file: "old-limit.mjs", without: "larger than 4KB" },
  { way: "SIMD that computes wrongly", file: "wrong-answer.mjs", without: "known-answer check" },
];

export function node({ directory }: Workspace): Check[] {
  return [
    ...checks(directory, process.versions.node, () => process.execPath),
    ...["node-22", "node-24", "node-26"].flatMap((name) =>
      checks(directory, versionOf(name), () => tool(`${name}/bin/node`)),
    ),
  ];
}

function checks(directory: string, version: string, binary: () => string): Check[] {
  return PROGRAMS.map(({ file, flags = [], without, ...ways }) => ({
    environment: "Node",
    version,
    ...ways,
    ...(without === undefined ? { backend: "wasm-simd" } : { backend: "js", reason: without }),
    run: async () => readReports(await run(binary(), [...flags, join("node", file)], directory)),
  }));
}
