/** gumbel's WebAssembly backend. */

import { readFileSync } from "node:fs";
import { backend } from "gumbel";
import { type Library, REFERENCE } from "../contestant.ts";
import { contestant } from "./contestants.ts";
import { planContestant } from "./plan.ts";

const { name, reason } = backend();
if (name !== "wasm-simd") throw new Error(reason);

const manifest = new URL("../../package.json", import.meta.url);

export const library: Library = {
  contestants: [
    contestant(REFERENCE, true),
    contestant("gumbel, new array", false),
    planContestant,
  ],
  versions: { gumbel: JSON.parse(readFileSync(manifest, "utf8")).version },
};
