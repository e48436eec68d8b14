/** Who takes part: estimators at several τ, what their papers promise of them, and how one batch of gradients is had. */

import { type GumbelMaxVjpOptions, gumbelMaxVjp } from "gumbel/estimators";
import { rebar } from "../../examples/rebar/rebar.ts";
import { CLASSES, LOGITS, type Loss, probabilities, SIZE, VARIABLES } from "./problem.ts";

/** What theory says of an estimator's mean. */
export type Claim =
  /** It is the gradient. */
  | "unbiased"
  /** It is the gradient where the loss is quadratic. */
  | "unbiased if quadratic"
  /** It is that of straight-through Gumbel-Softmax at this τ, and the variance isn't larger. */
  | "as ST Gumbel, less variance"
  /** Nothing, or nothing that could be tested here. */
  | "none";

/** A number of samples of the problem, and the key that they are drawn with. */
export interface Draw {
  readonly samples: number;
  /** The logits once a sample. */
  readonly logits: Float32Array;
  readonly seed: number;
  readonly stream: number;
}

export interface Entry {
  readonly family: string;
  /** τ, or what takes its place; undefined where there is none. */
  readonly tau: number | undefined;
  readonly promise: Claim;
  gradients(draw: Draw, loss: Loss): Float32Array;
}

/** One estimator of `gumbelMaxVjp`: forward, the loss and its gradient at the one-hot sample, backward. */
function oneHot(
  family: string,
  tau: number | undefined,
  promise: Claim,
  options: GumbelMaxVjpOptions,
): Entry {
  return {
    family,
    tau,
    promise,
    gradients({ samples, logits, seed, stream }, loss) {
      const g = gumbelMaxVjp(logits, { ...options, classes: CLASSES, seed, stream });
      const upstream = new Float32Array(samples * SIZE);
      for (let at = 0; at < upstream.length; at += SIZE) loss.evaluate(g.sample, at, upstream);
      return g.vjp(upstream, { out: upstream }).input;
    },
  };
}

/** f(D)·(D − p): no derivative of the loss is needed (Williams, "Simple statistical gradient-following algorithms for
 * connectionist reinforcement learning", Machine Learning 8, 1992). */
const SCORE: Entry = {
  family: "score function",
  tau: undefined,
  promise: "unbiased",
  gradients({ samples, logits, seed, stream }, loss) {
    const { sample } = gumbelMaxVjp(logits, { classes: CLASSES, seed, stream });
    const law = probabilities(LOGITS).flat();
    const gradients = new Float32Array(samples * SIZE);
    const unused = new Float32Array(samples * SIZE);
    for (let at = 0; at < gradients.length; at += SIZE) {
      const value = loss.evaluate(sample, at, unused);
      for (let i = 0; i < SIZE; i++) gradients[at + i] = value * (sample[at + i] - law[i]);
    }
    return gradients;
  },
};

const TAUS = [0.1, 0.3, 0.5, 1, 2];
const LESS = "as ST Gumbel, less variance";

export const ENTRIES: readonly Entry[] = [
  SCORE,
  ...[0.3, 0.5, 1].map((tau) => ({
    family: "REBAR",
    tau,
    promise: "unbiased" as const,
    gradients: ({ logits, seed, stream }: Draw, loss: Loss) =>
      rebar(logits, loss, { classes: CLASSES, variables: VARIABLES, tau, seed, stream }),
  })),
  ...TAUS.map((tau) =>
    oneHot("ST Gumbel", tau, "none", { estimator: "straight-through-gumbel", tau }),
  ),
  ...TAUS.map((tau) =>
    oneHot("Gumbel-Rao, 10", tau, LESS, { estimator: "gumbel-rao", tau, replicas: 10 }),
  ),
  ...TAUS.map((tau) =>
    oneHot("Gumbel-Rao, 100", tau, LESS, { estimator: "gumbel-rao", tau, replicas: 100 }),
  ),
  ...TAUS.map((tau) =>
    oneHot("straight-through", tau, "none", { estimator: "straight-through", tau }),
  ),
  ...[1, 1.5, 2].map((tau) =>
    oneHot("ReinMax", tau, tau === 1 ? "unbiased if quadratic" : "none", {
      estimator: "reinmax",
      tau,
    }),
  ),
  // Below, the gap is so many τ that the gradient all but vanishes.
  ...TAUS.slice(1).map((tau) => oneHot("GST-1.0", tau, "none", { estimator: "gst", tau })),
  ...TAUS.map((tau) =>
    oneHot("decoupled, drawn at 2", tau, "none", {
      estimator: "decoupled",
      temperature: 2,
      backwardTemperature: tau,
    }),
  ),
];
