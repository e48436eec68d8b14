// Chromium until 2023, on a page's main thread.
import * as gumbel from "gumbel";
import * as estimators from "gumbel/estimators";
import { probe } from "../probe.mjs";

const { Module } = WebAssembly;
WebAssembly.Module = class extends Module {
  constructor(bytes) {
    if (bytes.byteLength > 4096) throw new RangeError("the buffer is larger than 4KB");
    super(bytes);
  }
};
console.log(JSON.stringify([probe(gumbel, estimators)]));
