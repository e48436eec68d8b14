/** Chromium: the system's, or what the variable CHROMIUM names. */

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import type { Report } from "./check.ts";
import { onPath } from "./tools.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** Nothing is asked of other hosts. */
const FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

/** Its file; where there is none, it is installed if that is asked for and can be done. */
function locate(mayInstall: boolean): string | undefined {
  const file = process.env.CHROMIUM ?? onPath(NAMES);
  if (file !== undefined) return existsSync(file) ? file : undefined;
  if (!mayInstall || process.getuid?.() !== 0 || !onPath(["apt-get"])) return undefined;
  for (const args of [["update"], ["install", "--yes", "--no-install-recommends", "chromium"]]) {
    execFileSync("apt-get", args, { stdio: ["ignore", 2, 2] });
  }
  return onPath(NAMES);
}

export class Chromium {
  readonly #file: string | undefined;
  #browser: Promise<Browser> | undefined;

  constructor(mayInstall: boolean) {
    this.#file = locate(mayInstall);
  }

  get version(): string {
    if (this.#file === undefined) return "not found";
    const said = execFileSync(this.#file, ["--version"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return said.match(/\d+(\.\d+)+/)?.[0] ?? said;
  }

  /**
   * Opens a page of its own and returns what the page put into `reports`.
   *
   * @param expectedErrors - What the console may say; anything else is a failure.
   */
  async visit(url: string, expectedErrors = /^$/): Promise<Report[]> {
    const browser = await this.#launch();
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      await page.goto(url);
      await page
        .waitForFunction(() => "reports" in globalThis, undefined, { polling: 20, timeout: 20_000 })
        .catch((error) => errors.push(String(error)));
      const unexpected = errors.filter((error) => !expectedErrors.test(error));
      if (unexpected.length > 0) throw new Error(`${url}: ${unexpected.join("\n")}`);
      return await page.evaluate(() => (globalThis as unknown as { reports: Report[] }).reports);
    } finally {
      await context.close();
    }
  }

  #launch(): Promise<Browser> {
    if (this.#file === undefined) {
      throw new Error("no Chromium: install it, or name its file in the variable CHROMIUM");
    }
    this.#browser ??= chromium.launch({ executablePath: this.#file, args: FLAGS });
    return this.#browser;
  }

  async close(): Promise<void> {
    await (await this.#browser)?.close();
  }
}
