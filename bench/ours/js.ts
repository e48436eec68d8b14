/** gumbel's TypeScript backend: what runs where WebAssembly can't be had, as in this process. */

import { JS_BACKEND, type Library } from "../contestant.ts";

// Before the package is loaded, which looks for it at the first call.
Reflect.deleteProperty(globalThis, "WebAssembly");
const { backend } = await import("gumbel");
const { contestant } = await import("./contestants.ts");

const { name } = backend();
if (name !== "js") throw new Error(`the backend is ${name}`);

export const library: Library = {
  contestants: [contestant(JS_BACKEND, true)],
  versions: {},
};
