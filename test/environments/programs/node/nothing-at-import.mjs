// Importing asks the host for nothing that the package uses later.
import { equal, ok } from "node:assert/strict";
import { createRequire } from "node:module";
import { probe } from "../probe.mjs";

const touched = [];
for (const name of ["WebAssembly", "fetch", "crypto"]) {
  const value = globalThis[name];
  const get = () => {
    touched.push(name);
    return value;
  };
  Object.defineProperty(globalThis, name, { get, configurable: true });
}

const require = createRequire(import.meta.url);
const gumbel = await import("gumbel");
const slim = await import("gumbel/slim");
const commonJs = [require("gumbel"), require("gumbel/slim")];
equal(touched.join(), "");

const report = probe(gumbel);
ok(touched.includes("WebAssembly"), "a call must be seen, or nothing was shown");
for (const { Rng } of [slim, ...commonJs]) ok(new Rng(1));
console.log(JSON.stringify([report]));
