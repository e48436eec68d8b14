import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vitest/config";

/** `import base64 from "x.wasm"` gives a string, as tsup's base64 loader does in the package. */
const wasmText: Plugin = {
  name: "wasm-text",
  enforce: "pre",
  load(id) {
    if (!id.endsWith(".wasm")) return;
    return `export default "${readFileSync(id, "base64")}";`;
  },
};

export default defineConfig({
  plugins: [wasmText],
  resolve: { alias: { gumbel: fileURLToPath(new URL("ts/index.ts", import.meta.url)) } },
  test: {
    include: ["test/**/*.test.ts"],
    // Statistical tests draw millions of values; none may hang.
    testTimeout: 120_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
