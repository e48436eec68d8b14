// Makes test/golden.txt anew from the TypeScript kernels, and what environments are held to from the whole package on
// them; the head of golden.txt says when that is allowed.
import { writeFileSync } from "node:fs";
import * as gumbel from "gumbel";
import * as estimators from "gumbel/estimators";
import { probe } from "../test/environments/programs/probe.mjs";
import { GOLDEN, goldenFile } from "../test/support/golden.ts";
import { js } from "../test/support/kernels.ts";

writeFileSync(GOLDEN, goldenFile(js));

gumbel.setBackend("js");
const hashes = JSON.stringify(probe(gumbel, estimators).hashes, undefined, 2);
writeFileSync(new URL("../test/environments/golden.json", import.meta.url), `${hashes}\n`);
