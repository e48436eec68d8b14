/**
 * Gapped straight-through (Fan et al. 2022, §4.2): instead of noise that the drawn class won by, the least move of the
 * logits that lets it win by a gap. The gradient takes the moves as constants, as the authors' `gst_mover` does.
 */

import type { PerRow } from "../arrays.ts";
import { kernels } from "../backend.ts";
import { kindError, valueError } from "../check.ts";
import { log1pF64, logF64 } from "../js/math.ts";
import { inspect } from "../js/row.ts";
import { readPositive } from "../rate.ts";
import {
  backwardAt,
  backwardBatch,
  type Draw,
  drawAt,
  type Estimator,
  type EstimatorOptions,
  logitsOf,
} from "./draw.ts";

/**
 * Gapped straight-through: J(softmax(m/τ))v/τ, where m are the logits with the class of the sample moved up to the
 * largest, and the others down to at least a gap below that. The moves count as constants.
 *
 * Biased. Given the sample there is nothing random in it, at the price of one softmax. A gap large beside τ makes that
 * nearly one-hot, and gradients small.
 */
export interface GstOptions extends EstimatorOptions {
  /** Which estimator. */
  estimator: "gst";
  /** τ, finite and > 0, one or one a row. Default 1. */
  tau?: PerRow<number> | undefined;
  /**
   * The gap, finite and ≥ 0; or `"p"` for −log(1 − p)/p where p is the probability of the class drawn (GST-p). At p = 1,
   * where the others are below 2^-100, the gradient is 0. Default 1 (GST-1.0).
   */
  gap?: number | "p" | undefined;
}

/** J(softmax(moved/τ))v/τ: the drawn class is moved up to the largest logit, others down to that less the gap. */
export function gst(draw: Draw, options: GstOptions): Estimator {
  const tau = readPositive("tau", options.tau, draw.input.rows);
  const gap = readGap(options.gap);
  return {
    forward: (out) => drawAt(draw, 1, out),
    backward: (v, index, out) => {
      const logits = logitsOf(draw);
      const { rows, classes } = draw.input;
      if (gap === "p") kernels().softmax(backwardBatch(draw, 1), logits, out);
      for (let row = 0; row < rows; row++) {
        const [at, drawn] = [row * classes, index[row]];
        const wide = gap === "p" ? gapOf(out, at, classes, drawn) : gap;
        move(logits, at, classes, drawn, wide, out);
      }
      backwardAt(draw, tau, out, v, out);
    },
  };
}

/** The moved logits of a row relative to its largest. */
function move(
  x: Float32Array,
  at: number,
  classes: number,
  drawn: number,
  gap: number,
  out: Float32Array,
): void {
  const max = inspect(x, at, classes);
  for (let i = at; i < at + classes; i++) {
    const below = x[i] - max;
    out[i] = below < -gap ? below : -gap;
  }
  if (drawn >= 0) out[at + drawn] = 0;
}

/** −log(1 − p)/p for the probability p of the class drawn; 1 − p from the others, which keeps its digits. */
function gapOf(law: Float32Array, at: number, classes: number, drawn: number): number {
  const p = law[at + drawn];
  let others = 0;
  for (let i = at; i < at + classes; i++) if (i !== at + drawn) others += law[i];
  if (others === 0) return Infinity;
  if (p === 0) return 1;
  return others < 0.5 ? -logF64(others) / (1 - others) : -log1pF64(-p) / p;
}

function readGap(value: unknown): number | "p" {
  if (value === undefined) return 1;
  if (value === "p") return value;
  const expected = 'a finite number >= 0, or "p"';
  if (typeof value === "number") {
    if (value >= 0 && value < Infinity) return value;
    throw valueError("gap", expected, value);
  }
  throw typeof value === "string"
    ? valueError("gap", expected, value)
    : kindError("gap", expected, value);
}
