/** A token a row of those that top-k or top-p keeps: by quickselect, and by sorting. */

import type { Filter } from "../tasks.ts";
import type { Xorshift128 } from "./xorshift128.ts";

/** Takes the least value that is kept from quickselect, then draws from those above. */
export function selectedTokens(
  random: Xorshift128,
  logits: Float32Array,
  { temperature, topK, topP }: Filter,
  room: Float64Array,
  index: Int32Array,
): void {
  const classes = room.length;
  const weights = new Float64Array(classes);
  const u = random.uniforms(index.length);
  for (let row = 0; row < index.length; row++) {
    const x = logits.subarray(row * classes, (row + 1) * classes);
    const largest = largestOf(x);
    let least = -Infinity;
    if (topK !== undefined) {
      room.set(x);
      least = leastKept(room, topK, false);
    }
    let sum = 0;
    for (let i = 0; i < classes; i++) {
      weights[i] = x[i] < least ? 0 : Math.exp((x[i] - largest) / temperature);
      sum += weights[i];
    }
    if (topP !== undefined) {
      room.set(weights);
      least = leastKept(room, topP * sum, true);
      sum = 0;
      for (let i = 0; i < classes; i++) {
        if (weights[i] < least) weights[i] = 0;
        sum += weights[i];
      }
    }
    index[row] = drawn(weights, u[row] * sum);
  }
}

/** As web pages do: all classes in the order of their logits, probabilities of all, and the first of these. */
export function sortedTokens(
  random: Xorshift128,
  logits: Float32Array,
  { temperature, topK, topP = 1 }: Filter,
  classes: number,
  index: Int32Array,
): void {
  const u = random.uniforms(index.length);
  for (let row = 0; row < index.length; row++) {
    const x = logits.subarray(row * classes, (row + 1) * classes);
    const order = Array.from(x.keys()).sort((a, b) => x[b] - x[a]);
    const kept = topK === undefined ? order : order.slice(0, topK);
    const weights = kept.map((i) => Math.exp((x[i] - x[order[0]]) / temperature));
    const sum = weights.reduce((a, b) => a + b);
    let end = 0;
    let mass = 0;
    while (end < weights.length && mass < topP * sum) mass += weights[end++];
    index[row] = order[drawn(weights, u[row] * mass)];
  }
}

/**
 * The least of the fewest largest values that are `target` many, or sum to it: Hoare's "Algorithm 65: find" (1961), in
 * three parts. Mixes the values.
 */
function leastKept(values: Float64Array, target: number, bySum: boolean): number {
  let low = 0;
  let high = values.length;
  while (high - low > 1) {
    const pivot = values[(low + high) >> 1];
    let larger = low;
    let smaller = high;
    let sum = 0;
    for (let i = low; i < smaller; ) {
      const value = values[i];
      if (value > pivot) {
        values[i++] = values[larger];
        values[larger++] = value;
        sum += value;
      } else if (value < pivot) {
        values[i] = values[--smaller];
        values[smaller] = value;
      } else {
        i++;
      }
    }
    const above = bySum ? sum : larger - low;
    const equal = bySum ? pivot * (smaller - larger) : smaller - larger;
    if (above >= target) {
      high = larger;
    } else if (above + equal >= target) {
      return pivot;
    } else {
      target -= above + equal;
      low = smaller;
    }
  }
  return values[high - 1];
}

function largestOf(x: Float32Array): number {
  let largest = -Infinity;
  for (let i = 0; i < x.length; i++) largest = Math.max(largest, x[i]);
  return largest;
}

/** The first class whose cumulative weight exceeds the target. */
function drawn(weights: ArrayLike<number>, target: number): number {
  let sum = 0;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    sum += weights[i];
    last = i;
    if (sum > target) break;
  }
  return last;
}
