const { writeFileSync } = require("node:fs");
const gumbel = require("gumbel");
const estimators = require("gumbel/estimators");
const { probe } = require("../probe.cjs");

test("draws", () => {
  expect(gumbel.gumbelMax([0, 1, 2], { seed: 42 })).toEqual(Int32Array.of(2));
  writeFileSync(process.env.REPORTS, JSON.stringify([probe(gumbel, estimators)]));
});
