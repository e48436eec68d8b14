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
  treeshake: true,
  loader: { ".wasm": "binary" },
});
