/** The size of each entry after gzip: as the README states it, and within its budget. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleConstants } from "../scripts/bundle-constants.mjs";
import { Built, size } from "./support/built.ts";

/** What an entry loads, and kB of it after gzip. To be raised only together with new functions. */
const BUDGETS: Record<string, [kB: number, ...files: string[]]> = {
  gumbel: [82.7, "index.js", "core.js"],
  "gumbel/slim": [31.8, "slim.js", "slim-core.js"],
  "gumbel under workerd": [31, "workerd.js", "workerd-core.js"],
  "what gumbel/estimators adds": [13.3, "estimators.js"],
  "gumbel/gumbel.wasm": [50.1, "gumbel.wasm"],
};

const root = fileURLToPath(new URL("..", import.meta.url));
let built: Built;

beforeAll(() => {
  built = new Built();
});
afterAll(() => {
  built.remove();
});

/** What an entry weighs. */
function sizeOf(entry: string): number {
  const [, ...files] = BUDGETS[entry] ?? [0];
  return built.size(...files);
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

test.each(Object.entries(BUDGETS))("%s is within its budget", (entry, [budget]) => {
  expect(sizeOf(entry)).toBeLessThanOrEqual(budget);
});

/** In kB. Versions of zlib differ by some hundred bytes. */
const ROUNDING = 0.8;

test("the README states the sizes", async () => {
  const all = 'export * from "./index.ts"';
  const fallback = (await weigh(all)) - (await weigh(all, withoutFallback));
  const sizes = [...["gumbel", "gumbel/slim", "gumbel/gumbel.wasm"].map(sizeOf), fallback];
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
