import { isMainThread, parentPort, Worker } from "node:worker_threads";
import * as gumbel from "gumbel";
import * as estimators from "gumbel/estimators";
import { probe } from "../probe.mjs";

const here = probe(gumbel, estimators);
if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  worker.once("message", (there) => console.log(JSON.stringify([here, there])));
} else {
  parentPort.postMessage(here);
}
