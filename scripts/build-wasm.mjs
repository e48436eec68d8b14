// Builds ts/wasm from crates/, and records what it was built from in ts/wasm/build.json.
import { rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Missing, read, run, toolchain } from "./toolchain.mjs";
import { wasmHashes } from "./wasm-hash.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const out = `${root}/ts/wasm`;
process.chdir(root);

try {
  build();
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function build() {
  const options = ["--release", "--target", "web", "--mode", toolchain()];
  const output = ["--out-dir", out, "--out-name", "gumbel"];
  // package.json and .gitignore are the project's own, and the glue is committed.
  const glueOnly = ["--no-pack", "--no-gitignore"];
  if (!run("wasm-pack", "build", "crates/wasm", ...options, ...output, ...glueOnly)) {
    throw new Missing("wasm-pack failed: the reason stands above.");
  }
  // TypeScript would take it for the declaration of `import base64 from "./gumbel_bg.wasm"`.
  rmSync(`${out}/gumbel_bg.wasm.d.ts`, { force: true });

  /** @type {Record<string, string | undefined>} */
  const tools = {};
  for (const tool of ["rustc", "wasm-pack", "wasm-bindgen", "wasm-opt"]) {
    tools[tool] = /\d\S*/.exec(read(tool, "--version") ?? "")?.[0];
  }
  const record = { sha256: wasmHashes(root), tools };
  writeFileSync(`${out}/build.json`, `${JSON.stringify(record, null, 2)}\n`);
  console.log(`ts/wasm/gumbel_bg.wasm: ${statSync(`${out}/gumbel_bg.wasm`).size} bytes`);
}
