/** Whether ts/wasm is what `npm run build:wasm` last made, from the crates as they are. */

import { readFileSync } from "node:fs";
import { wasmHashes } from "../wasm-hash.mjs";

export function wasmProblems(root: string): string[] {
  const { sha256 } = JSON.parse(readFileSync(`${root}/ts/wasm/build.json`, "utf8"));
  return Object.entries(wasmHashes(root))
    .filter(([name, hash]) => sha256[name] !== hash)
    .map(([name]) => `ts/wasm/build.json is of other ${name}: run npm run build:wasm`);
}
