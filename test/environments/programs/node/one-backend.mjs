// Two entries, one backend, in each format: the module is compiled once, and a choice by hand is one for both entries.
import { deepEqual } from "node:assert/strict";
import { createRequire } from "node:module";
import * as gumbel from "gumbel";
import * as estimators from "gumbel/estimators";
import { probe } from "../probe.mjs";

const { Module, Instance } = WebAssembly;
let compiled = 0;
let called = 0;

WebAssembly.Module = class extends Module {
  constructor(bytes) {
    super(bytes);
    compiled++;
  }
};
WebAssembly.Instance = class {
  constructor(...args) {
    const exports = Object.entries(new Instance(...args).exports).map(([name, value]) => {
      return [name, typeof value === "function" ? counted(value) : value];
    });
    this.exports = Object.fromEntries(exports);
  }
};

function counted(call) {
  return (...args) => {
    called++;
    return call(...args);
  };
}

/** Compilations and calls of WebAssembly, for a call of one entry and for one of the other. */
function costs(gumbel, estimators) {
  return [gumbel.gumbelSoftmax, estimators.logGumbelSoftmax].flatMap((sample) => {
    const before = [compiled, called];
    sample([0, 1, 2], { seed: 1 });
    return [compiled - before[0], called - before[1]];
  });
}

const require = createRequire(import.meta.url);
const commonJs = ["gumbel", "gumbel/estimators"].map((entry) => require(entry));
for (const entries of [[gumbel, estimators], commonJs]) {
  const [{ backend, setBackend }] = entries;
  compiled = 0;
  backend();
  deepEqual([compiled, ...costs(...entries)], [1, 0, 1, 0, 1]);
  setBackend("js");
  deepEqual(costs(...entries), [0, 0, 0, 0]);
  setBackend("wasm-simd");
  deepEqual(costs(...entries), [0, 1, 0, 1]);
}
console.log(JSON.stringify([probe(gumbel, estimators), probe(...commonJs)]));
