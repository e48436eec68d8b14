/** transformers.js's own sampler, which its models end with. */

import { Inputs, type Library, type Prepared, SEED } from "../contestant.ts";
import { filterOf, type Task } from "../tasks.ts";
import { versionsOf } from "./versions.ts";

interface Tensor {
  readonly dims: readonly number[];
}
type Sampler = (logits: Tensor) => Promise<[token: bigint, score: number][]>;

/** Its package doesn't export the sampler, which takes a path to its sources. */
const load = (file: string) =>
  import(new URL(`../node_modules/@huggingface/transformers/src/${file}`, import.meta.url).href);
const { LogitsSampler } = await load("generation/logits_sampler.js");
const { Tensor } = await load("utils/tensor.js");
const { random } = await load("utils/random.js");
random.seed(SEED);

function runOf(task: Task): Prepared["run"] | undefined {
  const { operation, rows, classes } = task;
  const topK = filterOf(operation)?.topK;
  // It ignores top_p.
  if (topK === undefined) return undefined;
  const sampler: Sampler = LogitsSampler.getSampler({
    do_sample: true,
    num_beams: 1,
    top_k: topK,
  });
  const { logits } = new Inputs(task);
  const tensors = Array.from({ length: rows }, (_, row): Tensor => {
    return new Tensor("float32", logits.slice(row * classes, (row + 1) * classes), [1, classes]);
  });
  const index = new Int32Array(rows);
  return async () => {
    for (let row = 0; row < rows; row++) index[row] = Number((await sampler(tensors[row]))[0][0]);
    return index;
  };
}

export const library: Library = {
  contestants: [
    {
      name: "transformers.js",
      prepare(task) {
        const run = runOf(task);
        return run && { run };
      },
    },
  ],
  versions: versionsOf("@huggingface/transformers"),
  notes: [
    "transformers.js: the sampler that its generate ends with, a row a call, on tensors made before; it knows top-k alone.",
  ],
};
