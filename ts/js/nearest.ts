/**
 * Filters that keep the classes nearest to something until their probabilities reach p: top-p
 * (Holtzman et al. 2020), nearest to the largest logit, and locally typical sampling (Meister et
 * al. 2023), nearest to the entropy. With t = (x − max)·rate, log2 of the probability but for a
 * constant, their distances are |t| and |t − its mean|; see `crates/kernels/src/tokens/nearest.rs`.
 */

import { exps, fromBits, LOG2_E, logF64 } from "./math.ts";
import { BLOCK, blockEnd } from "./row.ts";
import type { Bins, List } from "./select.ts";
import { blockSum } from "./sums.ts";

const fround = Math.fround;

/** Weights below this are 0. */
const LEAST_WEIGHT = 2 ** -126;
/** More than exponentials can be off. */
const MARGIN = 1 / 1024;

/** Room for a row, which is kept from row to row. */
export class NearestRoom {
  weights = new Float32Array(BLOCK);
  distances = new Float32Array(BLOCK);

  reserve(classes: number): void {
    if (classes <= this.weights.length) return;
    this.weights = new Float32Array(classes);
    this.distances = new Float32Array(classes);
  }

  /** Writes the exponentials of a row, and their logarithms t to `distances`; returns the sum. */
  weigh(row: Float32Array, classes: number, max: number, rate: number): number {
    const { weights, distances } = this;
    exps(row, 0, weights, 0, classes, max, rate);
    for (let i = 0; i < classes; i++) distances[i] = fround(row[i] - max) * rate;
    let total = 0;
    for (let start = 0; start < classes; start += BLOCK) {
      total += blockSum(weights, start, blockEnd(start, classes));
    }
    return total;
  }

  /** Makes the logarithms their distances to `center`. */
  measure(classes: number, center: number): void {
    const { distances } = this;
    for (let i = 0; i < classes; i++) {
      const t = fround(distances[i] - center);
      // No zero with a sign, which would be a bit of the key.
      distances[i] = 0 - t < t ? t : 0 - t;
    }
  }
}

const terms = /* @__PURE__ */ new Float64Array(BLOCK);

/** Keeps the smallest set of largest probabilities whose sum reaches `p`. */
export function topP(
  row: Float32Array,
  classes: number,
  max: number,
  rate: number,
  p: number,
  room: NearestRoom,
  list: List,
  bins: Bins,
): void {
  const total = room.weigh(row, classes, max, rate);
  room.measure(classes, 0);
  keepNearest(row, classes, negligible(classes, p, total), p * total, room, list, bins);
}

/** Keeps the smallest set of probabilities with a logarithm nearest to its mean whose sum reaches `p`. */
export function typicalP(
  row: Float32Array,
  classes: number,
  max: number,
  rate: number,
  p: number,
  room: NearestRoom,
  list: List,
  bins: Bins,
): void {
  const total = room.weigh(row, classes, max, rate);
  const mean = weightedSum(room.weights, room.distances, classes) / total;
  const part = negligible(classes, p, total);
  const least = logF64(part) * LOG2_E + MARGIN <= 2 * mean ? part : 0;
  room.measure(classes, fround(mean));
  keepNearest(row, classes, least, p * total, room, list, bins);
}

/** Classes with a smaller weight aren't the last one kept by top-p. */
function negligible(classes: number, p: number, total: number): number {
  return (((1 - p) * total) / classes) * (1 - MARGIN);
}

/** Σ weight·value where there is a weight. */
function weightedSum(weights: Float32Array, values: Float32Array, classes: number): number {
  let total = 0;
  for (let start = 0; start < classes; start += BLOCK) {
    const count = blockEnd(start, classes) - start;
    for (let i = 0; i < count; i++) {
      const weight = weights[start + i];
      terms[i] = weight > 0 ? weight * values[start + i] : 0;
    }
    total += blockSum(terms, 0, count);
  }
  return total;
}

/**
 * Drops classes that are farther than the distance up to which weights reach the target, counting
 * those of at least `negligible` alone.
 */
function keepNearest(
  row: Float32Array,
  classes: number,
  negligible: number,
  wanted: number,
  { weights, distances }: NearestRoom,
  list: List,
  bins: Bins,
): void {
  // No set is empty, not even for p = 0.
  const target = wanted > 0 ? wanted : 2 ** -1022;
  const light = fround(negligible);
  const least = light > LEAST_WEIGHT ? light : LEAST_WEIGHT;
  const bits = new Uint32Array(distances.buffer);
  list.start(classes);
  for (let i = 0; i < classes; i++) if (weights[i] >= least) list.push(bits[i], weights[i]);
  const farthest = fromBits(list.reach(bins, target, true));
  for (let i = 0; i < classes; i++) {
    if (!(distances[i] <= farthest)) row[i] = Number.NEGATIVE_INFINITY;
  }
}
