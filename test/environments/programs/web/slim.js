// The slim entry, by the source that the address names.
import * as gumbel from "../node_modules/gumbel/dist/slim.js";
import * as estimators from "../node_modules/gumbel/dist/slim-estimators.js";
import { probe } from "../probe.mjs";

const wasm = new URL("../node_modules/gumbel/dist/gumbel.wasm", import.meta.url);
const sources = {
  url: () => wasm,
  string: () => wasm.href,
  response: () => fetch(wasm),
  // A server that doesn't know the file's type.
  text: () => new URL("?type=text/plain", wasm),
  module: () => WebAssembly.compileStreaming(fetch(wasm)),
  // What is missing is named, and can be made good.
  missing: async () => {
    const error = await gumbel.init(new URL("missing.wasm", wasm)).catch(String);
    if (!/^Error: "source" .*404/.test(error)) throw new Error(`not told of the 404: ${error}`);
    return wasm;
  },
};

const source = sources[new URL(location.href).searchParams.get("from")];
await gumbel.init(await source());
globalThis.reports = [probe(gumbel, estimators)];
