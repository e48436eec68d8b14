/** What a packed package may hold: these files, in so many bytes, and nothing of the machine that packed it. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { posix } from "node:path";

/** Besides the sources. */
export const FILES: readonly string[] = [
  "CHANGELOG.md",
  "LICENSE-APACHE",
  "LICENSE-MIT",
  "README.md",
  "package.json",
  "dist/gumbel.wasm",
  ...dist(["index", "estimators", "slim", "core"], ["d.cts", "d.ts"]),
  ...dist(
    ["index", "estimators", "core", "slim", "slim-estimators", "slim-core"],
    ["cjs", "cjs.map", "js", "js.map"],
  ),
  ...dist(["workerd", "workerd-estimators", "workerd-core"], ["js", "js.map"]),
];

function dist(names: readonly string[], endings: readonly string[]): string[] {
  return names.flatMap((name) => endings.map((ending) => `dist/${name}.${ending}`));
}

/** kB: of the tarball, and of what it holds. Maps and sources are two thirds of it, and nobody's bundle has them. */
export const BUDGET = { packed: 1000, unpacked: 3450 };

/** Whose addresses the package may name. */
const HOSTS = [
  "arxiv.org",
  "doi.org",
  "github.com",
  "keepachangelog.com",
  "semver.org",
  "webassembly.github.io",
  "www.apache.org",
];

/** The files under `root`, by their paths in it. */
export function listFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => posix.relative(root, posix.join(entry.parentPath, entry.name)))
    .sort();
}

/** Files too many or too few. */
export function fileProblems(root: string, allowed: readonly string[]): string[] {
  const files = listFiles(root);
  return [
    ...files.filter((path) => !allowed.includes(path)).map((path) => `${path}: not on the list`),
    ...allowed.filter((path) => !files.includes(path)).map((path) => `${path}: missing`),
  ];
}

export function sizeProblems(root: string, tarball: string): string[] {
  const unpacked = listFiles(root).reduce((sum, path) => sum + statSync(`${root}/${path}`).size, 0);
  const sizes = { packed: statSync(tarball).size / 1000, unpacked: unpacked / 1000 };
  return (["packed", "unpacked"] as const)
    .filter((kind) => sizes[kind] > BUDGET[kind])
    .map((kind) => `${kind}: ${Math.ceil(sizes[kind])} kB, the budget is ${BUDGET[kind]} kB`);
}

const PATHS =
  /(?<![\w.-])(?:\/(?:home|root|tmp|Users|var|private|builds?)\/|[A-Z]:\\+\w|file:\/\/)[^\s"',)]*/g;
const HOST = /\b(?:https?|wss?|git\+\w+):\/\/([\w.-]+)/g;

/** Directories of a machine, and addresses that nobody has looked at. The wasm is read as text, too. */
export function contentProblems(root: string): string[] {
  return listFiles(root).flatMap((path) => {
    const text = readFileSync(`${root}/${path}`, "latin1");
    const hosts = [...text.matchAll(HOST)].map(([, host]) => host as string);
    return [
      ...[...text.matchAll(PATHS)].map(([found]) => `${path}: a machine's path, ${found}`),
      ...hosts.filter((host) => !HOSTS.includes(host)).map((host) => `${path}: the host ${host}`),
    ];
  });
}

/** Maps lead to sources of our own that the package has; so what is bundled is ours. */
export function mapProblems(root: string): string[] {
  const files = listFiles(root);
  return files
    .filter((path) => path.endsWith(".map"))
    .flatMap((path) => {
      const { sources, sourcesContent } = JSON.parse(readFileSync(`${root}/${path}`, "utf8"));
      const lost = (sources as string[]).filter(
        (source) => !files.includes(posix.join(posix.dirname(path), source)),
      );
      return [
        ...lost.map((source) => `${path}: its source ${source} isn't in the package`),
        ...(sourcesContent === undefined ? [] : [`${path}: has the sources in it once more`]),
      ];
    });
}

/** What is installed with the package, or runs when it is. */
export function manifestProblems(root: string): string[] {
  const manifest = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));
  const names = ["dependencies", "peerDependencies", "optionalDependencies", "bundleDependencies"];
  const { scripts = {} } = manifest;
  const hooks = ["preinstall", "install", "postinstall"].filter((name) => name in scripts);
  return [
    ...names.filter((name) => manifest[name] !== undefined),
    ...hooks.map((name) => `scripts.${name}`),
    ...(manifest.private ? ["private"] : []),
  ].map((name) => `package.json: has ${name}`);
}
