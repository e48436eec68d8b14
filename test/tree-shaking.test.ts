/** What bundlers make of the built package: a program gets what it uses, and the entries share what both need. */

import { execFileSync } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { rollup } from "rollup";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import golden from "./environments/golden.json";
import { Built, size } from "./support/built.ts";

let built: Built;
beforeAll(() => {
  built = new Built();
});
afterAll(() => {
  built.remove();
});

const BUNDLERS = {
  async esbuild(code: string): Promise<string> {
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir: built.directory },
      bundle: true,
      minify: true,
      write: false,
      format: "esm",
      logOverride: { "ignored-bare-import": "silent" },
    });
    return outputFiles[0]?.text ?? "";
  },

  async Rollup(code: string): Promise<string> {
    const input = join(built.directory, "input.js");
    writeFileSync(input, code);
    const { exports, sideEffects } = built.manifest;
    const resolve = {
      name: "resolve",
      resolveId(name: string) {
        const entry = exports[name.replace(/^gumbel/, ".")];
        return entry && join(built.package, entry.import.default);
      },
    };
    const treeshake = { moduleSideEffects: sideEffects };
    const bundle = await rollup({ input, plugins: [resolve], treeshake, logLevel: "silent" });
    const { output } = await bundle.generate({ format: "es", compact: true });
    return output[0].code;
  },
};

/** What only these parts say: errors, and names that no minifier changes. */
const SAYINGS = {
  estimators: ["log_gumbel_softmax"],
  densities: ["values below Infinity"],
  tokens: ["an array of ids", "logits in a Uint16Array"],
  laws: ["counts("],
  plans: ["a forward pass that succeeded", "tauGradient"],
  streams: ["a stream that goes on"],
};
type Part = keyof typeof SAYINGS;
const PARTS = Object.keys(SAYINGS) as Part[];

/** Which parts are in a bundle. */
function partsOf(bundle: string): Part[] {
  return PARTS.filter((part) => SAYINGS[part].some((saying) => bundle.includes(saying)));
}

/** Without the bytes of the wasm, which would hide what is left out. */
const ALL = 'export * from "gumbel/slim"; export * from "gumbel/slim/estimators";';

interface Use {
  readonly code: string;
  /** What may be in it of {@link SAYINGS}. */
  readonly parts: readonly Part[];
  /** kB after gzip. To be raised only together with what such a program uses. */
  readonly budget: number;
}

const USES: readonly Use[] = [
  { code: 'export { gumbelMax } from "gumbel/slim";', parts: [], budget: 22.1 },
  {
    code: 'export { logGumbelSoftmax } from "gumbel/slim/estimators";',
    parts: ["estimators"],
    budget: 23.1,
  },
  { code: 'export { Rng } from "gumbel";', parts: [], budget: 2.6 },
  { code: 'import "gumbel"; import "gumbel/estimators";', parts: [], budget: 0.05 },
];

describe.each(Object.entries(BUNDLERS))("%s", (_, bundle) => {
  test.each(USES)("has no more than $code needs", async ({ code, parts, budget }) => {
    const made = await bundle(code);
    expect(partsOf(made)).toEqual(parts);
    expect(size(made)).toBeLessThan(budget);
  });

  test("has everything where everything is used, a quarter more than gumbelMax needs", async () => {
    const all = await bundle(ALL);
    expect(partsOf(all)).toEqual(PARTS);
    expect(size(all)).toBeGreaterThan(1.25 * size(await bundle(USES[0]?.code ?? "")));
  });
});

describe("the entries", () => {
  const FORMATS = ["js", "cjs"];

  test.each(FORMATS)("share the bytes of the wasm, in .%s", (format) => {
    const [core, ...others] = ["core", "index", "estimators"].map((file) => {
      return built.size(`${file}.${format}`);
    });
    const wasm = built.size("gumbel.wasm");
    expect(core).toBeGreaterThan(wasm);
    for (const other of others) expect(other).toBeLessThan(wasm / 2);
  });

  test.each(["", "slim-", "workerd-"])("have estimators apart: %sestimators.js", (kind) => {
    const sourcesOf = (file: string): string[] => JSON.parse(built.read(`${file}.js.map`)).sources;
    const isOfEstimators = (source: string) => source.includes("/estimators");
    const main = kind === "" ? "index" : kind.slice(0, -1);
    expect(sourcesOf(`${kind}estimators`).filter(isOfEstimators)).not.toEqual([]);
    for (const file of [main, `${kind}core`]) {
      expect(sourcesOf(file).filter(isOfEstimators), file).toEqual([]);
    }
  });

  test("share one backend in a process, in each format", () => {
    const programs = fileURLToPath(new URL("environments/programs", import.meta.url));
    for (const file of ["probe.mjs", "node/one-backend.mjs"]) {
      cpSync(join(programs, file), join(built.directory, file));
    }
    const options = { cwd: built.directory, encoding: "utf8" } as const;
    const printed = execFileSync(process.execPath, ["node/one-backend.mjs"], options);
    const reports: { hashes: object }[] = JSON.parse(printed);
    expect(reports.map(({ hashes }) => hashes)).toEqual(FORMATS.map(() => golden));
  });
});
