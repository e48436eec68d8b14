import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["ts/index.ts"],
  format: ["esm", "cjs"],
  dts: true,
  clean: true,
  sourcemap: true,
  target: "es2022",
  // Not "node", tsup's default: the embedded bytes would then be decoded with Buffer.
  platform: "neutral",
  // Off by default for CommonJS, where a second entry would get its own copy of the wasm.
  splitting: true,
  // Drops wasm-bindgen's asynchronous init, and with it `fetch` and `import.meta`.
  treeshake: true,
  loader: { ".wasm": "binary" },
});
