// The slim entry: a call that comes too early says what is missing; then from bytes.
import { throws } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as slim from "gumbel/slim";
import * as estimators from "gumbel/slim/estimators";
import { probe } from "../probe.mjs";

const require = createRequire(import.meta.url);
const bytes = readFileSync(require.resolve("gumbel/gumbel.wasm"));
const commonJs = require("gumbel/slim");
const early = /^Error: .*\binit\b/;
for (const { softmax } of [slim, commonJs]) throws(() => softmax([1, 2]), early);
throws(() => estimators.logGumbelSoftmax([1, 2]), early);

await slim.init(bytes);
commonJs.initSync(bytes);
console.log(
  JSON.stringify([probe(slim, estimators), probe(commonJs, require("gumbel/slim/estimators"))]),
);
