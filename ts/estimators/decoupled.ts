/**
 * Decoupled straight-through (Shah et al. 2024): one temperature for what is drawn, another for how the gradient is
 * spread over the classes. Both divide the logits alone, so the first changes the law of the draw.
 */

import type { PerRow } from "../arrays.ts";
import { kernels } from "../backend.ts";
import { readFlag } from "../check.ts";
import { inspect } from "../js/row.ts";
import { readPositive, readTemperature, scaleOf, tauOf } from "../rate.ts";
import {
  backwardAt,
  backwardBatch,
  type Draw,
  drawAt,
  type Estimator,
  type EstimatorOptions,
  logitsOf,
} from "./draw.ts";

const fround = Math.fround;

/**
 * Decoupled temperatures: the draw follows softmax(l/T), as by `gumbelMax` at temperature T, and the gradient is
 * J(softmax(l/T'))v/T'. So T says how much is explored and T' how far the gradient is spread over the classes.
 *
 * Both temperatures divide the logits and not the noise, as in the paper, which calls them τf and τb; at T = 1 the draw
 * is that of the other estimators. With equal temperatures it is straight-through for the logits l/T. Biased; the best
 * pairs found in the paper's experiments were unequal. (Programs that divide logits and noise by both have no use for the
 * first, which then changes no draw: that is straight-through Gumbel-Softmax at τ = T'.)
 */
export interface DecoupledOptions extends EstimatorOptions {
  /** Which estimator. */
  estimator: "decoupled";
  /** T of the draw, finite and ≥ 0, one or one a row; 0 draws the largest logit. Default 1. */
  temperature?: PerRow<number> | undefined;
  /** T' of the gradient, finite and > 0, one or one a row. Default 1. */
  backwardTemperature?: PerRow<number> | undefined;
  /**
   * Whether the gradient is that of softmax(l/T' + G), with the noise of the draw: Decoupled ST-GS, the paper's first
   * version. Default false: Decoupled ST, its second.
   */
  backwardNoise?: boolean | undefined;
}

/** J(y)v/T' with y = softmax(l/T'), or softmax(l/T' + G) with the noise G of the draw. */
export function decoupled(draw: Draw, options: DecoupledOptions): Estimator {
  const { rows } = draw.input;
  const temperature = readTemperature(options.temperature, rows);
  const backwardTemperature = readPositive(
    "backwardTemperature",
    options.backwardTemperature,
    rows,
  );
  const backwardNoise = readFlag("backwardNoise", options.backwardNoise, false);
  return {
    forward: (out) => drawAt(draw, temperature, out),
    backward: (v, _, out) => {
      const logits = logitsOf(draw);
      if (!backwardNoise) return backwardAt(draw, backwardTemperature, logits, v, out);
      perturb(draw, backwardTemperature, logits, out);
      kernels().softmaxBackward(backwardBatch(draw, backwardTemperature), out, v, out);
    },
  };
}

/** softmax(l/t + G). */
function perturb(draw: Draw, t: number | number[], logits: Float32Array, out: Float32Array): void {
  const { rows, classes } = draw.input;
  for (let row = 0; row < rows; row++) {
    const scale = fround(scaleOf(tauOf(t, row)));
    scaleRow(logits, row * classes, classes, scale, out);
  }
  kernels().gumbelSoftmax(backwardBatch(draw, 1), out, draw.noise, { soft: out });
}

/** (l − max l)·scale, as Gumbel-Max has it; where one class is certain, 0 there and −∞ elsewhere. */
function scaleRow(
  x: Float32Array,
  at: number,
  classes: number,
  scale: number,
  out: Float32Array,
): void {
  const max = inspect(x, at, classes);
  for (let i = at; i < at + classes; i++) {
    out[i] = x[i] === max ? 0 : fround(fround(x[i] - max) * scale);
  }
}
