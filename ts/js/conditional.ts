/**
 * Gumbel variables with given locations and a given maximum (Kool, van Hoof & Welling, "Stochastic
 * beams and where to find them", ICML 2019, appendix B.3).
 *
 * Which variable is the largest doesn't depend on how large it is. So perturbed locations g = l + G
 * with maximum Z are drawn as ever, and then moved to the wanted maximum M by
 * M − log(1 + e^(M − g)·(1 − e^(g − Z))), in float64, which leaves their order as it is.
 */

import { expF64, expm1F64, log1pF64, logF64 } from "./math.ts";
import { gumbelMax, type Noise } from "./relaxed.ts";
import { BLOCK, blockEnd, type Input, type Params } from "./row.ts";

/**
 * Writes the variables of a row with locations `input` and maximum `max`; `params` is of a
 * temperature of 1. Returns whether the row is valid; if not, nothing is written. `out` may be the
 * logits or the noise. `room` is room for a row.
 */
export function gumbelGivenMax(
  input: Input,
  classes: number,
  params: Params,
  max: number,
  noise: Noise,
  room: Float32Array,
  out: Float32Array,
  to: number,
): boolean {
  const { logits, at } = input;
  const winner = gumbelMax(input, classes, params, noise, room);
  if (winner < 0) return false;
  for (let start = 0; start < classes; start += BLOCK) {
    const count = blockEnd(start, classes) - start;
    noise.block(start, count, classes);
    const [g, gAt] = [noise.values, noise.at];
    for (let i = 0; i < count; i++) room[start + i] = g[gAt + i];
  }
  const largest = logits[at + winner] + room[winner];
  for (let i = 0; i < classes; i++) out[to + i] = moved(logits[at + i] + room[i], largest, max);
  out[to + winner] = max;
  return true;
}

/** `g` moved so that `largest` becomes `max`. Never above it: a logarithm of 1 and more is taken away. */
function moved(g: number, largest: number, max: number): number {
  if (g === Number.NEGATIVE_INFINITY) return g;
  const below = g - largest;
  // The winner is that of the float32 scores: in float64 another may reach it.
  if (below >= 0) return max;
  const share = -expm1F64(below);
  const drop = max - g;
  // Beyond e^700 the 1 adds nothing.
  return drop > 700 ? g - logF64(share) : max - log1pF64(expF64(drop) * share);
}
