/** gumbel through a plan, whose arrays lie in the kernels' own memory: nothing is copied. */

import * as gumbel from "gumbel";
import { type Contestant, Inputs, type Prepared, SEED } from "../contestant.ts";
import type { Task } from "../tasks.ts";

/** What is used of plans, in their own words: a package built before they were made has none. */
interface Plan {
  readonly logits: Float32Array;
  readonly noise: Float32Array | undefined;
  readonly soft: Float32Array;
  readonly upstream: Float32Array;
  forward(options?: { rng?: gumbel.Rng }): Float32Array;
  backward(): Float32Array;
}
type MakePlan = (options: Record<string, unknown>) => Plan;

const makePlan = (gumbel as { gumbelSoftmaxPlan?: MakePlan }).gumbelSoftmaxPlan;

export const hasPlans = makePlan !== undefined;

/** What a plan is for: samples and their gradients. */
export const planContestant: Contestant = {
  name: "gumbel, plan",
  prepare(task) {
    const run = makePlan && runOf(task, makePlan);
    return run && { run };
  },
};

function runOf(task: Task, makePlan: MakePlan): Prepared["run"] | undefined {
  const { operation, rows, classes, tau } = task;
  const inputs = new Inputs(task);
  const rng = new gumbel.Rng(SEED);
  const plan = (options: Record<string, unknown>): Plan => {
    const made = makePlan({ rows, classes, tau, ...options });
    made.logits.set(inputs.logits);
    return made;
  };
  switch (operation) {
    case "soft": {
      const made = plan({ gradient: false });
      return () => made.forward({ rng });
    }
    case "softGiven": {
      const made = plan({ gradient: false, noise: true });
      made.noise?.set(inputs.noise);
      return () => made.forward();
    }
    case "hard": {
      const made = plan({ gradient: false, hard: true });
      return () => made.forward({ rng });
    }
    case "backward": {
      const made = plan({});
      made.forward({ rng });
      made.soft.set(inputs.soft);
      made.upstream.set(inputs.upstream);
      return () => made.backward();
    }
    case "forwardBackward": {
      const made = plan({});
      made.upstream.set(inputs.upstream);
      return () => ({ sample: made.forward({ rng }), gradient: made.backward() });
    }
    default:
      return undefined;
  }
}
