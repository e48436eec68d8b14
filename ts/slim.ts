/**
 * The same functions without the bytes of the WebAssembly module: `init` is given them, or where they are. For pages
 * that host or cache the file `gumbel/gumbel.wasm` themselves, for workers that are sent the compiled module, and for
 * libraries, which leave that choice to their users.
 *
 * @module gumbel/slim
 */

export * from "./index.ts";
export {
  type CompiledModule,
  type InitBytes,
  type InitResponse,
  type InitSource,
  type InitUrl,
  init,
  initSync,
} from "./init.ts";
