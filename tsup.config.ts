import { fileURLToPath } from "node:url";
import { defineConfig, type Options } from "tsup";
import { bundleConstants } from "./scripts/bundle-constants.mjs";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/** Pairs of entries differ in one file, that which the compiled module comes from. */
function source(name: string): Plugin {
  const path = fileURLToPath(new URL(`ts/${name}.ts`, import.meta.url));
  return {
    name: "source",
    setup(build) {
      build.onResolve({ filter: /\/source\.ts$/ }, () => ({ path }));
    },
  };
}

/** A main entry and that for estimators, which share a file: backend, module, generators. */
function pair(prefix: string, main: Record<string, string>, more: Options): Options {
  return {
    entry: { ...main, [`${prefix}estimators`]: "ts/estimators/index.ts" },
    splitting: true,
    sourcemap: true,
    minify: true,
    target: "es2022",
    platform: "neutral",
    define: bundleConstants(),
    esbuildOptions: (options) => {
      options.chunkNames = `${prefix}core`;
      // The package has the sources beside the maps, once for all entries.
      options.sourcesContent = false;
      options.assetNames = "gumbel";
    },
    ...more,
  };
}

const FORMATS: readonly Options[] = [
  { format: ["esm"] },
  // tsup splits CommonJS by way of Rollup, or else by a tool whose maps have lines alone.
  { format: ["cjs"], treeshake: true },
];

export default defineConfig([
  ...FORMATS.map((format) => pair("", { index: "ts/index.ts" }, format)),
  ...FORMATS.map((format) =>
    pair("slim-", { slim: "ts/slim.ts" }, { ...format, esbuildPlugins: [source("source-slim")] }),
  ),
  pair(
    "workerd-",
    { workerd: "ts/index.ts" },
    {
      format: ["esm"],
      // To gumbel.wasm, beside the entry.
      loader: { ".wasm": "copy" },
      esbuildPlugins: [source("source-workerd")],
    },
  ),
]);
