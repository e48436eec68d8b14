import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { tfjsLibrary } from "./tfjs.ts";

await tf.setBackend("cpu");
await tf.ready();

export const library = tfjsLibrary("cpu");
