/** Plain TypeScript, without a library, as well as loops can do it. */

import {
  type Contestant,
  Inputs,
  type Library,
  PLAIN,
  type Prepared,
  SEED,
} from "../contestant.ts";
import { lawOf } from "../inputs.ts";
import { type Filter, filterOf, type Task } from "../tasks.ts";
import { AliasTable } from "./alias-table.ts";
import { softmaxBackward } from "./backward.ts";
import { gumbelMax, hardSamples } from "./gumbel-max.ts";
import { inverseCdf } from "./inverse-cdf.ts";
import { gumbelNoise } from "./noise.ts";
import { softGiven, softSamples } from "./soft.ts";
import { selectedTokens, sortedTokens } from "./tokens.ts";
import { Xorshift128 } from "./xorshift128.ts";

const plain: Contestant = { name: PLAIN, prepare: (task) => ({ run: runOf(task) }) };

const sorting: Contestant = {
  name: "plain, sorting",
  prepare(task) {
    const { operation, rows, classes } = task;
    const filter = filterOf(operation);
    if (filter === undefined) return undefined;
    const { logits } = new Inputs(task);
    const random = new Xorshift128(SEED);
    const index = new Int32Array(rows);
    const run = () => {
      sortedTokens(random, logits, filter, classes, index);
      return index;
    };
    return { run };
  },
};

function runOf(task: Task): Prepared["run"] {
  const { operation, rows, classes, tau, draws } = task;
  const inputs = new Inputs(task);
  const { logits } = inputs;
  const random = new Xorshift128(SEED);
  const out = new Float32Array(logits.length);
  const index = new Int32Array(draws || rows);
  const room = new Float64Array(classes);
  switch (operation) {
    case "noise":
      return () => {
        gumbelNoise(random, classes, out);
        return out;
      };
    case "soft":
      return () => {
        softSamples(random, logits, classes, tau, out);
        return out;
      };
    case "softGiven": {
      const { noise } = inputs;
      return () => {
        softGiven(logits, noise, tau, room, out);
        return out;
      };
    }
    case "hard":
      return () => {
        hardSamples(random, logits, classes, index, out);
        return out;
      };
    case "backward": {
      const { soft, upstream } = inputs;
      return () => {
        softmaxBackward(soft, upstream, classes, tau, out);
        return out;
      };
    }
    case "forwardBackward": {
      const { upstream } = inputs;
      const gradient = new Float32Array(logits.length);
      return () => {
        softSamples(random, logits, classes, tau, out);
        softmaxBackward(out, upstream, classes, tau, gradient);
        return { sample: out, gradient };
      };
    }
    case "gumbelMax":
      return () => {
        gumbelMax(random, logits, classes, index);
        return index;
      };
    case "inverseCdf":
      return () => {
        inverseCdf(random, logits, room, index);
        return index;
      };
    case "manyDraws":
    case "lawDraws": {
      const table = new AliasTable(lawOf(classes));
      return () => {
        table.draw(random, index);
        return index;
      };
    }
    case "topK50":
    case "topP": {
      const filter = filterOf(operation) as Filter;
      return () => {
        selectedTokens(random, logits, filter, room, index);
        return index;
      };
    }
  }
}

export const library: Library = { contestants: [plain, sorting], versions: {} };
