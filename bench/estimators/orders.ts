/**
 * How fast a bias falls as the loss gets flatter, from all outcomes and no sample: an estimator is accurate to order n
 * where the part of the gradient that it misses falls like the n-th power of the step between classes.
 */

import { gumbelMaxVjp, type ReinMaxOptions, type StraightThroughOptions } from "gumbel/estimators";
import { norm } from "./moments.ts";
import {
  CLASSES,
  exactGradient,
  LOGITS,
  type Loss,
  outcomes,
  probabilities,
  SIZE,
} from "./problem.ts";

/** Options of estimators that depend on what was drawn alone. */
type OnDrawAlone = StraightThroughOptions | ReinMaxOptions;

/** Parts of the distance between two classes. */
export const STEPS: readonly number[] = [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64];

/** With the order that theory says. */
export const ORDERS: readonly { name: string; order: number; options: OnDrawAlone }[] = [
  { name: "straight-through", order: 1, options: { estimator: "straight-through" } },
  { name: "ReinMax", order: 2, options: { estimator: "reinmax" } },
];

/** More than any score in the problem: noise of this much decides a draw. */
const DECISIVE = 1000;

/** The loss of outcomes that are `step` as far apart. */
export function flatter(loss: Loss, step: number): Loss {
  const scaled = new Float32Array(SIZE);
  const slopes = new Float32Array(SIZE);
  return {
    ...loss,
    evaluate(x, at, gradient) {
      for (let i = 0; i < SIZE; i++) scaled[i] = step * x[at + i];
      const value = loss.evaluate(scaled, 0, slopes);
      for (let i = 0; i < SIZE; i++) gradient[at + i] = step * slopes[i];
      return value;
    },
  };
}

/** The bias of the mean estimate, as a part of the gradient's length. */
export function exactBias(loss: Loss, options: OnDrawAlone): number {
  const law = probabilities(LOGITS);
  const mean = new Array<number>(SIZE).fill(0);
  for (const classes of outcomes()) {
    const noise = new Float32Array(SIZE);
    for (const [i, k] of classes.entries()) noise[i * CLASSES + k] = DECISIVE;
    const { sample, vjp } = gumbelMaxVjp(LOGITS, { ...options, classes: CLASSES, noise });
    const upstream = new Float32Array(SIZE);
    loss.evaluate(sample, 0, upstream);
    const probability = classes.reduce((product, k, i) => product * law[i][k], 1);
    for (const [i, x] of vjp(upstream).input.entries()) mean[i] += probability * x;
  }
  const exact = exactGradient(loss);
  return norm(exact.map((x, i) => mean[i] - x)) / norm(exact);
}
