/** A directory outside the repository with the packed package installed, and the programs that use it. */

import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Chromium } from "./browser.ts";
import { run } from "./process.ts";
import { Site } from "./site.ts";
import { esbuild, HERE } from "./tools.ts";

const REPOSITORY = join(HERE, "../..");

export interface Workspace {
  /** Where programs/ was copied to, with node_modules/gumbel in it. */
  readonly directory: string;
  /** The file that `npm pack` made. */
  readonly tarball: string;
  /** The installed package. */
  readonly installed: string;
  /** Serves the directory. */
  readonly site: Site;
  readonly browser: Chromium;
}

/**
 * Packs and installs. The directory goes when this process ends.
 *
 * @param mayInstall - Whether the system may be given a browser.
 */
export async function makeWorkspace(mayInstall: boolean): Promise<Workspace> {
  const directory = mkdtempSync(join(tmpdir(), "gumbel-environments-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  cpSync(join(HERE, "programs"), directory, { recursive: true });
  await run("npm", ["pack", "--pack-destination", directory], REPOSITORY);
  const tarball = join(
    directory,
    readdirSync(directory).find((name) => name.endsWith(".tgz")) ?? "",
  );
  writeFileSync(join(directory, "package.json"), '{ "private": true }\n');
  await install(directory, tarball);
  await esbuild(["probe.mjs", "--format=cjs", "--outfile=probe.cjs"], directory);
  return {
    directory,
    tarball,
    installed: join(directory, "node_modules/gumbel"),
    site: new Site(directory),
    browser: new Chromium(mayInstall),
  };
}

/** Stops what was started for it. */
export async function closeWorkspace({ site, browser }: Workspace): Promise<void> {
  site.close();
  await browser.close();
}

/** As a user would. */
export async function install(directory: string, what: string): Promise<void> {
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", what], directory);
}
