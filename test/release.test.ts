/** Each check of `npm run release:check` finds what it is for, on trees made up here. */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { sectionOf } from "../scripts/release/changelog.ts";
import { consumerProblems } from "../scripts/release/consumer.ts";
import { git, gitProblems, sources } from "../scripts/release/git.ts";
import { licenceProblems } from "../scripts/release/licences.ts";
import {
  BUDGET,
  contentProblems,
  fileProblems,
  manifestProblems,
  mapProblems,
  sizeProblems,
} from "../scripts/release/tarball.ts";
import { manifestOpinions, typeOpinions } from "../scripts/release/tools.ts";
import { releaseProblems, versionProblems } from "../scripts/release/versions.ts";
import { wasmProblems } from "../scripts/release/wasm.ts";
import { wasmHashes } from "../scripts/wasm-hash.mjs";

/** A directory with these files, for the length of a test. */
function tree(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "gumbel-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/** All files that have a version. */
const VERSIONED = {
  "package.json": '{ "version": "1.2.3", "repository": "x/y" }',
  "package-lock.json": '{ "version": "1.2.3", "packages": { "": { "version": "1.2.3" } } }',
  "Cargo.toml": '[workspace]\nmembers = []\n\n[workspace.package]\nversion = "1.2.3"\n',
  "Cargo.lock": ["kernels", "wasm"]
    .map((name) => `[[package]]\nname = "gumbel-${name}"\nversion = "1.2.3"\n`)
    .join("\n"),
  "CHANGELOG.md": "# Changelog\n\n## [1.2.3] - 2026-04-30\n\n- New.\n\n## [1.2.2] - 2026-01-01\n",
};

describe("versions", () => {
  const changed = (path: keyof typeof VERSIONED, from: string, to: string) =>
    tree({ ...VERSIONED, [path]: VERSIONED[path].replace(from, to) });

  test("a tree in order", () => {
    const root = tree(VERSIONED);
    expect([...versionProblems(root), ...releaseProblems(root, "1.2.3")]).toEqual([]);
  });

  const files = ["package-lock.json", "Cargo.toml", "Cargo.lock"] as const;
  test.each(files)("another one in %s", (path) => {
    const [problem, ...others] = versionProblems(changed(path, "1.2.3", "1.2.4"));
    expect(problem).toMatch(`${path}`);
    expect(problem).toMatch("version 1.2.4, but package.json has 1.2.3");
    expect(others).toEqual([]);
  });

  test("one that isn't there", () => {
    expect(versionProblems(changed("Cargo.lock", "gumbel-wasm", "gumbel-other"))).toEqual([
      "Cargo.lock, gumbel-wasm: version undefined, but package.json has 1.2.3",
    ]);
  });

  test("no section in the changelog", () => {
    expect(versionProblems(changed("CHANGELOG.md", "1.2.3", "1.2.4"))).toEqual([
      'CHANGELOG.md: no section "## [1.2.3] - …"',
    ]);
  });

  test.each(["Unreleased", "2026-04-31", "2026-4-30", "soon", ""])("released on %j", (date) => {
    const root = changed("CHANGELOG.md", "2026-04-30", date);
    // Between releases that is as it should be.
    expect(versionProblems(root)).toEqual([]);
    expect(releaseProblems(root, "1.2.3")).toEqual([
      `CHANGELOG.md: [1.2.3] needs the day of its release, has "${date}"`,
    ]);
  });

  test("another version than the one to be released, which says nothing", () => {
    expect(releaseProblems(tree(VERSIONED), "1.2.2")).toEqual([
      "package.json: version 1.2.3, to be released is 1.2.2",
      "CHANGELOG.md: [1.2.2] says nothing",
    ]);
  });

  test("no repository", () => {
    const root = changed("package.json", "repository", "repo");
    expect(releaseProblems(root, "1.2.3").join()).toMatch("no repository");
  });
});

test("a section of the changelog ends where the next begins", () => {
  const changelog =
    "intro\n\n## [1.10.0] - Unreleased\n\n### Added\n\n- a\n\n## [1.1.0] - 2026-01-01\n\n- b\n";
  expect(sectionOf(changelog, "1.10.0")).toEqual({ date: "Unreleased", notes: "### Added\n\n- a" });
  expect(sectionOf(changelog, "1.1.0")).toEqual({ date: "2026-01-01", notes: "- b" });
  expect(sectionOf(changelog, "1.1")).toBeUndefined();
});

test("what isn't committed, and a tag that is another commit's", () => {
  const root = tree({ "ts/a.ts": "1", "ts/wasm/b.js": "2" });
  const commit = (message: string) => {
    git(root, "add", "--all");
    git(root, "-c", "user.name=a", "-c", "user.email=a", "commit", "--quiet", "-m", message);
  };
  git(root, "init", "--quiet");
  commit("first");
  git(root, "tag", "v1.0.0");
  expect(gitProblems(root, "1.0.0")).toEqual([]);
  expect(sources(root)).toEqual(["ts/a.ts"]);
  writeFileSync(`${root}/ts/c.ts`, "3");
  expect(gitProblems(root, "1.0.0")).toEqual(["not committed:\n?? ts/c.ts"]);
  // Not tracked, so the package would have it by accident.
  expect(sources(root)).toEqual(["ts/a.ts"]);
  commit("second");
  expect(gitProblems(root, "1.0.0")).toEqual(["the tag v1.0.0 is another commit's"]);
  expect(gitProblems(root, "1.0.1")).toEqual([]);
});

describe("the tarball", () => {
  test("files that don't belong, and files that lack", () => {
    const root = tree({ "dist/index.js": "", "dist/index.test.js": "", "README.md": "" });
    expect(fileProblems(root, ["README.md", "dist/index.js", "LICENSE"])).toEqual([
      "dist/index.test.js: not on the list",
      "LICENSE: missing",
    ]);
    expect(fileProblems(root, ["README.md", "dist/index.js", "dist/index.test.js"])).toEqual([]);
  });

  test("its size, packed and unpacked", () => {
    const kB = (count: number) => "x".repeat(count * 1000);
    const root = tree({ "dist/a": kB(BUDGET.unpacked), "p.tgz": "" });
    expect(sizeProblems(`${root}/dist`, `${root}/p.tgz`)).toEqual([]);
    const larger = tree({
      "dist/a": kB(BUDGET.unpacked),
      "dist/b": "x",
      "p.tgz": kB(BUDGET.packed + 1),
    });
    expect(sizeProblems(`${larger}/dist`, `${larger}/p.tgz`)).toEqual([
      `packed: ${BUDGET.packed + 1} kB, the budget is ${BUDGET.packed} kB`,
      `unpacked: ${BUDGET.unpacked + 1} kB, the budget is ${BUDGET.unpacked} kB`,
    ]);
  });

  const leaks: [text: string, found: string][] = [
    ["at /home/me/gumbel/ts/a.ts", "a machine's path, /home/me/gumbel/ts/a.ts"],
    ['"C:\\\\Users\\\\me"', "a machine's path, C:\\\\Users\\\\me"],
    ["file:///opt/x", "a machine's path, file:///opt/x"],
    ["see https://npm.example.com/gumbel", "the host npm.example.com"],
    ["git+ssh://host.example/x", "the host host.example"],
  ];
  test.each(leaks)("%s", (text, found) => {
    expect(contentProblems(tree({ "a/b.js": text }))).toEqual([`a/b.js: ${found}`]);
  });

  test("what is no leak", () => {
    const text = "https://arxiv.org/abs/1 ../ts/home/a.ts a /= b / tmp /x/ A:b";
    expect(contentProblems(tree({ "a.js": text }))).toEqual([]);
  });

  test("maps to sources that aren't there, or in the map itself", () => {
    const sources = ["../ts/a.ts", "../node_modules/b/index.js"];
    const root = tree({
      "ts/a.ts": "",
      "dist/a.js.map": JSON.stringify({ sources }),
      "dist/b.js.map": JSON.stringify({ sources: ["../ts/a.ts"], sourcesContent: [""] }),
    });
    expect(mapProblems(root)).toEqual([
      "dist/a.js.map: its source ../node_modules/b/index.js isn't in the package",
      "dist/b.js.map: has the sources in it once more",
    ]);
  });

  test("dependencies, and scripts at installation", () => {
    const manifest = { dependencies: {}, scripts: { postinstall: "x", test: "y" }, private: true };
    expect(manifestProblems(tree({ "package.json": JSON.stringify(manifest) }))).toEqual([
      "package.json: has dependencies",
      "package.json: has scripts.postinstall",
      "package.json: has private",
    ]);
    expect(manifestProblems(tree({ "package.json": "{}" }))).toEqual([]);
  });
});

test("crates that nobody has looked at, and licences that changed", () => {
  const ours =
    "gumbel-kernels v1.2.3 (/x)|MIT OR Apache-2.0\ncfg-if v1.0.5|MIT OR Apache-2.0 (*)\n";
  expect(licenceProblems(ours)).toEqual([]);
  expect(licenceProblems(`${ours}cfg-if v2.0.0|GPL-3.0\nlibm v0.2.0|MIT\n`)).toEqual([
    "crate cfg-if, licence GPL-3.0: was MIT OR Apache-2.0",
    "crate libm, licence MIT: isn't on the list",
  ]);
});

test("a wasm of other crates, or changed by hand", () => {
  const files = ["Cargo.toml", "Cargo.lock", ".cargo/config.toml", "crates/a/src/lib.rs"];
  const made = ["gumbel.js", "gumbel.d.ts", "gumbel_bg.wasm"].map((name) => `ts/wasm/${name}`);
  const root = tree(Object.fromEntries([...files, ...made].map((path) => [path, path])));
  writeFileSync(`${root}/ts/wasm/build.json`, JSON.stringify({ sha256: wasmHashes(root) }));
  expect(wasmProblems(root)).toEqual([]);
  writeFileSync(`${root}/crates/a/src/lib.rs`, "changed");
  writeFileSync(`${root}/ts/wasm/gumbel_bg.wasm`, "changed");
  expect(wasmProblems(root)).toEqual([
    "ts/wasm/build.json is of other sources: run npm run build:wasm",
    "ts/wasm/build.json is of other gumbel_bg.wasm: run npm run build:wasm",
  ]);
});

describe("the tarball as others see it", () => {
  /** A package whose draws are these, and whose types are those of another kind of module. */
  const packed = (draws: string, types: string) => {
    const exports = {
      ".": { types: `./${types}`, import: "./index.js", require: "./index.cjs" },
      ...Object.fromEntries(
        ["./estimators", "./slim", "./slim/estimators"].map((entry) => {
          return [entry, { import: "./index.js", require: "./index.cjs" }];
        }),
      ),
      "./gumbel.wasm": "./gumbel.wasm",
    };
    const manifest = { name: "gumbel", version: "1.0.0", license: "MIT", type: "module", exports };
    const body = `{
      initSync() {},
      backend: () => ({ name: "wasm-simd" }),
      categorical: () => [${draws}],
      logGumbelSoftmax: () => [Math.log(0.918)],
    }`;
    const root = tree({
      "package/package.json": JSON.stringify(manifest),
      "package/index.cjs": `module.exports = ${body};`,
      "package/index.js": `export const { initSync, backend, categorical, logGumbelSoftmax } = ${body};`,
      "package/index.d.ts": "export {};",
      "package/gumbel.wasm": "",
    });
    execFileSync("tar", ["-czf", `${root}/p.tgz`, "-C", root, "package"]);
    return { tarball: `${root}/p.tgz`, directory: `${root}/consumer` };
  };

  test("installed and run", () => {
    const right = packed("1,0,0,0,0,0,0,0", "index.d.ts");
    expect(consumerProblems(right.tarball, right.directory)).toEqual([]);
    const wrong = packed("1,1", "index.d.ts");
    expect(consumerProblems(wrong.tarball, wrong.directory)).toEqual(
      ["main.mjs", "main.cjs"].map((name) => {
        const [wrong, right] = ["wasm-simd 11 0.918", "wasm-simd 10000000 0.918"];
        return `${name}: prints ${wrong},${wrong}, expected ${right},${right}`;
      }),
    );
  });

  test("types of the wrong kind, types that aren't there", () => {
    const { tarball } = packed("1", "index.d.ts");
    expect(typeOpinions(tarball).join()).toMatch(/masquerading as ESM/i);
    expect(manifestOpinions(packed("1", "missing.d.ts").tarball).join()).toMatch("missing.d.ts");
  });
});
