import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { wasmHashes } from "../scripts/wasm-hash.mjs";

const root = resolve(import.meta.dirname, "..");

test("ts/wasm is built from the present crates and unchanged since", () => {
  const recorded = JSON.parse(readFileSync(`${root}/ts/wasm/build.json`, "utf8"));
  expect(wasmHashes(root), "ts/wasm is stale: run npm run build:wasm").toEqual(recorded.sha256);
});
