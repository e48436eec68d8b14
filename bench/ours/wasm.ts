/** gumbel's WebAssembly backend. */

import { backend } from "gumbel";
import { type Library, REFERENCE } from "../contestant.ts";
import { version } from "../version.ts";
import { contestant } from "./contestants.ts";
import { planContestant } from "./plan.ts";

const { name, reason } = backend();
if (name !== "wasm-simd") throw new Error(reason);

export const library: Library = {
  contestants: [
    contestant(REFERENCE, true),
    contestant("gumbel, new array", false),
    planContestant,
  ],
  versions: { gumbel: version() },
};
