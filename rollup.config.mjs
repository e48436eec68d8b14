// The declarations of the entries, which share a file as their code does, so that a type is one type.
import dts from "rollup-plugin-dts";

/** @type {import("rollup").RollupOptions} */
export default {
  input: {
    index: "ts/index.ts",
    slim: "ts/slim.ts",
    estimators: "ts/estimators/index.ts",
  },
  plugins: [dts()],
  output: ["d.ts", "d.cts"].map((ending) => ({
    dir: "dist",
    entryFileNames: `[name].${ending}`,
    chunkFileNames: `core.${ending}`,
  })),
};
