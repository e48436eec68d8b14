import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { bundleConstants } from "./scripts/bundle-constants.mjs";

export default defineConfig({
  define: bundleConstants(),
  resolve: { alias: { gumbel: fileURLToPath(new URL("ts/index.ts", import.meta.url)) } },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/memory/**"], // `npm run test:memory`
    // Statistical tests draw millions of values; none may hang.
    testTimeout: 120_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
