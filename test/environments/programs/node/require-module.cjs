// The ES module by its file: `require` refuses one that awaits at its top.
const { dirname, join } = require("node:path");
const dist = join(dirname(require.resolve("gumbel/package.json")), "dist");
const [gumbel, estimators] = [
  require(join(dist, "index.js")),
  require(join(dist, "estimators.js")),
];
const { probe } = require("../probe.cjs");

console.log(JSON.stringify([probe(gumbel, estimators)]));
