/** The k largest logits, and those that equal the last of them. */

import { dropBelow } from "./drop.ts";
import { fromBits, toBits } from "./math.ts";
import { BLOCK } from "./row.ts";
import type { Bins, List } from "./select.ts";

/** Parts of a block that have a largest logit of their own: part j takes the columns ≡ j. */
const FEW_PARTS = 4;
const PARTS = 16;

const largest = /* @__PURE__ */ new Float32Array(PARTS);

/** Drops what is below the k-th largest logit. */
export function topK(row: Float32Array, classes: number, k: number, list: List, bins: Bins): void {
  const least = boundOf(row, classes, k, list, bins);
  list.start(classes);
  for (let i = 0; i < classes; i++) {
    const x = row[i];
    if (x >= least && x > Number.NEGATIVE_INFINITY) list.push(toKey(x), 1);
  }
  dropBelow(row, classes, fromKey(list.reach(bins, k, false)));
}

/**
 * A lower bound of the k-th largest logit, so that few have to be listed: the k-th largest of the
 * maxima of parts of the row, since each part has such a logit. −∞ where there are fewer parts.
 */
function boundOf(row: Float32Array, classes: number, k: number, list: List, bins: Bins): number {
  const blocks = classes >>> 8;
  const parts = k <= blocks ? FEW_PARTS : PARTS;
  if (blocks * parts < k) return Number.NEGATIVE_INFINITY;
  list.start(blocks * parts);
  for (let start = 0; start < blocks * BLOCK; start += BLOCK) {
    largest.fill(Number.NEGATIVE_INFINITY);
    for (let i = 0; i < BLOCK; i++) {
      const x = row[start + i];
      if (largest[i % parts] < x) largest[i % parts] = x;
    }
    for (let j = 0; j < parts; j++) list.push(toKey(largest[j]), 1);
  }
  return fromKey(list.reach(bins, k, false));
}

/** Smaller keys for larger values; −0 is 0. */
function toKey(x: number): number {
  const bits = toBits(x + 0);
  return bits < 0x80000000 ? 0x7fffffff - bits : bits;
}

function fromKey(key: number): number {
  return fromBits(key < 0x80000000 ? 0x7fffffff - key : key);
}
