/**
 * Everything up to `npm publish`, as `npm run release:check`: builds the package, packs it and looks at what came out.
 *
 *     npm run release:check                      what holds at every commit
 *     npm run release:check -- --version 1.2.3   and what a release needs besides: a clean tree, a dated changelog
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { consumerProblems } from "./consumer.ts";
import { gitProblems, sources } from "./git.ts";
import { CARGO_TREE, licenceProblems } from "./licences.ts";
import * as tarball from "./tarball.ts";
import { manifestOpinions, typeOpinions } from "./tools.ts";
import { packageVersion, releaseProblems, versionProblems } from "./versions.ts";
import { wasmProblems } from "./wasm.ts";

const root = fileURLToPath(new URL("../..", import.meta.url)).slice(0, -1);
const { values } = parseArgs({ options: { version: { type: "string" } } });
const version = values.version?.replace(/^v/, "");
const problems: string[] = [];

/** One line for each question, with what is wrong under it. */
function check(question: string, find: () => string[]): void {
  let found: string[];
  try {
    found = find();
  } catch (error) {
    found = [error instanceof Error ? error.message : String(error)];
  }
  console.log(`${found.length === 0 ? "ok" : "NO"}  ${question}`);
  for (const problem of found) console.log(`    ${problem.replaceAll("\n", "\n    ")}`);
  problems.push(...found);
}

function read(command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: root, encoding: "utf8" });
}

const work = mkdtempSync(join(tmpdir(), "gumbel-"));
try {
  check("versions agree, and the changelog knows this one", () => versionProblems(root));
  if (version !== undefined) {
    check(`${version} is ready by its date`, () => releaseProblems(root, version));
    check("everything is committed", () => gitProblems(root, version));
  }
  check("the wasm is that of the crates", () => wasmProblems(root));
  check("licences of the crates in it", () => licenceProblems(read("cargo", ...CARGO_TREE)));

  console.log("    building and packing");
  rmSync(`${root}/dist`, { recursive: true, force: true }); // tsup leaves what it no longer makes
  read("npm", "pack", "--silent", "--pack-destination", work);
  const packed = join(work, `gumbel-${packageVersion(root)}.tgz`);
  read("tar", "-xf", packed, "-C", work);
  const unpacked = join(work, "package");
  const allowed = [...tarball.FILES, ...sources(root)];
  check("the files of the package", () => tarball.fileProblems(unpacked, allowed));
  check("its size", () => tarball.sizeProblems(unpacked, packed));
  check("no paths of this machine, no strange hosts", () => tarball.contentProblems(unpacked));
  check("its maps lead to its sources", () => tarball.mapProblems(unpacked));
  check("it depends on nothing", () => tarball.manifestProblems(unpacked));
  check("publint", () => manifestOpinions(packed));
  check("types, as each resolution sees them", () => typeOpinions(packed));
  check("installed and run", () => consumerProblems(packed, join(work, "consumer")));
} finally {
  rmSync(work, { recursive: true, force: true });
}

if (problems.length > 0) {
  console.log(`\nnot ready: ${problems.length} to mend, above`);
  process.exitCode = 1;
} else if (version === undefined) {
  console.log("\nready, but for what the day of a release brings: see CONTRIBUTING.md");
} else {
  console.log(`\nready: git tag v${version}, and npm publish --provenance --access public in CI`);
}
