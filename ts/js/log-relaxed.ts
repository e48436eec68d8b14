/** Gumbel-Softmax of one row in log space: samples of ExpConcrete (Maddison, Mnih & Teh 2017, appendix C.3). */

import type { Noise } from "./relaxed.ts";
import type { Input, Params } from "./row.ts";
import { logSoftmaxFrom } from "./softmax.ts";
import { relativeScores } from "./tau.ts";

/** The logarithm of the soft sample at the temperature τ of `params`. Returns whether the row is valid. */
export function logGumbelSoftmax(
  input: Input,
  classes: number,
  params: Params,
  noise: Noise,
  [relative, room]: readonly [Float32Array, Float32Array],
  out: Float32Array,
  to: number,
): boolean {
  if (!relativeScores(input, classes, params, noise, relative)) return false;
  logSoftmaxFrom(relative, classes, room, out, to);
  return true;
}
