/** Cloudflare's runtime, through miniflare: bundled as wrangler does, which ships .wasm files as they are. */

import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import type { Check } from "../check.ts";
import { esbuild, versionOf } from "../tools.ts";
import type { Workspace } from "../workspace.ts";

const CONDITIONS = "--conditions=workerd,worker,browser";

export function workerd({ directory }: Workspace): Check[] {
  const check = (way: string, entry: string, conditions: string): Omit<Check, "backend"> => ({
    environment: "workerd (miniflare)",
    version: versionOf("miniflare"),
    way,
    run: () => runWorker(directory, entry, conditions),
  });
  return [
    { ...check("the `workerd` condition", "default", CONDITIONS), backend: "wasm-simd" },
    { ...check("slim with the imported module", "slim", CONDITIONS), backend: "wasm-simd" },
    // The runtime compiles nothing while it answers a request.
    {
      ...check("bundled without the `workerd` condition", "default", "--conditions=browser"),
      backend: "js",
      reason: "disallowed by embedder",
    },
  ];
}

async function runWorker(directory: string, entry: string, conditions: string) {
  const out = mkdtempSync(join(directory, "workerd", "out-"));
  await esbuild(
    [
      ...[`workerd/${entry}.js`, "--bundle", "--format=esm", conditions],
      ...["--loader:.wasm=copy", `--outfile=${join(out, "worker.js")}`],
    ],
    directory,
  );
  const runtime = new Miniflare({
    modules: true,
    modulesRoot: out,
    scriptPath: join(out, "worker.js"),
    modulesRules: [
      { type: "CompiledWasm", include: ["**/*.wasm"] },
      { type: "ESModule", include: ["**/*.js"] },
    ],
    compatibilityDate: "2026-01-01",
    // Nothing is asked of other hosts.
    cf: false,
  });
  try {
    const response = await runtime.dispatchFetch("http://localhost/");
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as Awaited<ReturnType<Check["run"]>>;
  } finally {
    await runtime.dispose();
  }
}
