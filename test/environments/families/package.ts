/** The package as files: what is in them, what a bundler leaves of them, and what the tools that judge packages say. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../check.ts";
import { runNode } from "../process.ts";
import { esbuild, tool, versionOf } from "../tools.ts";
import type { Workspace } from "../workspace.ts";

/** What the default entries don't mention: each needs a host, a permission, or a bundler that knows it. */
const ABSENT: Record<string, RegExp> = {
  "import.meta": /\bimport\.meta\b/,
  "import()": /\bimport\s*\(/,
  await: /\bawait\b/,
  "fetch()": /\bfetch\s*\(/,
  "new URL": /\bnew URL\b/,
  "a data: address": /["'`]data:/,
  "node:": /["'`]node:/,
  require: /\brequire\b/,
  "__dirname, __filename": /\b__(dir|file)name\b/,
  "process, Buffer": /\b(process|Buffer)\./,
  eval: /\beval\b/,
  "new Function": /\bFunction\s*\(/,
};

/** How the entries in CommonJS get at what they share, which is all that is loaded. */
const SHARED = "require('./core.cjs')";

const ATTW = "@arethetypeswrong/cli/dist/index.js";

export function packaged({ directory, installed, tarball }: Workspace): Check[] {
  const { version } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const check = (way: string, test: () => Promise<unknown> | unknown, tool?: string): Check => ({
    environment: tool ?? "package",
    version: tool === undefined ? version : versionOf(tool),
    way,
    async run() {
      await test();
      return [];
    },
  });
  /** The code that a bundler makes of a module with this text. */
  const bundle = async (text: string): Promise<string> => {
    writeFileSync(join(directory, "bundled.js"), text);
    return esbuild(["bundled.js", "--bundle", "--minify", "--format=esm"], directory);
  };
  const judge = (file: string, ...args: string[]) => runNode([tool(file), ...args], directory);

  return [
    ...["index", "estimators", "core"]
      .flatMap((name) => [`${name}.js`, `${name}.cjs`])
      .map((name) =>
        check(`${name} needs nothing of its host`, () => {
          const text = readFileSync(join(installed, "dist", name), "utf8").replace(SHARED, "");
          const found = Object.keys(ABSENT).filter((what) => ABSENT[what]?.test(text));
          deepEqual(found, []);
        }),
      ),
    check("an import without a use leaves nothing", async () => {
      equal((await bundle('import "gumbel"; import "gumbel/estimators";')).trim(), "");
    }),
    check("a bundle has what is used alone", async () => {
      const wasm = statSync(join(installed, "dist/gumbel.wasm")).size;
      const all = (await bundle('export * from "gumbel";')).length;
      const softmax = (await bundle('export { softmax } from "gumbel";')).length;
      const generator = (await bundle('export { Rng } from "gumbel";')).length;
      ok(softmax < all, `${softmax} of ${all} bytes`);
      // No room for the module's text.
      ok(generator < wasm / 4, `${generator} bytes`);
    }),
    check(
      "no findings",
      () => judge("publint/src/cli.js", "run", installed, "--strict"),
      "publint",
    ),
    check(
      "no findings",
      // The .wasm file has no types of its own: bundlers declare what they make of such an import.
      () => judge(ATTW, tarball, "--profile=node16", "--exclude-entrypoints=gumbel.wasm"),
      "@arethetypeswrong/cli",
    ),
  ];
}
