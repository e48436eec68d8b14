/** min-p (Nguyen et al. 2024): classes of at least that fraction of the largest probability. */

import { dropBelow } from "./drop.ts";
import { fromBits, LOG2_E, logF64, toBits } from "./math.ts";

/** Keeps p ≥ `minP`·max p, that is (x − max)·rate ≥ log2(minP), in float64. */
export function minP(
  row: Float32Array,
  classes: number,
  max: number,
  rate: number,
  minP: number,
): void {
  const bound = max + (logF64(minP) * LOG2_E) / rate;
  const near = Math.fround(bound);
  // The least float32 that isn't below it.
  dropBelow(row, classes, near < bound ? nextUp(near) : near);
}

function nextUp(x: number): number {
  if (x === 0) return fromBits(1);
  return fromBits(x > 0 ? toBits(x) + 1 : toBits(x) - 1);
}
