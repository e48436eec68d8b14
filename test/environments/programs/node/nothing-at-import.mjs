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
const estimators = await import("gumbel/estimators");
const slim = [await import("gumbel/slim"), await import("gumbel/slim/estimators")];
const commonJs = ["", "/estimators", "/slim", "/slim/estimators"].map((entry) => {
  return require(`gumbel${entry}`);
});
equal(touched.join(), "");

const report = probe(gumbel, estimators);
ok(touched.includes("WebAssembly"), "a call must be seen, or nothing was shown");
for (const entry of [...slim, ...commonJs]) ok(Object.keys(entry).length > 0);
console.log(JSON.stringify([report]));
