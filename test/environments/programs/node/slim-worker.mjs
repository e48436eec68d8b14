// Compiled once: a worker is sent the module.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import * as gumbel from "gumbel/slim";
import * as estimators from "gumbel/slim/estimators";
import { probe } from "../probe.mjs";

if (isMainThread) {
  const path = createRequire(import.meta.url).resolve("gumbel/gumbel.wasm");
  const module = new WebAssembly.Module(readFileSync(path));
  gumbel.initSync(module);
  const here = probe(gumbel, estimators);
  const worker = new Worker(new URL(import.meta.url), { workerData: module });
  worker.once("message", (there) => console.log(JSON.stringify([here, there])));
} else {
  await gumbel.init(workerData);
  parentPort.postMessage(probe(gumbel, estimators));
}
