// The ES module by its file: `require` refuses one that awaits at its top.
const { dirname, join } = require("node:path");
const gumbel = require(join(dirname(require.resolve("gumbel/package.json")), "dist/index.js"));
const { probe } = require("../probe.cjs");

console.log(JSON.stringify([probe(gumbel)]));
