import { defineConfig } from "vitest/config";
import ordinary from "../../vitest.config.ts";

/** Tests that need some GiB of memory, one after the other. */
export default defineConfig({
  ...ordinary,
  test: { ...ordinary.test, include: ["test/memory/*.test.ts"], maxWorkers: 1 },
});
