import { probe } from "../probe.mjs";

delete globalThis.WebAssembly;
const gumbel = await import("gumbel");
console.log(JSON.stringify([probe(gumbel)]));
