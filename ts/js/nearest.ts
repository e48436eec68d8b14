/**
 * Filters that keep the classes nearest to something until their probabilities reach p: top-p
 * (Holtzman et al. 2020), nearest to the largest logit, and locally typical sampling (Meister et
 * al. 2023), nearest to the entropy. With t = (x − max)·rate, log2 of the probability but for a
 * constant, their distances are |t| and |t − its mean|; see `crates/kernels/src/tokens/nearest.rs`.
 */

import { exps, fromBits, LOG2_E, logF64 } from "./math.ts";
import { BLOCK, blockEnd } from "./row.ts";
import { BINS, type Bins, type List } from "./select.ts";
import { blockSum } from "./sums.ts";

const fround = Math.fround;

/** 1.5 · 2^23: a sum with it is rounded to an integer. */
const ROUND = 12582912;

/** Weights below this are 0. */
const LEAST_WEIGHT = 2 ** -126;
/** The bins of top-p reach at least so far, in powers of two. */
const LEAST_OCTAVES = 1 / 1024;
/** Bins of typical-p to a distance of 1. */
const TYPICAL_BINS = 64;

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
      distances[i] = t < 0 - t ? 0 - t : t;
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
  // Classes below an equal part of what may be missing can't all be missed: together they have less. So the last one
  // kept isn't among them; 2^-10 is more than exponentials can be off.
  const part = ((1 - p) * total) / classes;
  const least = fround(part * (1 - 1 / 1024));
  const octaves = 0 - logF64(part) * LOG2_E;
  const width = fround(BINS / (octaves > LEAST_OCTAVES ? octaves : LEAST_OCTAVES));
  room.measure(classes, 0);
  const counts = least > LEAST_WEIGHT ? least : LEAST_WEIGHT;
  keepNearest(row, classes, counts, width, p * total, room, list, bins);
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
  room.measure(classes, fround(mean));
  keepNearest(row, classes, LEAST_WEIGHT, TYPICAL_BINS, p * total, room, list, bins);
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
 * Drops classes that are farther than the distance up to which weights reach the target. It is
 * found in two steps: bins of equal width over the whole row, then the bits of the distances in the
 * bin where the sum reaches the target.
 */
function keepNearest(
  row: Float32Array,
  classes: number,
  least: number,
  width: number,
  wanted: number,
  { weights, distances }: NearestRoom,
  list: List,
  bins: Bins,
): void {
  // No set is empty, not even for p = 0.
  const target = wanted > 0 ? wanted : 2 ** -1022;
  const { sums } = bins;
  bins.clear(0);
  for (let i = 0; i < classes; i++) {
    if (weights[i] >= least) sums[binOf(distances[i], width)] += weights[i];
  }
  const crossed = bins.cross(target);
  list.start(classes);
  const bits = new Uint32Array(distances.buffer);
  for (let i = 0; i < classes; i++) {
    if (weights[i] >= least && binOf(distances[i], width) === crossed) {
      list.push(bits[i], weights[i]);
    }
  }
  const farthest = fromBits(list.reach(bins, bins.before, target));
  for (let i = 0; i < classes; i++) {
    if (!(distances[i] <= farthest)) row[i] = Number.NEGATIVE_INFINITY;
  }
}

/** The bin of a distance, rounded to the nearest; the last one takes what is beyond. */
function binOf(distance: number, width: number): number {
  const bin = fround(fround(distance * width) + ROUND) - ROUND;
  return bin < BINS - 1 ? bin : BINS - 1;
}
