/** The compiled module on Cloudflare Workers, which compile when they deploy and not when they run. */

import type { Compile } from "./source.ts";
import module from "./wasm/gumbel_bg.wasm";

export function source(): Compile {
  return () => module;
}
