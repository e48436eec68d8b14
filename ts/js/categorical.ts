/**
 * Draws by inverse CDF, without noise: one word a draw.
 *
 * The law has two levels, both in float64: T_b, the sum of block b (256 columns), and B, the running
 * sum of T. A draw u picks the first block whose B passes u·ΣT, then the first column in it whose
 * running sum passes it. Every step is monotone in u, so the 32 bits that a first word leaves open
 * matter only where u = k·2^-32 and u = (k + 1)·2^-32 give different classes: there, and only
 * there, a second word is drawn. The law is exact to about 2^-50 for one word a draw.
 */

import { Guide } from "./guide.ts";
import { exps } from "./math.ts";
import { fillRows, fillWords, Purpose, word } from "./philox.ts";
import { MOST_CLASSES, quickDraw } from "./quick-draw.ts";
import {
  argmax,
  BLOCK,
  blockEnd,
  CHUNK,
  type Input,
  inspect,
  isFixed,
  type Params,
  scratchOf,
} from "./row.ts";
import { blockSum } from "./sums.ts";

const TWO_M32 = 2 ** -32;

/** The guide of one call has this many entries a class, up to 2^20; and it is worth making for so many draws. */
const ENTRIES_A_CLASS = 4;
const DRAWS_A_CLASS = 1 / 16;

/** From so many blocks on, halving beats walking. */
const MANY_BLOCKS = 64;

/**
 * Draws `draws` columns to `out` from `to` on, draw j from the words of column `params.first + j`.
 * Returns whether the row is valid; if not, nothing is written. With `keepsLaw`, `law` is the row's
 * afterwards, unless one class is certain.
 */
export function categorical(
  input: Input,
  classes: number,
  params: Params,
  law: Cumulative,
  firstWords: FirstWords,
  keepsLaw: boolean,
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
  if (draws === 1) {
    const high = firstWords.of(params);
    if (classes <= MOST_CLASSES && !keepsLaw) {
      const column = quickDraw(logits, at, classes, max, params.rate, high);
      out[to] = column;
      if (column >= 0) return true;
    }
    law.set(logits, at, classes, max, params.rate);
    out[to] = law.draw(params, params.first, high);
    return true;
  }
  law.set(logits, at, classes, max, params.rate);
  if (draws > 8 && draws > classes * DRAWS_A_CLASS) law.setGuide(guideBits(classes));
  // Words come in fours: the first ones may belong to draws before this one.
  const skip = params.first % 4;
  for (let start = 0; start < skip + draws; start += BLOCK) {
    const end = blockEnd(start, skip + draws);
    law.drawBlock(params, 0, start - skip, end - skip, out, to);
  }
  return true;
}

function guideBits(classes: number): number {
  let bits = 6;
  while (1 << bits < ENTRIES_A_CLASS * classes && bits < 20) bits++;
  return bits;
}

/** The words of first draws, made for a chunk of rows at once: of the four of a block one is wanted. */
export class FirstWords {
  readonly #words = new Int32Array(4 * CHUNK + 4);
  /** The first row of the chunk that is there. */
  #chunk = -1;

  /** Forgets the words of the batch before. */
  start(): void {
    this.#chunk = -1;
  }

