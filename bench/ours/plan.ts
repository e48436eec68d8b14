/** gumbel through an object that is made once: a plan, whose arrays nothing copies. */

import { gumbelSoftmaxPlan, Rng } from "gumbel";
import { type Contestant, Inputs, type Prepared, SEED } from "../contestant.ts";
import type { Task } from "../tasks.ts";

/** What a plan is for: samples and their gradients. */
export const planContestant: Contestant = {
  name: "gumbel, plan",
  prepare(task) {
    const run = runOf(task);
    return run && { run };
  },
};

function runOf(task: Task): Prepared["run"] | undefined {
  const { operation, rows, classes, tau } = task;
  const shape = { rows, classes, tau };
  const inputs = new Inputs(task);
  const rng = new Rng(SEED);
  switch (operation) {
    case "soft":
    case "hard": {
      const plan = gumbelSoftmaxPlan({ ...shape, hard: operation === "hard", gradient: false });
      plan.logits.set(inputs.logits);
      return () => plan.forward({ rng });
    }
    case "softGiven": {
      const plan = gumbelSoftmaxPlan({ ...shape, noise: true, gradient: false });
      plan.logits.set(inputs.logits);
      plan.noise.set(inputs.noise);
      return () => plan.forward();
    }
    case "backward": {
      const plan = gumbelSoftmaxPlan(shape);
      // A backward pass wants a forward pass before it, then reads `soft` alone.
      plan.logits.set(inputs.logits);
      plan.forward({ rng });
      plan.soft.set(inputs.soft);
      plan.upstream.set(inputs.upstream);
      return () => plan.backward();
    }
    case "forwardBackward": {
      const plan = gumbelSoftmaxPlan(shape);
      plan.logits.set(inputs.logits);
      plan.upstream.set(inputs.upstream);
      return () => ({ sample: plan.forward({ rng }), gradient: plan.backward() });
    }
    default:
      return undefined;
  }
}
