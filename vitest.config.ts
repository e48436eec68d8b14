import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { bundleConstants } from "./scripts/bundle-constants.mjs";

function path(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

export default defineConfig({
  define: bundleConstants(),
  resolve: {
    alias: [
      { find: /^gumbel$/, replacement: path("ts/index.ts") },
      { find: /^gumbel\/estimators$/, replacement: path("ts/estimators/index.ts") },
    ],
  },
  test: {
    // Not those below: test/memory and test/tail take long, programs of test/environments are run there.
    include: ["test/*.test.ts"],
    // Statistical tests draw millions of values; none may hang.
    testTimeout: 120_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
