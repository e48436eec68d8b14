// The slim entry: a call that comes too early says what is missing; then from bytes.
import { throws } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as slim from "gumbel/slim";
import { probe } from "../probe.mjs";

const require = createRequire(import.meta.url);
const bytes = readFileSync(require.resolve("gumbel/gumbel.wasm"));
const commonJs = require("gumbel/slim");
for (const { softmax } of [slim, commonJs]) throws(() => softmax([1, 2]), /^Error: .*\binit\b/);

await slim.init(bytes);
commonJs.initSync(bytes);
console.log(JSON.stringify([probe(slim), probe(commonJs)]));
