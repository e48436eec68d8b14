/** The compiled module that `init` was given, for the entry that has no bytes of its own. */

import { orderError } from "./check.ts";
import type { Compile } from "./source.ts";

let given: Compile | undefined;

/** What {@link source} hands out from now on. */
export function give(compile: Compile): void {
  given = compile;
}

/** @throws Error before `init`. */
export function source(): Compile {
  if (given === undefined) {
    throw orderError(
      "gumbel/slim",
      "init(source) to have finished, or initSync(source)",
      "a call before",
    );
  }
  return given;
}
