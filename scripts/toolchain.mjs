// Finds the tools that build the wasm, and installs those that are missing. Every command that
// changes this machine is printed before it runs.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

const TARGET = "wasm32-unknown-unknown";
const WASM_PACK = "0.15.1";

// No compiled wasm32 library in these either, but its source, and a compiler of the same version.
const DEBIAN = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22"];

const LIBRARY_MISSING =
  `The Rust standard library for ${TARGET} is missing: run "rustup target add ${TARGET}", ` +
  `or as root on Debian "apt-get install ${DEBIAN.join(" ")}".`;

/** A requirement that can't be met here; the message is one sentence for the user. */
export class Missing extends Error {}

/**
 * Shows and runs a command.
 * @param {string} command
 * @param {string[]} args
 * @returns {boolean} whether it succeeded
 */
export function run(command, ...args) {
  console.log(`> ${command} ${args.join(" ")}`);
  return spawnSync(command, args, { stdio: "inherit" }).status === 0;
}

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {string | undefined} what the command prints, undefined when it fails or doesn't exist
 */
export function read(command, ...args) {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * Prepares the environment of the commands that follow. To be called in the project's root.
 * @returns {"no-install" | "force"} the --mode for wasm-pack
 */
export function toolchain() {
  const { env } = process;
  // Either would replace the target features in .cargo/config.toml.
  delete env.RUSTFLAGS;
  delete env.CARGO_ENCODED_RUSTFLAGS;

  const library = standardLibrary();
  const npmBin = join(process.cwd(), "node_modules", ".bin"); // has wasm-opt
  const cargoBin = join(env.CARGO_HOME ?? join(homedir(), ".cargo"), "bin");
  const path = [env.PATH, cargoBin];
  env.PATH = [npmBin, ...path].join(delimiter);

  cargoTool("wasm-pack", "wasm-pack");
  cargoTool("wasm-bindgen", "wasm-bindgen-cli", pinnedBindgen());
  if (!read("wasm-opt", "--version")) throw new Missing('wasm-opt is missing: run "npm ci".');
  if (library === "compiled") return "no-install";

  // Debian's cargo before rustup's: it compiles the library with the crate. A stable compiler does
  // that under RUSTC_BOOTSTRAP only; "force", because wasm-pack would look for a compiled library.
  env.PATH = [npmBin, "/usr/bin", ...path].join(delimiter);
  env.RUSTC_BOOTSTRAP = "1";
  env.CARGO_UNSTABLE_BUILD_STD = "std,panic_abort";
  return "force";
}

/** @returns {"compiled" | "source"} how the standard library is there; "source" is Debian's */
function standardLibrary() {
  const directory = read("rustc", "--print", "target-libdir", "--target", TARGET);
  if (directory && existsSync(directory)) return "compiled";
  if (read("rustup", "--version") && run("rustup", "target", "add", TARGET)) return "compiled";
  if (read("dpkg", "--status", ...DEBIAN)) return "source";
  const root = process.getuid?.() === 0;
  if (!root || !existsSync("/usr/bin/apt-get")) throw new Missing(LIBRARY_MISSING);
  process.env.DEBIAN_FRONTEND = "noninteractive";
  run("apt-get", "update", "-qq"); // may fail in part and still list what is needed
  if (run("apt-get", "install", "--yes", "--no-install-recommends", ...DEBIAN)) return "source";
  throw new Missing(LIBRARY_MISSING);
}

/**
 * @param {string} command
 * @param {string} crate
 * @param {string} [exact] the only version that will do; without it any is taken
 */
function cargoTool(command, crate, exact) {
  const found = read(command, "--version")?.split(" ")[1];
  if (found && (!exact || found === exact)) return;
  const wanted = `${crate}@${exact ?? WASM_PACK}`;
  console.log(`${command} ${found ?? "is missing"}: installing ${wanted}, takes some minutes`);
  if (run("cargo", "install", "--locked", wanted)) return;
  throw new Missing(
    `${command} can't be installed: install Rust (https://rustup.rs), then run "cargo install --locked ${wanted}".`,
  );
}

/** wasm-bindgen's crate and command line tool speak a private format: same version or nothing. */
function pinnedBindgen() {
  const manifest = readFileSync("crates/wasm/Cargo.toml", "utf8");
  const version = /^wasm-bindgen = .*"=([\d.]+)"/m.exec(manifest)?.[1];
  if (!version) throw new Missing('crates/wasm/Cargo.toml must pin wasm-bindgen with "=".');
  return version;
}
