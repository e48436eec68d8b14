/** 4: a hard sample that can be learnt through. */

import { gumbelNoise, gumbelSoftmaxVjp, type Rng } from "gumbel";
import { FORTUNES, GENTLEMEN, mentions } from "../gentlemen.ts";
import { fixed, signedBar, wrap } from "../pictures.ts";
import { dot, numericGradient, softFormula } from "../soft-formula.ts";
import { WIDTH } from "../terminal.ts";
import type { Section } from "./section.ts";

const TAU = 1;
const BAR = 31;

export interface GradientCheck {
  /** Forward: exactly one-hot. */
  readonly hard: Float32Array;
  readonly soft: Float32Array;
  /** Backward: the gradient of Σ v·soft by the logits. */
  readonly analytic: Float32Array;
  /** The same by differences of the float64 formula under the same noise. */
  readonly numeric: number[];
  readonly errors: number[];
}

/** Draws a hard sample and checks its gradient. */
export function checkGradient(
  logits: Float32Array,
  v: readonly number[],
  tau: number,
  rng: Rng,
): GradientCheck {
  const key = rng.next();
  const { sample, soft, vjp } = gumbelSoftmaxVjp(logits, { hard: true, tau, ...key });
  const analytic = vjp(v).input;

  const noise = gumbelNoise(1, logits.length, key);
  const numeric = numericGradient((x) => dot(v, softFormula(x, noise, tau)), logits);
  const errors = numeric.map((slope, i) => Math.abs(slope - analytic[i]));
  return { hard: sample, soft, analytic, numeric, errors };
}

export const gradientSection: Section = {
  title: "4. Choose one, learn from all: the straight-through gradient",
  *lines({ novel, rng, paint }) {
    const logits = Float32Array.from(mentions(novel), Math.log);
    const { hard, soft, analytic, numeric, errors } = checkGradient(logits, FORTUNES, TAU, rng);
    const steepest = Math.max(...analytic.map(Math.abs));
    yield* wrap(
      "Forward, the hard sample is exactly one-hot. Backward, it borrows the slope of the soft sample: how the fortune " +
        "v of the chosen, in thousand pounds a year, changes with each logit (log w). Checked against finite " +
        `differences of the formula in float64 under the same noise, at tau ${TAU}.`,
      WIDTH,
    );
    yield "";
    const axis = "gradient".padStart((BAR + 8) >> 1).padEnd(BAR);
    yield paint.quiet(`${"v  hard   soft".padStart(25)}  ${axis}    analytic     numeric    error`);
    for (const [i, name] of GENTLEMEN.entries()) {
      const sample = `${String(FORTUNES[i]).padStart(3)}  ${String(hard[i]).padStart(4)}  ${fixed(soft[i], 3)}`;
      const slopes = fixed(analytic[i], 6).padStart(12) + fixed(numeric[i], 6).padStart(12);
      const picture = paint.picture(signedBar(analytic[i], steepest, BAR));
      yield `${name.padEnd(9)}${sample}  ${picture}${slopes}${errors[i].toExponential(0).padStart(9)}`;
    }
    yield "";
    yield* wrap(
      "They agree to the rounding of 32-bit numbers. The slopes sum to 0: what one class gains, the others lose.",
      WIDTH,
    );
  },
};
