/**
 * Where the compiled module comes from: here, for the default entry, from text in the bundle. The other entries have
 * `source-slim.ts` or `source-workerd.ts` in its place, which tsup.config.ts sees to.
 */

import { decodeBytes } from "./byte-text.ts";

/** The module's bytes, put in by the bundler: `scripts/byte-text.mjs`. */
declare const WASM_TEXT: string;

/** Compiles the module, or throws where that is refused. */
export type Compile = () => WebAssembly.Module;

/** Throws where it is too early to ask, which the inlined module never is. */
export function source(): Compile {
  return compileText;
}

/** Synchronously, at the first call. */
function compileText(): WebAssembly.Module {
  return new WebAssembly.Module(decodeBytes(WASM_TEXT));
}
