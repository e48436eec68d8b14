import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vitest/config";

/** `import bytes from "x.wasm"` gives a Uint8Array, as tsup's binary loader does in the package. */
const wasmBytes: Plugin = {
  name: "wasm-bytes",
  enforce: "pre",
  load(id) {
    if (!id.endsWith(".wasm")) return;
    const base64 = readFileSync(id, "base64");
    return `export default new Uint8Array(Buffer.from("${base64}", "base64"));`;
  },
};

export default defineConfig({
  plugins: [wasmBytes],
  resolve: { alias: { gumbel: fileURLToPath(new URL("ts/index.ts", import.meta.url)) } },
  test: {
    include: ["test/**/*.test.ts"],
    // Statistical tests draw millions of values; none may hang.
    testTimeout: 120_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
