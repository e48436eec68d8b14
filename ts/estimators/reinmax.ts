/**
 * ReinMax (Liu et al. 2023, algorithm 2): Heun's method in place of Euler's, which straight-through amounts to. The
 * average of the law and the draw takes the place of the law, and half the straight-through gradient is taken off.
 */

import type { PerRow } from "../arrays.ts";
import { kernels } from "../backend.ts";
import { canonical } from "../js/math.ts";
import { dot } from "../js/reduce.ts";
import { readRate } from "../rate.ts";
import {
  backwardBatch,
  type Draw,
  drawAt,
  type Estimator,
  type EstimatorOptions,
  logitsOf,
} from "./draw.ts";

/**
 * ReinMax: 2·J((softmax(l/τ) + D)/2)v − J(softmax(l))v/2, where D is the sample.
 *
 * At τ = 1 its mean is exact for losses quadratic in the sample, and second-order accurate for others. The draw enters
 * by D and by v, so even linear losses have variance, mostly more than with plain straight-through; a larger τ often
 * takes a little of it, for bias. As in the authors' code there is no factor 1/τ.
 */
export interface ReinMaxOptions extends EstimatorOptions {
  /** Which estimator. */
  estimator: "reinmax";
  /** τ, finite and ≥ 1, one or one a row: the authors' code refuses less. Default 1. */
  tau?: PerRow<number> | undefined;
}

/** What τ may be: the authors' code refuses less. */
const LIMIT = 'a finite number >= 1 with "reinmax" (Liu et al. 2023)';

/**
 * 2·J((π' + D)/2)v − J(π)v/2 with π = softmax(l) and π' = softmax(l/τ).
 *
 * Multiplied out it is π'·(v − m) − π·(v − ⟨π, v⟩)/2, and v − m besides for the class drawn, where m lies half way from
 * ⟨π', v⟩ to the v of that class.
 */
export function reinMax(draw: Draw, options: ReinMaxOptions): Estimator {
  const { rows, classes } = draw.input;
  const tau = readRate(
    "tau",
    options.tau,
    rows,
    (tau) => tau >= 1,
    () => LIMIT,
  );
  return {
    forward: (out) => drawAt(draw, 1, out),
    backward: (v, index, out) => {
      const logits = logitsOf(draw);
      kernels().softmax(backwardBatch(draw, tau), logits, out);
      const law = tau === 1 ? out : new Float32Array(out.length);
      if (law !== out) kernels().softmax(backwardBatch(draw, 1), logits, law);
      for (let row = 0; row < rows; row++) {
        const at = row * classes;
        if (index[row] >= 0) combine(out, law, v, at, classes, at + index[row]);
      }
    },
  };
}

/** Turns π' in `y` into the gradient of a row, in float64. Where both laws are 0 nothing of v is looked at. */
function combine(
  y: Float32Array,
  law: Float32Array,
  v: Float32Array,
  at: number,
  classes: number,
  drawn: number,
): void {
  const mean = dot(law, at, v, at, classes);
  const middle = 0.5 * ((law === y ? mean : dot(y, at, v, at, classes)) + v[drawn]);
  const own = (1 + y[drawn]) * (v[drawn] - middle) - 0.5 * law[drawn] * (v[drawn] - mean);
  for (let i = at; i < at + classes; i++) {
    if (y[i] === 0 && law[i] === 0) continue;
    y[i] = canonical(y[i] * (v[i] - middle) - 0.5 * law[i] * (v[i] - mean));
  }
  y[drawn] = canonical(own);
}
