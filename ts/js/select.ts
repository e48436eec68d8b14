/**
 * Weighted selection: up to which key do the weights of a list, smallest key first, reach a target?
 * By bins of the key's bits, from the highest on; a bin's weights are added in the order of the list.
 */

import { BLOCK } from "./row.ts";

/** Bins of one level. */
export const BINS = 2048;

/** Shifts of the levels: 11, 11 and 10 bits. */
const LEVELS = [21, 10, 0];

/** The sums of one level. */
export class Bins {
  readonly sums = new Float64Array(BINS);
  /** What is in the bins before the one that {@link cross} found. */
  before = 0;

  clear(before: number): void {
    this.sums.fill(0);
    this.before = before;
  }

  /** The bin in which the sum reaches the target; the last one with anything in it where none does. */
  cross(target: number): number {
    const { sums } = this;
    let sum = this.before;
    let last = 0;
    for (let bin = 0; bin < BINS; bin++) {
      const weight = sums[bin];
      if (weight > 0) {
        last = bin;
        this.before = sum;
        if (sum + weight >= target) break;
        sum += weight;
      }
    }
    return last;
  }
}

/** Keys with their weights. */
export class List {
  keys = new Uint32Array(BLOCK);
  weights = new Float32Array(BLOCK);
  length = 0;

  /** Empty, with room for so many. */
  start(most: number): void {
    this.length = 0;
    if (most <= this.keys.length) return;
    this.keys = new Uint32Array(most);
    this.weights = new Float32Array(most);
  }

  push(key: number, weight: number): void {
    this.keys[this.length] = key;
    this.weights[this.length++] = weight;
  }

  /**
   * The smallest key for which `before` and the weights of the keys up to it reach the target; the
   * largest key where they don't. Uses the list up.
   */
  reach(bins: Bins, before: number, target: number): number {
    const { keys, weights } = this;
    const { sums } = bins;
    let start = before;
    for (const shift of LEVELS) {
      if (this.#isOneBin(shift)) continue;
      bins.clear(start);
      for (let i = 0; i < this.length; i++) sums[(keys[i] >>> shift) % BINS] += weights[i];
      const bin = bins.cross(target);
      start = bins.before;
      const { length } = this;
      this.length = 0;
      for (let i = 0; i < length; i++) {
        if ((keys[i] >>> shift) % BINS === bin) this.push(keys[i], weights[i]);
      }
    }
    return keys[0];
  }

  /** Whether the keys don't differ in their bits from `shift` on, as with many equal values. */
  #isOneBin(shift: number): boolean {
    const { keys } = this;
    for (let i = 1; i < this.length; i++) {
      if (keys[i] >>> shift !== keys[0] >>> shift) return false;
    }
    return true;
  }
}
