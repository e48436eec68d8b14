import { fileURLToPath } from "node:url";
import { defineConfig, type Options } from "tsup";
import { bundleConstants } from "./scripts/bundle-constants.mjs";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/** Entries differ in one file, that which the compiled module comes from. */
function source(name: string): Plugin {
  const path = fileURLToPath(new URL(`ts/${name}.ts`, import.meta.url));
  return {
    name: "source",
    setup(build) {
      build.onResolve({ filter: /\/source\.ts$/ }, () => ({ path }));
    },
  };
}

const common: Options = {
  sourcemap: true,
  minify: true,
  target: "es2022",
  platform: "neutral",
  define: bundleConstants(),
  // The package has the sources beside the maps, once for all entries.
  esbuildOptions: (options) => {
    options.sourcesContent = false;
    options.assetNames = "gumbel";
  },
};

export default defineConfig([
  { ...common, entry: { index: "ts/index.ts" }, format: ["esm", "cjs"], dts: true },
  {
    ...common,
    entry: { slim: "ts/slim.ts" },
    format: ["esm", "cjs"],
    dts: true,
    esbuildPlugins: [source("source-slim")],
  },
  {
    ...common,
    entry: { workerd: "ts/index.ts" },
    format: ["esm"],
    // To gumbel.wasm, beside the entry.
    loader: { ".wasm": "copy" },
    esbuildPlugins: [source("source-workerd")],
  },
]);
