const gumbel = require("gumbel");
const estimators = require("gumbel/estimators");
const { probe } = require("../probe.cjs");

console.log(JSON.stringify([probe(gumbel, estimators)]));
