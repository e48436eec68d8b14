/** jax-js on its wasm backend, compiled by its jit, with its own gradients. */

// It asks how many cores there are, by a name that Node 20 doesn't have: one thread, as all others.
Object.defineProperty(globalThis, "navigator", { value: { hardwareConcurrency: 1 } });
const { defaultDevice, init, jit, nn, numpy, random, vjp } = await import("@jax-js/jax");

import type { Array as JaxArray } from "@jax-js/jax";
import { Inputs, type Library, type Prepared, SEED } from "../contestant.ts";
import type { Task } from "../tasks.ts";
import { versionsOf } from "./versions.ts";

await init("wasm");
defaultDevice("wasm");

/** A call of many draws: it takes the noise of draws × classes, which at 100,000 draws would fill the memory. */
const DRAWS_AT_ONCE = 1000;

let seed = SEED;
/** The key of a call. */
const nextKey = () => random.key(seed++);

function prepare(task: Task): Prepared | undefined {
  const uploaded: JaxArray[] = [];
  const upload = (values: Float32Array<ArrayBufferLike>) => {
    const shape = [task.rows, task.classes];
    const array = numpy.array(values as Float32Array<ArrayBuffer>, { shape });
    uploaded.push(array);
    return array;
  };
  const run = runOf(task, upload);
  if (run === undefined) return undefined;
  const dispose = () => {
    for (const array of uploaded) array.dispose();
  };
  return task.operation === "manyDraws" ? { run, dispose, draws: DRAWS_AT_ONCE } : { run, dispose };
}

function runOf(
  task: Task,
  upload: (values: Float32Array) => JaxArray,
): Prepared["run"] | undefined {
  const { operation, rows, classes, tau } = task;
  const inputs = new Inputs(task);
  const shape = [rows, classes];
  // An operation consumes what it is given; `.ref` keeps it.
  const scores = (key: JaxArray, logits: JaxArray) => logits.add(random.gumbel(key, shape));
  const soften = (scores: JaxArray) => nn.softmax(scores.mul(1 / tau), -1);
  switch (operation) {
    case "noise": {
      const noise = jit((key: JaxArray) => random.gumbel(key, shape));
      return () => noise(nextKey()).dataSync();
    }
    case "soft": {
      const logits = upload(inputs.logits);
      const soft = jit((key: JaxArray, x: JaxArray) => soften(scores(key, x)));
      return () => soft(nextKey(), logits.ref).dataSync();
    }
    case "softGiven": {
      const logits = upload(inputs.logits);
      const noise = upload(inputs.noise);
      const soft = jit((x: JaxArray, g: JaxArray) => soften(x.add(g)));
      return () => soft(logits.ref, noise.ref).dataSync();
    }
    case "hard": {
      const logits = upload(inputs.logits);
      const hard = jit((key: JaxArray, x: JaxArray) =>
        nn.oneHot(numpy.argmax(scores(key, x), -1), classes),
      );
      return () => hard(nextKey(), logits.ref).dataSync();
    }
    case "backward": {
      const soft = upload(inputs.soft);
      const upstream = upload(inputs.upstream);
      const backward = jit((y: JaxArray, v: JaxArray) => {
        const dot = numpy.sum(y.ref.mul(v.ref), -1, { keepdims: true });
        return y.mul(v.sub(dot)).mul(1 / tau);
      });
      return () => backward(soft.ref, upstream.ref).dataSync();
    }
    case "forwardBackward": {
      const logits = upload(inputs.logits);
      const upstream = upload(inputs.upstream);
      const both = jit((key: JaxArray, x: JaxArray, v: JaxArray): [JaxArray, JaxArray] => {
        const [sample, back] = vjp((x: JaxArray) => soften(scores(key, x)), [x]);
        const [gradient] = back(v) as [JaxArray];
        return [sample, gradient];
      });
      return () => {
        const [sample, gradient] = both(nextKey(), logits.ref, upstream.ref);
        return { sample: sample.dataSync(), gradient: gradient.dataSync() };
      };
    }
    case "gumbelMax": {
      const logits = upload(inputs.logits);
      const draw = jit((key: JaxArray, x: JaxArray) => random.categorical(key, x));
      return () => draw(nextKey(), logits.ref).dataSync();
    }
    case "manyDraws": {
      const logits = upload(inputs.logits);
      const draw = jit((key: JaxArray, x: JaxArray) =>
        random.categorical(key, x.reshape([classes]), { shape: [DRAWS_AT_ONCE] }),
      );
      return () => draw(nextKey(), logits.ref).dataSync();
    }
    default:
      return undefined;
  }
}

export const library: Library = {
  contestants: [{ name: "jax-js wasm", prepare }],
  versions: versionsOf("@jax-js/jax"),
};
