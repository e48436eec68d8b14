import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Options } from "tsup";
import { bundleConstants } from "./scripts/bundle-constants.mjs";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

// The entries are built side by side: none may clear what another has written.
rmSync("dist", { recursive: true, force: true });
mkdirSync("dist");
copyFileSync("ts/wasm/gumbel_bg.wasm", "dist/gumbel.wasm");

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
    external: [/\.wasm$/],
    esbuildPlugins: [source("source-workerd")],
  },
]);
