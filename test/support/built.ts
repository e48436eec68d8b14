/** The package as it is built, in a folder of its own: there `import "gumbel"` finds it as a user's import would. */

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A build of its own, without declarations. */
export class Built {
  /** Where "gumbel" can be imported. */
  readonly directory = mkdtempSync(join(tmpdir(), "gumbel-"));
  readonly package = join(this.directory, "node_modules/gumbel");

  constructor() {
    const options = ["--silent", "--out-dir", join(this.package, "dist")];
    const tsup = `${root}node_modules/tsup/dist/cli-default.js`;
    execFileSync(process.execPath, [tsup, ...options], { cwd: root });
    cpSync(`${root}package.json`, join(this.package, "package.json"));
  }

  /** Its package.json. */
  get manifest() {
    return JSON.parse(readFileSync(join(this.package, "package.json"), "utf8"));
  }

  path(file: string): string {
    return join(this.package, "dist", file);
  }

  read(file: string): string {
    return readFileSync(this.path(file), "utf8");
  }

  /** kB of these files together, after gzip. */
  size(...files: readonly string[]): number {
    return files.reduce((sum, file) => sum + size(readFileSync(this.path(file))), 0);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}

/** kB after gzip, as servers and `gzip -9` make it. */
export function size(content: string | Uint8Array): number {
  return gzipSync(content, { level: 9 }).length / 1000;
}
