import { defineConfig } from "vitest/config";
import ordinary from "../../vitest.config.ts";

/** Tails of whole vocabularies: each draw takes a tenth of a millisecond and more. */
export default defineConfig({
  ...ordinary,
  test: { ...ordinary.test, include: ["test/tail/*.test.ts"] },
});
