/** The logistic function in float64, by + − × ÷ alone, so that every engine gives the same bits. */

import { expF64 } from "../js/math.ts";

/** σ(x) = 1/(1 + e^−x), to a few units in the last place at both ends. */
export function sigmoidF64(x: number): number {
  if (x >= 0) return 1 / (1 + expF64(-x));
  const e = expF64(x);
  return e / (1 + e);
}
