/** Next: a server component, and a client component on the server and, once it is alive, in Chromium. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Check, Report } from "../check.ts";
import { freePort, run, runNode, serve } from "../process.ts";
import { HERE, versionOf } from "../tools.ts";
import { install, type Workspace } from "../workspace.ts";

const CLI = "node_modules/next/dist/bin/next";

export function next({ directory, tarball, browser }: Workspace): Check[] {
  const cwd = join(directory, "next");
  const check = {
    environment: "Next",
    version: versionOf("next", join(HERE, "programs/next/package.json")),
    backend: "wasm-simd",
  } as const;
  let built: Promise<void> | undefined;
  const visit = async (show: string): Promise<Report[]> => {
    built ??= build(cwd, tarball);
    await built;
    const origin = `http://127.0.0.1:${await freePort()}`;
    const { hostname, port } = new URL(origin);
    const stop = await serve(
      [CLI, "start", `--hostname=${hostname}`, `--port=${port}`],
      cwd,
      origin,
    );
    try {
      return await browser.visit(`${origin}/?show=${show}`);
    } finally {
      stop();
    }
  };
  return [
    { ...check, way: "server component", run: () => visit("server") },
    { ...check, way: "client component on both sides", run: () => visit("client") },
  ];
}

async function build(cwd: string, tarball: string): Promise<void> {
  // Its bundler follows no links out of the project, so it has its own dependencies.
  await run("npm", ["ci", "--no-audit", "--no-fund", "--prefer-offline"], cwd);
  await install(cwd, tarball);
  await runNode([CLI, "build"], cwd);
  const files = readdirSync(join(cwd, ".next/static"), { recursive: true }).map(String);
  const wasm = files.filter((name) => name.endsWith(".wasm"));
  if (wasm.length > 0) throw new Error(`for the browser: ${wasm.join(", ")}`);
}
