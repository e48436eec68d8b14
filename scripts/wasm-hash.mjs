// What ts/wasm was built from and what it holds, as hashes: build-wasm.mjs records them in
// ts/wasm/build.json, and a test compares, so that a stale wasm can't be committed unseen.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";

const GENERATED = ["gumbel.js", "gumbel.d.ts", "gumbel_bg.wasm"];
// The compiler flags are in the Cargo files: profile, target features, wasm-opt's options.
const SOURCES = ["Cargo.toml", "Cargo.lock", ".cargo/config.toml"];

/**
 * @param {string} root the project's directory
 * @returns {Record<string, string>} name → sha256, "missing" for a file that doesn't exist
 */
export function wasmHashes(root) {
  const crates = readdirSync(`${root}/crates`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll("\\", "/"))
    .map((path) => path.slice(root.length + 1))
    // Rust's tests don't go into the wasm.
    .filter((path) => !path.includes("/tests/"));
  /** @type {Record<string, string>} */
  const hashes = { sources: sha256(root, [...crates, ...SOURCES].sort()) };
  for (const name of GENERATED) {
    const path = `ts/wasm/${name}`;
    hashes[name] = existsSync(`${root}/${path}`) ? sha256(root, [path]) : "missing";
  }
  return hashes;
}

/**
 * @param {string} root
 * @param {string[]} paths
 */
function sha256(root, paths) {
  const hash = createHash("sha256");
  for (const path of paths) {
    const bytes = readFileSync(`${root}/${path}`);
    // A checkout with CRLF is no other source.
    const content = path.endsWith(".wasm")
      ? bytes
      : bytes.toString("utf8").replaceAll("\r\n", "\n");
    hash.update(`${path}\0`).update(content).update("\0");
  }
  return hash.digest("hex");
}
