const gumbel = require("gumbel");
const { probe } = require("../probe.cjs");

console.log(JSON.stringify([probe(gumbel)]));
