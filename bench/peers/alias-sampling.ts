/** @keystonehq/alias-sampling: an alias table over Math.random, the most used of its kind on npm. */

import { createRequire } from "node:module";
import type { Library } from "../contestant.ts";
import { lawOf } from "../inputs.ts";
import { versionsOf } from "./versions.ts";

// Its ESM build isn't one to Node, which finds no default export.
const { default: sample } = createRequire(import.meta.url)(
  "@keystonehq/alias-sampling",
) as typeof import("@keystonehq/alias-sampling");

export const library: Library = {
  contestants: [
    {
      name: "alias-sampling",
      prepare({ operation, classes, draws }) {
        if (operation !== "manyDraws" && operation !== "lawDraws") return undefined;
        const table = sample(Array.from(lawOf(classes)));
        return { run: () => table.next(draws) };
      },
    },
  ],
  versions: versionsOf("@keystonehq/alias-sampling"),
  notes: ["alias-sampling draws from Math.random, so its seed is another in each run."],
};
