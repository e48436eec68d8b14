/** The version that a release would have: the same everywhere, and written down in the changelog. */

import { readFileSync } from "node:fs";
import { sectionOf } from "./changelog.ts";

function read(root: string, path: string): string {
  return readFileSync(`${root}/${path}`, "utf8");
}

export function packageVersion(root: string): string {
  return JSON.parse(read(root, "package.json")).version;
}

/** Where else the version stands. */
function versionsOf(root: string): [place: string, version: string | undefined][] {
  const lock = JSON.parse(read(root, "package-lock.json"));
  const cargo = (path: string, crate: string) =>
    new RegExp(`^name = "${crate}"\nversion = "(.*)"$`, "m").exec(read(root, path))?.[1];
  const workspace = /^\[workspace\.package\][^[]*?^version = "(.*)"$/m.exec(
    read(root, "Cargo.toml"),
  )?.[1];
  return [
    ["package-lock.json", lock.version],
    ['package-lock.json, packages[""]', lock.packages[""].version],
    ["Cargo.toml", workspace],
    ["Cargo.lock, gumbel-kernels", cargo("Cargo.lock", "gumbel-kernels")],
    ["Cargo.lock, gumbel-wasm", cargo("Cargo.lock", "gumbel-wasm")],
  ];
}

/** What is wrong with the versions of a tree. */
export function versionProblems(root: string): string[] {
  const version = packageVersion(root);
  const problems = versionsOf(root)
    .filter(([, other]) => other !== version)
    .map(([place, other]) => `${place}: version ${other}, but package.json has ${version}`);
  if (sectionOf(read(root, "CHANGELOG.md"), version) === undefined) {
    problems.push(`CHANGELOG.md: no section "## [${version}] - …"`);
  }
  return problems;
}

/** What else a release of `version` needs, and a commit between releases doesn't. */
export function releaseProblems(root: string, version: string): string[] {
  const problems: string[] = [];
  const own = packageVersion(root);
  if (own !== version) problems.push(`package.json: version ${own}, to be released is ${version}`);
  const changelog = read(root, "CHANGELOG.md");
  const { date, notes } = sectionOf(changelog, version) ?? { date: "no section", notes: "-" };
  if (!isDate(date)) {
    problems.push(`CHANGELOG.md: [${version}] needs the day of its release, has "${date}"`);
  }
  if (notes === "") problems.push(`CHANGELOG.md: [${version}] says nothing`);
  if (JSON.parse(read(root, "package.json")).repository === undefined) {
    problems.push(
      "package.json: no repository, which npm compares with where a provenance is from",
    );
  }
  return problems;
}

function isDate(text: string): boolean {
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(text) : undefined;
  // A 31st of April would turn into the 1st of May.
  return day !== undefined && !Number.isNaN(+day) && day.toISOString().startsWith(text);
}
