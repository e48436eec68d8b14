// What a bundler puts in the place of constants that the sources only declare.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeBytes } from "./byte-text.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** @returns {Record<string, string>} expressions by name */
export function bundleConstants() {
  const { version } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));
  const wasm = readFileSync(`${root}/ts/wasm/gumbel_bg.wasm`);
  return { VERSION: JSON.stringify(version), WASM_TEXT: JSON.stringify(encodeBytes(wasm)) };
}
