/** The size of each entry after gzip: as the README states it, and within its budget. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleConstants } from "../scripts/bundle-constants.mjs";

/** kB after gzip. To be raised only together with new functions. */
const BUDGET = { "index.js": 73, "slim.js": 28.3, "workerd.js": 27.5, "gumbel.wasm": 43.2 };

const root = fileURLToPath(new URL("..", import.meta.url));
let dist: string;

beforeAll(() => {
  dist = mkdtempSync(join(tmpdir(), "gumbel-"));
  const options = ["--silent", "--no-dts", "--out-dir", dist];
  execFileSync(process.execPath, [`${root}node_modules/tsup/dist/cli-default.js`, ...options], {
    cwd: root,
  });
});
afterAll(() => {
  rmSync(dist, { recursive: true });
});

/** kB after gzip, as servers and `gzip -9` make it. */
function size(content: Uint8Array): number {
  return gzipSync(content, { level: 9 }).length / 1000;
}

function sizeOf(entry: string): number {
  return size(readFileSync(join(dist, entry)));
}

/** What the bundle of a source weighs, with the kernels in TypeScript or without. */
async function weigh(code: string, ...plugins: Plugin[]): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: `${root}ts`, loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    define: { ...bundleConstants(), WASM_TEXT: '""' },
    plugins,
  });
  return size(outputFiles[0]?.contents as Uint8Array);
}

const withoutFallback: Plugin = {
  name: "without-fallback",
  setup(build) {
    build.onLoad({ filter: /ts\/js\/index\.ts$/ }, () => {
      return { contents: "export function createKernels() {} export function createKeptLaw() {}" };
    });
  },
};

test.each(Object.entries(BUDGET))("%s is within its budget of %d kB", (entry, budget) => {
  expect(sizeOf(entry)).toBeLessThanOrEqual(budget);
});

/** In kB. Versions of zlib differ by some hundred bytes. */
const ROUNDING = 0.8;

test("the README states the sizes", async () => {
  const all = 'export * from "./index.ts"';
  const fallback = (await weigh(all)) - (await weigh(all, withoutFallback));
  const sizes = [...["index.js", "slim.js", "gumbel.wasm"].map(sizeOf), fallback];
  const stated =
    /After gzip the package is (\d+) kB, `gumbel\/slim` (\d+) kB and its wasm (\d+) kB; (\d+) kB of either are the kernels in TypeScript\./
      .exec(readFileSync(`${root}README.md`, "utf8"))
      ?.slice(1)
      .map(Number) ?? [];
  expect(stated).toHaveLength(sizes.length);
  for (const [i, size] of sizes.entries()) {
    expect(Math.abs((stated[i] as number) - size), `${stated[i]} kB for ${size}`).toBeLessThan(
      ROUNDING,
    );
  }
});

test("a bundler leaves out what isn't used", async () => {
  const [all, one, none] = await Promise.all([
    weigh('export * from "./index.ts"'),
    weigh('export { softmax } from "./index.ts"'),
    weigh('export { Rng } from "./index.ts"'),
  ]);
  expect(one).toBeLessThan(0.85 * all);
  expect(none).toBeLessThan(0.2 * all);
});
