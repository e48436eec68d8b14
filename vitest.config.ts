import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { bundleConstants } from "./scripts/bundle-constants.mjs";

export default defineConfig({
  define: bundleConstants(),
  resolve: { alias: { gumbel: fileURLToPath(new URL("ts/index.ts", import.meta.url)) } },
  test: {
    // Not those below: test/memory and test/tail take long, programs of test/environments are run there.
    include: ["test/*.test.ts"],
    // Statistical tests draw millions of values; none may hang.
    testTimeout: 120_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
