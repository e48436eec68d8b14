/** gumbel as its users call it: with arrays for the results, and without. */

import {
  categorical,
  categoricalLaw,
  gumbelMax,
  gumbelNoise,
  gumbelSoftmax,
  gumbelSoftmaxVjp,
  Rng,
  sampleTokens,
  softmaxBackward,
} from "gumbel";
import { type Contestant, Inputs, type Prepared, SEED } from "../contestant.ts";
import { filterOf, type Task } from "../tasks.ts";

/** One with `out` given at each call, or one that makes a new array at each. */
export function contestant(name: string, withOut: boolean): Contestant {
  return { name, prepare: (task) => ({ run: runOf(task, withOut) }) };
}

function runOf(task: Task, withOut: boolean): Prepared["run"] {
  const { operation, rows, classes, tau, draws } = task;
  const inputs = new Inputs(task);
  const { logits } = inputs;
  const rng = new Rng(SEED);
  const floats = () => (withOut ? new Float32Array(rows * classes) : undefined);
  const ints = (length: number) => (withOut ? new Int32Array(length) : undefined);
  switch (operation) {
    case "noise": {
      const out = floats();
      return () => gumbelNoise(rows, classes, { rng, out });
    }
    case "soft": {
      const out = floats();
      return () => gumbelSoftmax(logits, { classes, tau, rng, out });
    }
    case "softGiven": {
      const { noise } = inputs;
      const out = floats();
      return () => gumbelSoftmax(logits, { classes, tau, noise, out });
    }
    case "hard": {
      const out = floats();
      return () => gumbelSoftmax(logits, { classes, tau, hard: true, rng, out });
    }
    case "backward": {
      const { soft, upstream } = inputs;
      const out = floats();
      return () => softmaxBackward(soft, upstream, { classes, tau, out });
    }
    case "forwardBackward": {
      const { upstream } = inputs;
      const out = { soft: floats(), index: ints(rows) };
      const gradient = floats();
      return () => {
        const { sample, vjp } = gumbelSoftmaxVjp(logits, { classes, tau, rng, out });
        return { sample, gradient: vjp(upstream, { out: gradient }).input };
      };
    }
    case "gumbelMax": {
      const out = ints(rows);
      return () => gumbelMax(logits, { classes, rng, out });
    }
    case "inverseCdf": {
      const out = ints(rows);
      return () => categorical(logits, { classes, rng, out });
    }
    case "manyDraws": {
      const out = ints(draws);
      return () => categorical(logits, { classes, draws, rng, out });
    }
    case "lawDraws": {
      const law = categoricalLaw(logits);
      const out = ints(draws);
      return () => law.draw(draws, { rng, out });
    }
    case "topK50":
    case "topP": {
      const filter = filterOf(operation);
      const out = ints(rows);
      return () => sampleTokens(logits, { ...filter, classes, rng, out });
    }
  }
}
