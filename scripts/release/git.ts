/** What git must say of a tree that is released. */

import { execFileSync } from "node:child_process";

export function git(root: string, ...args: string[]): string {
  return execFileSync("git", ["-C", root, ...args], { encoding: "utf8" }).trim();
}

/** Nothing uncommitted, and no other commit under the version's tag. */
export function gitProblems(root: string, version: string): string[] {
  const problems: string[] = [];
  const changed = git(root, "status", "--porcelain");
  if (changed !== "") problems.push(`not committed:\n${changed}`);
  const tag = `v${version}`;
  if (git(root, "tag", "--list", tag) === "") return problems;
  if (git(root, "rev-parse", `${tag}^{commit}`) !== git(root, "rev-parse", "HEAD")) {
    problems.push(`the tag ${tag} is another commit's`);
  }
  return problems;
}

/** The sources that the package has beside its maps. */
export function sources(root: string): string[] {
  return git(root, "ls-files", "ts", ":!ts/wasm").split("\n");
}
