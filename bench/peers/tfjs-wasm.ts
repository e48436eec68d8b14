import { createRequire } from "node:module";
import { dirname } from "node:path";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { tfjsLibrary } from "./tfjs.ts";

const entry = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
setWasmPaths(`${dirname(entry)}/`);
await tf.setBackend("wasm");
await tf.ready();

export const library = tfjsLibrary("wasm");
