/** Every ```ts block of the README compiles, runs as written, and does what its comments say. */

import * as gumbel from "gumbel";
import * as estimators from "gumbel/estimators";
import { expect, test } from "vitest";
import { run } from "./support/claims.ts";
import { compileErrors, read, snippetsOf } from "./support/snippets.ts";

const snippets = snippetsOf("README.md");

test.each(snippets)("$place runs and prints what it says", async (snippet) => {
  const entries = { gumbel, "gumbel/estimators": estimators };
  expect(await run(snippet, entries)).toBeGreaterThan(0);
});

test("all blocks compile under the repository's strict settings", () => {
  expect(compileErrors(snippets)).toEqual([]);
});

test("the README is at most 200 lines long, and its files exist", () => {
  const text = read("README.md");
  expect(text.split("\n").length).toBeLessThanOrEqual(201);
  for (const [, target = ""] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
    expect(() => read(target), target).not.toThrow();
  }
});
