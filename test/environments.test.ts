/** What the README says of environments is what the last full run of them found, with the versions of today. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import tools from "./environments/package.json";
import results from "./environments/results.json";
import { type Result, withTable } from "./environments/results.ts";

test("the table is made of the results", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  expect(results.length).toBeGreaterThan(100);
  expect(withTable(readme, results as Result[])).toBe(readme);
});

test("the results are of the versions that are pinned", () => {
  const helpers = ["@rollup/plugin-node-resolve", "playwright-core", "webpack-cli"];
  const tested = results.map(({ version }) => version);
  for (const [name, version] of Object.entries({
    ...tools.dependencies,
    ...tools.optionalDependencies,
  })) {
    if (!helpers.includes(name)) expect(tested, name).toContain(version.replace(/^npm:.*@/, ""));
  }
});
