/** Bundlers with no word about this package in their configuration: what they make runs in Chromium and in Node. */

import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Check, Report } from "../check.ts";
import { freePort, readReports, runNode, serve } from "../process.ts";
import { esbuild, tool, versionOf } from "../tools.ts";
import type { Workspace } from "../workspace.ts";

/** A bundler that makes one file of src/index.js. */
interface Bundler {
  readonly environment: string;
  readonly name: string;
  build(out: string, directory: string): Promise<unknown>;
}

const BUNDLERS: readonly Bundler[] = [
  {
    environment: "webpack",
    name: "webpack",
    build: (out, directory) =>
      runNode(
        [tool("webpack-cli/bin/cli.js"), "--mode=production", `--output-path=${out}`],
        directory,
      ),
  },
  {
    environment: "Rollup",
    name: "rollup",
    build: (out, directory) =>
      runNode(
        [
          ...[tool("rollup/dist/bin/rollup"), "src/index.js", "--format=es", "--silent"],
          ...[`--plugin=${tool("@rollup/plugin-node-resolve/dist/cjs/index.js")}`],
          `--file=${out}/main.js`,
        ],
        directory,
      ),
  },
  {
    environment: "esbuild",
    name: "esbuild",
    build: (out, directory) =>
      esbuild(
        ["src/index.js", "--bundle", "--minify", "--format=esm", `--outfile=${out}/main.js`],
        directory,
      ),
  },
];

const PAGE = `<!doctype html>
<link rel="icon" href="data:," />
<script type="module" src="main.js"></script>
`;

export function bundlers(workspace: Workspace): Check[] {
  return [...vite(workspace), ...BUNDLERS.flatMap((bundler) => checks(bundler, workspace))];
}

function checks(
  { environment, name, build }: Bundler,
  { directory, site, browser }: Workspace,
): Check[] {
  const cwd = join(directory, "bundlers");
  const out = `out/${name}`;
  const check = { environment, version: versionOf(name), backend: "wasm-simd" } as const;
  return [
    {
      ...check,
      way: "bundle in Chromium",
      async run() {
        await build(join(cwd, out), cwd);
        checkFiles(join(cwd, out), 0);
        writeFileSync(join(cwd, out, "index.html"), PAGE);
        return browser.visit(`${await site.open("open")}/bundlers/${out}/index.html`);
      },
    },
    {
      ...check,
      way: "bundle in Node",
      run: async () => readReports(await runNode(["print.mjs", `${out}/main.js`], cwd)),
    },
  ];
}

/** The default entry brings no .wasm file, the slim one the one that it is pointed to. */
function checkFiles(directory: string, wasmFiles: number): void {
  const files = readdirSync(directory, { recursive: true }).map(String);
  const wasm = files.filter((name) => name.endsWith(".wasm"));
  if (wasm.length !== wasmFiles) throw new Error(`${wasm.length} .wasm files: ${files.join(", ")}`);
}

const VITE = "vite/bin/vite.js";

function vite({ directory, site, browser }: Workspace): Check[] {
  const check = { environment: "Vite", version: versionOf("vite"), backend: "wasm-simd" } as const;
  return [
    { ...check, way: "dev server", run: () => develop("bundlers") },
    { ...check, way: "build", run: () => build("bundlers", 0) },
    { ...check, way: "slim with `gumbel.wasm?url`", run: developAndBuildSlim },
  ];

  async function developAndBuildSlim(): Promise<Report[]> {
    return [...(await develop("vite-slim")), ...(await build("vite-slim", 1))];
  }

  async function develop(project: string): Promise<Report[]> {
    const origin = `http://127.0.0.1:${await freePort()}`;
    const { hostname, port } = new URL(origin);
    const args = [tool(VITE), `--host=${hostname}`, `--port=${port}`, "--strictPort"];
    const stop = await serve(args, join(directory, project), origin);
    try {
      return await browser.visit(origin);
    } finally {
      stop();
    }
  }

  async function build(project: string, wasmFiles: number): Promise<Report[]> {
    // Relative addresses: the page isn't at the root of its site.
    const args = ["build", "--base=./", "--outDir=out/vite", "--logLevel=error"];
    await runNode([tool(VITE), ...args], join(directory, project));
    checkFiles(join(directory, project, "out/vite"), wasmFiles);
    return browser.visit(`${await site.open("open")}/${project}/out/vite/index.html`);
  }
}
