/** stdlib: its Gumbel generator, with plain loops where it has no function, and its sampler by Vose's method. */

import gumbel from "@stdlib/random-array-gumbel";
import sample from "@stdlib/random-sample";
import { Inputs, type Library, type Prepared, SEED } from "../contestant.ts";
import { lawOf } from "../inputs.ts";
import { softGiven } from "../plain/soft.ts";
import type { Task } from "../tasks.ts";
import { versionsOf } from "./versions.ts";

function runOf(task: Task): Prepared["run"] | undefined {
  const { operation, rows, classes, tau, draws } = task;
  const noise = new Float32Array(rows * classes);
  const random = gumbel.factory(0, 1, { seed: SEED });
  switch (operation) {
    case "noise":
      return () => random.assign(noise);
    case "soft": {
      const { logits } = new Inputs(task);
      const room = new Float64Array(classes);
      const out = new Float32Array(logits.length);
      return () => {
        random.assign(noise);
        softGiven(logits, noise, tau, room, out);
        return out;
      };
    }
    case "manyDraws": {
      const classNumbers = Array.from({ length: classes }, (_, i) => i);
      const probs = Array.from(lawOf(classes));
      const draw = sample.factory({ seed: SEED });
      return () => draw(classNumbers, { size: draws, probs });
    }
    default:
      return undefined;
  }
}

export const library: Library = {
  contestants: [
    {
      name: "stdlib",
      prepare(task) {
        const run = runOf(task);
        return run && { run };
      },
    },
  ],
  versions: versionsOf("@stdlib/random-array-gumbel", "@stdlib/random-sample"),
  notes: [
    "stdlib has a generator of Gumbel noise and a sampler by Vose's method; soft is its noise with a plain softmax loop.",
  ],
};
