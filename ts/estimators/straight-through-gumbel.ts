/**
 * Straight-through Gumbel-Softmax (Jang, Gu & Poole 2017, §2.2): backward as if the sample had been
 * y = softmax((l + G)/τ), whose argmax is the class that was drawn.
 */

import type { PerRow } from "../arrays.ts";
import { kernels } from "../backend.ts";
import { makeBatch } from "../batch.ts";
import { readPositive } from "../rate.ts";
import { backwardBatch, type Draw, type Estimator, type EstimatorOptions } from "./draw.ts";

/**
 * Straight-through Gumbel-Softmax, the default: J(y)v/τ with y = softmax((l + G)/τ) and the noise G of the draw.
 *
 * Biased, also where the loss is linear: less so the smaller τ is, while the variance grows as τ falls.
 */
export interface StraightThroughGumbelOptions extends EstimatorOptions {
  /** Which estimator. */
  estimator?: "straight-through-gumbel" | undefined;
  /** τ, finite and > 0, one or one a row. Default 1. */
  tau?: PerRow<number> | undefined;
}

/** J(y)v/τ. The soft sample is kept: it comes with the draw for a fraction of what its noise took. */
export function straightThroughGumbel(
  draw: Draw,
  options: StraightThroughGumbelOptions,
): Estimator {
  const { input, noise } = draw;
  const tau = readPositive("tau", options.tau, input.rows);
  const soft = new Float32Array(input.data.length);
  const batch = makeBatch(input, { ...draw, t: tau });
  return {
    forward: (out) => kernels().gumbelSoftmax(batch, input.data, noise, { ...out, soft }),
    backward: (v, _, out) => kernels().softmaxBackward(backwardBatch(draw, tau), soft, v, out),
  };
}
