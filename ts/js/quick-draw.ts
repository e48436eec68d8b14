/**
 * One draw by inverse CDF where rounding can't decide it: nearly always.
 *
 * Most of the time of {@link exps} goes into rounding each step to float32. Here the same polynomial
 * is evaluated in float64 alone, in half the time. The sums are then a little off those of
 * `categorical.ts`, and a draw that isn't farther from both ends of its class than they can be off
 * is left undecided.
 */

import { POWERS } from "./math.ts";

/** Longer rows leave too many draws undecided, one in 130 at this length. */
export const MOST_CLASSES = 1024;

/**
 * How far a sum or a target may be off, both together, relative to the sum of the row.
 *
 * Each polynomial is within 2^-22 of 2^t. Roundings of t move it by 2^-23·|t|, and 2^t by ln 2 times
 * that. Over a row whose largest weight is 1 the mean of |t| by weight is at most its entropy, so at
 * most log2(1024). That makes 11·2^-23 for a sum, twice as much with the target, and 2^-32 for what
 * a first word leaves open: below 2^-18.
 */
const MARGIN = 2 ** -18;

/**
 * The margin holds from this rate on. Differences of logits beyond float32 are −∞ in `categorical.ts` and stay what
 * they are here, at least 2^128 − 2^103; times this rate they are below −100, where both give 0.
 */
const LEAST_RATE = 2 ** -121;

/** Running sums of a row. */
const sums = /* @__PURE__ */ new Float64Array(MOST_CLASSES);

/**
 * The class of a draw whose first word is `high`, from at most {@link MOST_CLASSES} logits with
 * maximum `max`; −1 where it is undecided.
 */
export function quickDraw(
  logits: Float32Array,
  at: number,
  classes: number,
  max: number,
  rate: number,
  high: number,
): number {
  if (rate < LEAST_RATE) return -1;
  const powers = POWERS;
  let total = 0;
  for (let i = 0; i < classes; i++) {
    const t = (logits[at + i] - max) * rate;
    let r = t >= -100 ? t : -101;
    const n = r + 6755399441055744 - 6755399441055744;
    r -= n;
    const s = r * r;
    const p = (0.0013303570449352264 * r + 0.009672648273408413) * s;
    const q = 0.05550650879740715 * r + 0.2402222454547882;
    total += ((p + q) * s + (0.6931470036506653 * r + 1)) * powers[(n + 101) | 0];
    sums[i] = total;
  }
  const target = high * 2 ** -32 * total;
  const margin = MARGIN * total;
  let column = 0;
  let below = 0;
  while (column < classes - 1 && sums[column] <= target) below = sums[column++];
  const decided = target - below > margin && sums[column] - target > margin;
  return decided ? column : -1;
}
