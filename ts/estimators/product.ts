/** A step of a backward product. */

/**
 * v·x, and exactly 0 where the derivative x is, whatever v holds. x is finite, so a NaN is that of v, which is to be
 * the one NaN: to see to that here costs as much as the rest.
 */
export function product(v: number, x: number): number {
  // + 0 turns −0 into 0.
  return x === 0 ? 0 : v * x + 0;
}
