/** Runs the checks one after the other, and says of each what came of it. */

import { type Check, hold } from "./check.ts";
import { bunAndDeno } from "./families/bun-deno.ts";
import { bundlers } from "./families/bundlers.ts";
import { chromium } from "./families/chromium.ts";
import { next } from "./families/next.ts";
import { node } from "./families/node.ts";
import { packaged } from "./families/package.ts";
import { testRunners } from "./families/test-runners.ts";
import { types } from "./families/types.ts";
import { workerd } from "./families/workerd.ts";
import type { Options } from "./options.ts";
import { write } from "./results.ts";
import { closeWorkspace, makeWorkspace, type Workspace } from "./workspace.ts";

const FAMILIES: readonly ((workspace: Workspace) => Check[])[] = [
  node,
  bunAndDeno,
  workerd,
  chromium,
  bundlers,
  testRunners,
  next,
  types,
  packaged,
];

/** Returns the exit code. */
export async function testAll({ only, ci }: Options): Promise<number> {
  const workspace = await makeWorkspace(ci);
  try {
    const all = FAMILIES.flatMap((family) => family(workspace));
    const checks = all.filter(({ environment }) => isAsked(environment, only));
    if (checks.length === 0) {
      const names = new Set(all.map(({ environment }) => environment));
      throw new Error(`--only takes some of: ${[...names].join(", ")}`);
    }
    let failed = 0;
    for (const check of checks) if (!(await passes(check))) failed++;
    if (failed === 0 && only === undefined && !ci) write(checks);
    // In the form of cargo's, which .ci/run counts.
    const verdict = failed > 0 ? "FAILED" : "ok";
    console.log(`test result: ${verdict}. ${checks.length - failed} passed; ${failed} failed;`);
    return failed > 0 ? 1 : 0;
  } finally {
    await closeWorkspace(workspace);
  }
}

function isAsked(environment: string, only: Options["only"]): boolean {
  return only?.some((name) => environment.toLowerCase().includes(name)) ?? true;
}

async function passes(check: Check): Promise<boolean> {
  const { environment, version, way, detail, backend = "" } = check;
  const start = performance.now();
  let problem: unknown;
  try {
    await hold(check);
  } catch (error) {
    problem = error;
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const columns = [
    problem === undefined ? "ok  " : "FAIL",
    `${environment} ${version}`.padEnd(32),
    [way, detail].filter(Boolean).join(": ").padEnd(52),
    backend.padEnd(9),
    `${seconds} s`,
  ];
  console.log(columns.join("  "));
  if (problem !== undefined) console.log(indented(String(problem)));
  return problem === undefined;
}

/** Long lines are of minified code. */
function indented(text: string): string {
  return text.replace(/^(.{0,300}).*$/gm, "      $1");
}