  /** The word of the first draw of the row at hand. */
  of(params: Params): number {
    if (params.chunk !== this.#chunk) {
      fillRows(params, Purpose.draw, 4, this.#words);
      this.#chunk = params.chunk;
    }
    return this.#words[4 * params.place + (params.first & 3)] >>> 0;
  }
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
  readonly #guide = new Guide();
  #hasGuide = false;

  /** Computes weights and running sums from logits with maximum `max`. */
  set(logits: Float32Array, at: number, classes: number, max: number, rate: number): void {
    this.#classes = classes;
    this.#blocks = (classes + BLOCK - 1) >>> 8;
    this.#hasGuide = false;
    if (classes > this.#weights.length) {
      this.#sums = scratchOf(Float64Array, this.#blocks + 1);
      this.#weights = scratchOf(Float32Array, classes);
    }
    exps(logits, at, this.#weights, 0, classes, max, rate);
    for (let b = 0; b < this.#blocks; b++) {
      const start = b * BLOCK;
      const sum = blockSum(this.#weights, start, blockEnd(start, classes));
      this.#sums[b + 1] = this.#sums[b] + sum;
    }
  }

  /** The exponentials of the row, and maybe more behind them. */
  get weights(): Float32Array {
    return this.#weights;
  }

  /** Their sum. */
  get total(): number {
    return this.#sums[this.#blocks];
  }

  /** Makes a guide of 2^bits entries for many draws. It leads to the column that {@link #find} finds. */
  setGuide(bits: number): void {
    const guide = this.#guide;
    guide.start(this.#classes, this.#sums[this.#blocks], bits);
    for (let b = 0; b < this.#blocks; b++) this.#addEnds(b);
    guide.finish();
    this.#hasGuide = true;
  }

  /** The ends of a block's columns: its running sums, but no further than the block's own end. */
  #addEnds(block: number): void {
    const weights = this.#weights;
    const guide = this.#guide;
    const total = this.#sums[this.#blocks];
    const blockSum = this.#sums[block + 1];
    const start = block * BLOCK;
    const end = blockEnd(start, this.#classes);
    let last = end - 1;
    while (last > start && !(weights[last] > 0)) last--;
    let sum = this.#sums[block];
    for (let i = start; i < end; i++) {
      sum += weights[i];
      // What rounding leaves is the last possible column's.
      const own = i < last && sum < blockSum ? sum : blockSum;
      guide.add(i, own < total ? own : Number.POSITIVE_INFINITY);
    }
  }

  /**
   * Makes the draws from `start` (below 0: not wanted) to `end`, the words of one block; they are counted from number
   * `made` of the row's on.
   */
  drawBlock(
    params: Params,
    made: number,
    start: number,
    end: number,
    out: Int32Array,
    to: number,
  ): void {
    const words = this.#words;
    const first = params.first + made;
    fillWords(params, Purpose.draw, first + start, words, end - start);
    const begin = start < 0 ? 0 : start;
    const guided = this.#hasGuide;
    if (guided && this.#guide.draw(words, begin - start, end - start, out, to + start)) return;
    for (let draw = begin; draw < end; draw++) {
      if (guided && out[to + draw] >= 0) continue;
      out[to + draw] = this.draw(params, first + draw, words[draw - start] >>> 0);
    }
  }

  /** The class of the draw number `draw`, whose first word is `high`. */
  draw(params: Params, draw: number, high: number): number {
    const total = this.#sums[this.#blocks];
    const column = this.#find(high * TWO_M32 * total);
    if ((high + 1) * TWO_M32 * total < this.#until) return column;
    const u = (high + (word(params, Purpose.drawLow, draw) + 0.5) * TWO_M32) * TWO_M32;
    return this.#find(u * total);
  }

  #find(target: number): number {
    const from = this.#blocks > MANY_BLOCKS ? this.#halve(target) : 0;
    let last = from;
    for (let b = from; b < this.#blocks; b++) {
      const end = this.#sums[b + 1];
      if (end > target) return this.#findInBlock(b, target, end);
      if (end > this.#sums[b]) last = b;
    }
    // Past the end: the last block with anything in it.
    return this.#findInBlock(last, target, Number.POSITIVE_INFINITY);
  }

  /** The block to begin with: the first whose end passes the target, or the last with anything in it. */
  #halve(target: number): number {
    const sums = this.#sums;
    const total = sums[this.#blocks];
    let low = 0;
    let high = this.#blocks - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const end = sums[middle + 1];
      if (end > target || end === total) high = middle;
      else low = middle + 1;
    }
    return low;
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
