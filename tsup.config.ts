import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["ts/index.ts"],
  format: ["esm", "cjs"],
  dts: true,
  clean: true,
  sourcemap: true,
  target: "es2022",
  platform: "neutral",
  treeshake: true,
  // Not "binary", whose bytes are decoded at import.
  loader: { ".wasm": "base64" },
});
