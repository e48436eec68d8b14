// Both builds in one process: equal numbers (which hashes show), and each takes generators of any entry.
import { deepEqual } from "node:assert/strict";
import { createRequire } from "node:module";
import * as asModule from "gumbel";
import * as estimators from "gumbel/estimators";
import * as slim from "gumbel/slim";
import { probe } from "../probe.mjs";

const require = createRequire(import.meta.url);
const asCommonJs = require("gumbel");
for (const [maker, taker] of [
  [asModule, asCommonJs],
  [asCommonJs, asModule],
  [slim, asModule],
  [slim, asCommonJs],
]) {
  const rng = new maker.Rng(42);
  const drawn = [1, 2].map(() => taker.gumbelMax([0, 1, 2], { rng })[0]);
  deepEqual(drawn, [2, 0]);
  deepEqual(rng.state, { seed: "0x2a", stream: 2 });
}
console.log(
  JSON.stringify([probe(asModule, estimators), probe(asCommonJs, require("gumbel/estimators"))]),
);
