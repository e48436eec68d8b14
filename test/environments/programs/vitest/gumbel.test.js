import { writeFileSync } from "node:fs";
import * as gumbel from "gumbel";
import * as estimators from "gumbel/estimators";
import { probe } from "../probe.mjs";

test("draws", () => {
  expect(gumbel.gumbelMax([0, 1, 2], { seed: 42 })).toEqual(Int32Array.of(2));
  writeFileSync(process.env.REPORTS, JSON.stringify([probe(gumbel, estimators)]));
});
