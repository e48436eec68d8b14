import { probe } from "../probe.mjs";

delete globalThis.WebAssembly;
const gumbel = await import("gumbel");
const estimators = await import("gumbel/estimators");
console.log(JSON.stringify([probe(gumbel, estimators)]));
