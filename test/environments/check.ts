/** What is tested: an environment, a way to load the package there, and what must come of it. */

import type { BackendName } from "gumbel";
import golden from "./golden.json";

/** What programs/probe.mjs returns, by way of JSON. */
export interface Report {
  readonly backend: { readonly name: string; readonly reason: string };
  readonly hashes: Readonly<Record<string, string>>;
}

/** One way to load the package in one environment. */
export interface Check {
  /** Such as "Node". */
  readonly environment: string;
  readonly version: string;
  /** How the package gets there, such as "ES module": what the README says. */
  readonly way: string;
  /** What is special about it, where several are of one way. */
  readonly detail?: string;
  /** Which kernels must run; absent where none do. */
  readonly backend?: BackendName;
  /** What the reason must say. */
  readonly reason?: string;
  /** Throws what went wrong; returns what the probe found there, more than once where it ran in several places. */
  run(): Promise<readonly Report[]>;
}

const REASON = {
  "wasm-simd": "WebAssembly SIMD is available",
  js: "WebAssembly SIMD isn't available: ",
};

/** Throws where the reports of a check aren't as they must be. */
export async function hold({ backend, reason, run }: Check): Promise<void> {
  const reports = await run();
  if (backend === undefined) return;
  if (reports.length === 0) throw new Error("the probe has not run");
  for (const report of reports) {
    const { name, reason: why } = report.backend;
    if (name !== backend) throw new Error(`${backend} should run, not ${name}: ${why}`);
    const expected = reason ?? REASON[backend];
    if (!why.includes(expected)) throw new Error(`the reason should be "${expected}": ${why}`);
    checkHashes(report.hashes);
  }
}

function checkHashes(hashes: Report["hashes"]): void {
  const names = new Set([...Object.keys(golden), ...Object.keys(hashes)]);
  const wrong = [...names].filter((name) => hashes[name] !== (golden as Report["hashes"])[name]);
  if (wrong.length > 0) throw new Error(`other values: ${wrong.join(", ")}`);
}
