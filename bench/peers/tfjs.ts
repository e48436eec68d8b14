/** tfjs, each operation made of its own as its users make it; one backend a process. */

import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs-core";
import {
  type Answer,
  type Contestant,
  Inputs,
  type Library,
  type Prepared,
  SEED,
} from "../contestant.ts";
import { lawOf } from "../inputs.ts";
import type { Task } from "../tasks.ts";
import { versionsOf } from "./versions.ts";

// Its entry for Node leaves the gradients out, and its file that has them isn't made for Node's own loader; tsx's
// `require` can load it.
createRequire(import.meta.url)("@tensorflow/tfjs-core/dist/register_all_gradients");

type Matrix = tf.Tensor<tf.Rank.R2>;
/** The least uniform, which float32 still has: 0 would give noise of −∞. */
const LEAST = 1e-37;

/** Seeds of calls: tfjs's are of the call, and 0 counts as none. */
let seed = SEED;

function gumbelNoise(rows: number, classes: number): Matrix {
  const u = tf.randomUniform<tf.Rank.R2>([rows, classes], LEAST, 1, "float32", seed++);
  return tf.neg(tf.log(tf.neg(tf.log(u))));
}

function prepare(task: Task): Prepared | undefined {
  const { rows, classes } = task;
  const inputs = new Inputs(task);
  // The upload isn't timed; the download is, as the caller of any other contestant has the values, too.
  const tensors: Matrix[] = [];
  const keep = (values: Float32Array): Matrix => {
    const tensor: Matrix = tf.tensor2d(values, [rows, classes]);
    tensors.push(tensor);
    return tensor;
  };
  const run = runOf(task, inputs, keep);
  return run && { run, dispose: () => tf.dispose(tensors) };
}

function runOf(
  { operation, rows, classes, tau, draws }: Task,
  inputs: Inputs,
  keep: (values: Float32Array) => Matrix,
): Prepared["run"] | undefined {
  const scores = (logits: Matrix): Matrix => tf.add(logits, gumbelNoise(rows, classes));
  const soften = (scores: Matrix): Matrix => tf.softmax(tf.div<Matrix>(scores, tau));
  switch (operation) {
    case "noise":
      return () => values(() => gumbelNoise(rows, classes));
    case "soft": {
      const logits = keep(inputs.logits);
      return () => values(() => soften(scores(logits)));
    }
    case "softGiven": {
      const logits = keep(inputs.logits);
      const noise = keep(inputs.noise);
      return () => values(() => soften(tf.add(logits, noise)));
    }
    case "hard": {
      const logits = keep(inputs.logits);
      return () =>
        values(() => {
          // The cast, since on wasm a oneHot of float32 holds integers.
          return tf.cast(tf.oneHot(tf.argMax(scores(logits), 1), classes), "float32");
        });
    }
    case "backward": {
      const y = keep(inputs.soft);
      const v = keep(inputs.upstream);
      return () =>
        values(() => {
          const dot = tf.sum(tf.mul(y, v), 1, true);
          return tf.div(tf.mul(y, tf.sub(v, dot)), tau);
        });
    }
    case "forwardBackward": {
      const logits = keep(inputs.logits);
      const v = keep(inputs.upstream);
      const sampleAndGradient = tf.valueAndGrad((x) => soften(scores(x as Matrix)));
      return () =>
        tidily(() => {
          const { value, grad } = sampleAndGradient(logits, v);
          return { sample: value.dataSync(), gradient: grad.dataSync() };
        });
    }
    case "gumbelMax": {
      const logits = keep(inputs.logits);
      return () => values(() => tf.argMax(scores(logits), 1));
    }
    case "inverseCdf": {
      const logits = keep(inputs.logits);
      return () => values(() => tf.multinomial(logits, 1, seed++));
    }
    case "manyDraws": {
      const logits = keep(Float32Array.from(lawOf(classes), Math.log));
      return () => values(() => tf.multinomial(logits, draws, seed++));
    }
    default:
      return undefined;
  }
}

/** Computes, downloads and frees: nothing is left for later. */
function values(compute: () => tf.Tensor): Answer {
  return tidily(() => compute().dataSync());
}

/** `tidy` itself would search what it returns for tensors, element by element. */
function tidily(compute: () => Answer): Answer {
  let answer: Answer = [];
  tf.tidy(() => {
    answer = compute();
  });
  return answer;
}

/** To be called when the backend is ready. */
export function tfjsLibrary(backend: "cpu" | "wasm"): Library {
  const contestant: Contestant = { name: `tfjs ${backend}`, prepare };
  return {
    contestants: [contestant],
    versions: versionsOf("@tensorflow/tfjs-core", `@tensorflow/tfjs-backend-${backend}`),
    notes: [
      "tfjs, jax-js: inputs are uploaded before the clock runs; each call ends with dataSync, and its tensors are freed.",
    ],
  };
}
