/** The last step of a backward product where the value is one a row. */

import { canonical } from "../js/math.ts";

/** v·x, and exactly 0 where the derivative x is, whatever v holds. */
export function product(v: number, x: number): number {
  // + 0 turns −0 into 0.
  return x === 0 ? 0 : canonical(v * x + 0);
}
