/**
 * Straight-through (Bengio, Léonard & Courville 2013, §4, for a class among several): backward as if the sample had
 * been softmax(l/τ), whatever was drawn.
 */

import type { PerRow } from "../arrays.ts";
import { readPositive } from "../rate.ts";
import {
  backwardAt,
  type Draw,
  drawAt,
  type Estimator,
  type EstimatorOptions,
  logitsOf,
} from "./draw.ts";

/**
 * Plain straight-through: J(softmax(l/τ))v/τ.
 *
 * At τ = 1 its mean is exact for losses linear in the sample, and first-order accurate for others. The draw enters by v
 * alone, so linear losses have no variance.
 */
export interface StraightThroughOptions extends EstimatorOptions {
  /** Which estimator. */
  estimator: "straight-through";
  /** τ, finite and > 0, one or one a row. Default 1. */
  tau?: PerRow<number> | undefined;
}

/** J(softmax(l/τ))v/τ. */
export function straightThrough(draw: Draw, options: StraightThroughOptions): Estimator {
  const tau = readPositive("tau", options.tau, draw.input.rows);
  return {
    forward: (out) => drawAt(draw, 1, out),
    backward: (v, _, out) => backwardAt(draw, tau, logitsOf(draw), v, out),
  };
}
