/** The compiled module on Cloudflare Workers, which compile when they deploy and not when they run. */

import module from "./wasm/gumbel_bg.wasm";
import type { Compile } from "./source.ts";

export function source(): Compile {
  return () => module;
}
