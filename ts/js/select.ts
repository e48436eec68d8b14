/**
 * Weighted selection: up to which key do the weights of a list, smallest key first, reach a target?
 * By bins of keys that narrow the list, until its keys are equal. Each bin has four sums, for the
 * items ≡ 0, 1, 2 and 3 mod 4 of the list in its order: see `crates/kernels/src/tokens/select.rs`.
 */

import { fromBits, toBits } from "./math.ts";
import { BLOCK } from "./row.ts";

/** Bins of a step, a power of two. */
const BINS = 512;

/** The sums of a step. */
export class Bins {
  readonly #sums = new Float64Array(4 * BINS);
  /** What is in the bins before the one that {@link cross} found. */
  before = 0;

  clear(): void {
    this.#sums.fill(0);
  }

  /** Adds the weight of item `i`. */
  add(bin: number, i: number, weight: number): void {
    this.#sums[4 * bin + (i & 3)] += weight;
  }

  /** The bin in which the sum reaches the target; the last one with anything in it where none does. */
  cross(target: number): number {
    const sums = this.#sums;
    let sum = this.before;
    let last = 0;
    for (let bin = 0; bin < BINS; bin++) {
      const at = 4 * bin;
      const weight = sums[at] + sums[at + 2] + (sums[at + 1] + sums[at + 3]);
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

/** Keys with their weights > 0. */
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
   * The smallest key for which the weights of the keys up to it reach the target; the largest key
   * where they don't. Uses the list up. Keys may be the bits of positive floats.
   */
  reach(bins: Bins, target: number, areFloats: boolean): number {
    const { keys } = this;
    bins.before = 0;
    for (;;) {
      let [least, most] = [keys[0], keys[0]];
      for (let i = 1; i < this.length; i++) {
        if (keys[i] < least) least = keys[i];
        if (keys[i] > most) most = keys[i];
      }
      if (least === most) return most;
      this.#narrow(bins, target, new Scale(least, most, areFloats));
    }
  }

  /** Keeps the items of the bin in which `bins.before` and the weights reach the target. */
  #narrow(bins: Bins, target: number, scale: Scale): void {
    const { keys, weights, length } = this;
    bins.clear();
    for (let i = 0; i < length; i++) bins.add(scale.binOf(keys[i]), i, weights[i]);
    const bin = bins.cross(target);
    this.length = 0;
    for (let i = 0; i < length; i++) {
      if (scale.binOf(keys[i]) === bin) this.push(keys[i], weights[i]);
    }
  }
}

/** How keys are put into bins, the smallest into the first. */
class Scale {
  readonly #isRaised: boolean;
  readonly #by: number;
  readonly #first: number;
  readonly #shift: number;

  constructor(least: number, most: number, areFloats: boolean) {
    this.#by = fromBits(most);
    const [first, last] = [this.#raise(least), this.#raise(most)];
    this.#isRaised = areFloats && first < last;
    this.#first = this.#isRaised ? first : least;
    const span = this.#isRaised ? last - first : most - least;
    let shift = 0;
    while (span >>> shift >= BINS) shift++;
    this.#shift = shift;
  }

  /** Floats between the largest one and twice that are spread evenly by their bits. */
  #raise(key: number): number {
    return toBits(fromBits(key) + this.#by);
  }

  binOf(key: number): number {
    return ((this.#isRaised ? this.#raise(key) : key) - this.#first) >>> this.#shift;
  }
}
