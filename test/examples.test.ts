/** Every example in a doc comment compiles, runs, and does what its comments say. */

import * as gumbel from "gumbel";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { run } from "./support/claims.ts";
import { wasmBytes } from "./support/kernels.ts";
import { compileErrors, examplesOf } from "./support/snippets.ts";

const examples = [...examplesOf("ts"), ...examplesOf("ts/estimators")];

describe("examples", () => {
  beforeEach(() => {
    // Anew for each, since some choose the backend.
    vi.resetModules();
    const headers = { "Content-Type": "application/wasm" };
    vi.stubGlobal("fetch", async (address: string) => {
      expect(address).toBe("/assets/gumbel.wasm");
      return new Response(wasmBytes, { headers });
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.doUnmock("../ts/source.ts");
  });

  /** The entries that an example imports, with what tsup.config.ts puts in place of a file for each. */
  async function entries(code: string): Promise<Record<string, unknown>> {
    if (!code.includes('"gumbel/slim"')) {
      const [main, estimators] = await Promise.all([import("gumbel"), import("gumbel/estimators")]);
      return { gumbel: main, "gumbel/estimators": estimators };
    }
    vi.doMock("../ts/source.ts", () => import("../ts/source-slim.ts"));
    return { "gumbel/slim": await import("../ts/slim.ts") };
  }

  test.each(examples)("$place gives what each comment says", async (example) => {
    const comments = example.code.split("; // ").length - 1;
    expect(comments).toBeGreaterThan(0);
    expect(await run(example, await entries(example.code))).toBe(comments);
  });
});

test("all examples compile under the repository's strict settings", () => {
  expect(compileErrors(examples)).toEqual([]);
});

test.each([
  "softmax([0, 0]); // Float32Array [0.5, 0.6]",
  "softmax([0, 0]); // Float32Array [0.50, 0.50, 0.00]",
  'softmax([0, 0], { temperature: -1 }); // RangeError: "temperature" is negative',
  "softmax([0, 0]); // RangeError: never thrown",
])("a claim that doesn't hold is found: %s", async (code) => {
  const example = { place: "here", code: `import { softmax } from "gumbel";\n${code}` };
  await expect(run(example, { gumbel })).rejects.toThrow(/^expected /);
});
