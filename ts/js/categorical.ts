/**
 * Draws by inverse CDF, without noise: one word a draw.
 *
 * The law has two levels, both in float64: T_b, the sum of block b (256 columns), and B, the running
 * sum of T. A draw u picks the first block whose B passes u·ΣT, then the first column in it whose
 * running sum passes it. Every step is monotone in u, so the 32 bits that a first word leaves open
 * matter only where u = k·2^-32 and u = (k + 1)·2^-32 give different classes: there, and only
 * there, a second word is drawn. The law is exact to about 2^-50 for one word a draw.
 */

import { fillWords, Purpose, word } from "./philox.ts";
import { expSum, WIDTH } from "./reduce.ts";
import { argmax, BLOCK, blockEnd, type Input, inspect, isFixed, type Params } from "./row.ts";

const TWO_M32 = 2 ** -32;

/**
 * Draws `draws` columns to `out` from `to` on, draw j from the words of column `params.first + j`.
 * Returns whether the row is valid; if not, nothing is written.
 */
export function categorical(
  input: Input,
  classes: number,
  params: Params,
  law: Cumulative,
  draws: number,
  out: Int32Array,
  to: number,
): boolean {
  const { logits, at } = input;
  const max = inspect(logits, at, classes);
  if (Number.isNaN(max)) return false;
  if (isFixed(max, params)) {
    out.fill(argmax(input.given, input.givenAt, classes), to, to + draws);
    return true;
  }
  law.set(logits, at, classes, max, params.rate);
  // Words come in fours: the first ones may belong to draws before this one.
  const skip = params.first % 4;
  for (let start = 0; start < skip + draws; start += BLOCK) {
    const end = blockEnd(start, skip + draws);
    law.drawBlock(params, start - skip, end - skip, out, to);
  }
  return true;
}

/** The cumulative law of a row. */
export class Cumulative {
  #classes = 0;
  #blocks = 0;
  #weights = new Float32Array(BLOCK);
  /** B: 0, then one running sum a block. */
  #sums = new Float64Array(2);
  readonly #words = new Int32Array(BLOCK);
  /** The same column is found for every larger target below this one. */
  #until = 0;

  /** Computes weights and running sums from logits with maximum `max`. */
  set(logits: Float32Array, at: number, classes: number, max: number, rate: number): void {
    this.#classes = classes;
    this.#blocks = (classes + BLOCK - 1) >>> 8;
    if (classes > this.#weights.length) {
      this.#weights = new Float32Array(classes);
      this.#sums = new Float64Array(this.#blocks + 1);
    }
    expSum(logits, at, this.#weights, 0, classes, max, rate);
    for (let b = 0; b < this.#blocks; b++) {
      const start = b * BLOCK;
      const sum = blockSum(this.#weights, start, blockEnd(start, classes));
      this.#sums[b + 1] = this.#sums[b] + sum;
    }
  }

  /** Makes the draws from `start` (below 0: not wanted) to `end`, the words of one block. */
  drawBlock(params: Params, start: number, end: number, out: Int32Array, to: number): void {
    const words = this.#words;
    fillWords(params, Purpose.draw, params.first + start, words, end - start);
    for (let draw = start; draw < end; draw++) {
      if (draw < 0) continue;
      out[to + draw] = this.#draw(params, params.first + draw, words[draw - start] >>> 0);
    }
  }

  /** The class of the draw number `draw`, whose first word is `high`. */
  #draw(params: Params, draw: number, high: number): number {
    const total = this.#sums[this.#blocks];
    const column = this.#find(high * TWO_M32 * total);
    if ((high + 1) * TWO_M32 * total < this.#until) return column;
    const u = (high + (word(params, Purpose.drawLow, draw) + 0.5) * TWO_M32) * TWO_M32;
    return this.#find(u * total);
  }

  #find(target: number): number {
    let last = 0;
    for (let b = 0; b < this.#blocks; b++) {
      const end = this.#sums[b + 1];
      if (end > target) return this.#findInBlock(b, target, end);
      if (end > this.#sums[b]) last = b;
    }
    // Past the end: the last block with anything in it.
    return this.#findInBlock(last, target, Number.POSITIVE_INFINITY);
  }

  #findInBlock(block: number, target: number, until: number): number {
    const weights = this.#weights;
    const start = block * BLOCK;
    const end = blockEnd(start, this.#classes);
    let sum = this.#sums[block];
    let last = start;
    this.#until = until;
    for (let i = start; i < end; i++) {
      sum += weights[i];
      if (sum > target) {
        // No further than the block's own end, which is another sum.
        if (sum < until) this.#until = sum;
        return i;
      }
      if (weights[i] > 0) last = i;
    }
    return last;
  }
}

const partial = /* @__PURE__ */ new Float64Array(WIDTH);

/** The sum of a block in the order of `reduce.ts`, but in float64. */
function blockSum(weights: Float32Array, start: number, end: number): number {
  partial.fill(0);
  for (let i = start; i < end; i++) partial[i % WIDTH] += weights[i];
  for (let half = WIDTH >> 1; half > 0; half >>= 1) {
    for (let j = 0; j < half; j++) partial[j] += partial[j + half];
  }
  return partial[0];
}
