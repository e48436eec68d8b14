/**
 * Gumbel-Rao (Paulus, Maddison & Krause 2021, GR-MCK): the straight-through Gumbel-Softmax gradient averaged over
 * noise with which the same class would have been drawn.
 */

import { MAX_COLUMNS, type PerRow } from "../arrays.ts";
import { integer, kindError, stateError } from "../check.ts";
import { readPositive } from "../rate.ts";
import {
  backwardBatch,
  type Draw,
  drawAt,
  type Estimator,
  type EstimatorOptions,
  logitsOf,
} from "./draw.ts";
import { estimatorKernels } from "./kernels.ts";

/**
 * Gumbel-Rao: the mean of J(softmax(z/τ))v/τ over replicas of the perturbed logits z, each drawn given that the class
 * of the sample is the largest.
 *
 * For any number of replicas it has the bias of straight-through Gumbel-Softmax at this τ, and at most its variance:
 * above one, less, at the price of one more row of noise for each. So small τ become usable.
 */
export interface GumbelRaoOptions extends Omit<EstimatorOptions, "noise"> {
  /** Which estimator. */
  estimator: "gumbel-rao";
  /** τ, finite and > 0, one or one a row. Default 1. */
  tau?: PerRow<number> | undefined;
  /**
   * How many: an integer ≥ 1, times the classes (rounded up to a multiple of 4) at most 2^30. Default 10.
   */
  replicas?: number | undefined;
  /** Can't be given: the replicas need random words of their own, so a key. */
  noise?: undefined;
}

/** The mean over replicas of J(softmax(z/τ))v/τ, each z made anew in the kernel, given that the drawn class wins. */
export function gumbelRao(draw: Draw, options: GumbelRaoOptions): Estimator {
  if (draw.noise !== undefined) {
    throw kindError(
      "noise",
      'no estimator "gumbel-rao" with it, whose replicas need a key',
      draw.noise,
    );
  }
  const { rows, classes } = draw.input;
  const tau = readPositive("tau", options.tau, rows);
  const replicas = readReplicas(options.replicas, classes);
  return {
    forward: (out) => drawAt(draw, 1, out),
    backward: (v, index, out) => {
      const batch = backwardBatch(draw, tau);
      estimatorKernels().gumbelRao(batch, logitsOf(draw), index, v, replicas, out);
    },
  };
}

/** Replicas stand side by side in the columns of a row of words, each in whole blocks of four. */
function readReplicas(value: unknown, classes: number): number {
  const replicas = value === undefined ? 10 : integer("replicas", value, 1, MAX_COLUMNS);
  const width = 4 * Math.ceil(classes / 4);
  if (replicas * width <= MAX_COLUMNS) return replicas;
  const got = `${replicas * width} (${width} a replica)`;
  throw stateError("replicas", "2^30 columns of noise at most", got);
}
