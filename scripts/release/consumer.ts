/** The tarball as a user has it: installed in a project of its own, and run from both kinds of module. */

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";

/** What a first program of a user draws, by each entry. */
const PROGRAM = `
  const draw = ({ backend, categorical }, { logGumbelSoftmax }) => {
    const draws = categorical([0.9, 0.1, 0.1], { from: "weights", draws: 8, seed: 1 });
    const [log] = logGumbelSoftmax([0.9, 0.1, 0.1], { from: "weights", tau: 0.5, seed: 1 });
    return [backend().name, draws.join(""), Math.exp(log).toFixed(3)].join(" ");
  };
  slim.initSync(readFileSync(bytes));
  console.log([draw(gumbel, estimators), draw(slim, slimEstimators)].join());`;
const MODULES = {
  "main.mjs": `
  import { readFileSync } from "node:fs";
  import * as gumbel from "gumbel";
  import * as estimators from "gumbel/estimators";
  import * as slim from "gumbel/slim";
  import * as slimEstimators from "gumbel/slim/estimators";
  const bytes = new URL(import.meta.resolve("gumbel/gumbel.wasm"));`,
  "main.cjs": `
  const { readFileSync } = require("node:fs");
  const [gumbel, estimators] = [require("gumbel"), require("gumbel/estimators")];
  const [slim, slimEstimators] = [require("gumbel/slim"), require("gumbel/slim/estimators")];
  const bytes = require.resolve("gumbel/gumbel.wasm");`,
};
const EXPECTED = Array(2).fill("wasm-simd 10000000 0.918").join();

/** Installs a tarball in `directory` and runs it there. */
export function consumerProblems(tarball: string, directory: string): string[] {
  mkdirSync(directory);
  writeFileSync(`${directory}/package.json`, JSON.stringify({ private: true }));
  const options = { cwd: directory, encoding: "utf8" } as const;
  // It depends on nothing, so there is nothing to download.
  execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", tarball], options);
  return Object.entries(MODULES).flatMap(([name, imports]) => {
    writeFileSync(`${directory}/${name}`, imports + PROGRAM);
    const printed = execFileSync(process.execPath, [name], options).trim();
    return printed === EXPECTED ? [] : [`${name}: prints ${printed}, expected ${EXPECTED}`];
  });
}
