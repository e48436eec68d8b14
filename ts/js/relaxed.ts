/**
 * Gumbel-Max and Gumbel-Softmax of one row (Maddison, Mnih & Teh 2017, §3; Jang, Gu & Poole 2017,
 * §2).
 *
 * Scores are s = (l − max l)/T + G: relative to the largest logit, so that large logits don't eat
 * the noise. Their argmax is a draw from softmax(l/T); softmax(s/τ) is its relaxation.
 */

import { type Drawn, largestWord } from "./gumbel.ts";
import { argmax, BLOCK, blockEnd, type Input, inspect, oneHot, type Params, SHORT } from "./row.ts";
import { softmaxFrom } from "./softmax.ts";

const fround = Math.fround;

/** The noise of a row, drawn or given, block by block; drawn for short rows, a chunk of them at once. */
export class Noise {
  /** The noise of the block at hand begins at `values[at]`. */
  values: Float32Array;
  at = 0;
  /** The first row of the chunk that is drawn. */
  #chunk = -1;
  readonly #drawn: Drawn;
  readonly #given: Float32Array | undefined;
  readonly #params: Params;
  #row = 0;

  constructor(drawn: Drawn, given: Float32Array | undefined, params: Params) {
    this.values = given ?? drawn.room;
    this.#drawn = drawn;
    this.#given = given;
    this.#params = params;
  }

  /** Moves on to the row that `params` is at, whose given noise begins at `at`. */
  seek(at: number): void {
    this.#row = at;
  }

  /** Whether all of it is below +∞, as drawn noise always is. */
  isValid(classes: number): boolean {
    const given = this.#given;
    if (given === undefined) return true;
    for (let i = this.#row; i < this.#row + classes; i++) {
      if (!(given[i] < Number.POSITIVE_INFINITY)) return false;
    }
    return true;
  }

  /** Whether the noise of a class leaves it a score. */
  isPossible(column: number): boolean {
    return this.#given === undefined || this.#given[this.#row + column] > Number.NEGATIVE_INFINITY;
  }

  /** Has the noise of `count` columns from `column` on ready, in a row of so many classes. */
  block(column: number, count: number, classes: number): void {
    if (this.#given !== undefined) this.at = this.#row + column;
    else if (classes > SHORT) this.#drawn.block(this.#params, column, count, this.values, 0);
    else this.#drawRows(classes);
  }

  #drawRows(classes: number): void {
    const { chunk, place } = this.#params;
    if (chunk !== this.#chunk) this.#drawn.rows(this.#params, classes, this.values, 0);
    this.#chunk = chunk;
    this.at = place * classes;
  }

  /** Whether it is drawn, and then {@link words} and {@link one} serve. */
  get isDrawn(): boolean {
    return this.#given === undefined;
  }

  /** The words of `count` columns from `column` on. */
  words(column: number, count: number): Int32Array {
    return this.#drawn.words(this.#params, column, count);
  }

  /** The noise of a column whose word is known. */
  one(column: number, word: number): number {
    return this.#drawn.one(this.#params, column, word);
  }
}

/**
 * Writes the scores of a row with largest logit `max`, and returns the column of the largest score;
 * −1 where there is none above −∞, or the noise is invalid.
 */
export function scores(
  logits: Float32Array,
  at: number,
  classes: number,
  max: number,
  scale: number,
  noise: Noise,
  out: Float32Array,
): number {
  if (!noise.isValid(classes)) return -1;
  let best = Number.NEGATIVE_INFINITY;
  let index = -1;
  for (let start = 0; start < classes; start += BLOCK) {
    const end = blockEnd(start, classes);
    noise.block(start, end - start, classes);
    const g = noise.values;
    const gAt = noise.at - start;
    for (let i = start; i < end; i++) {
      const s = fround(fround(fround(logits[at + i] - max) * scale) + g[gAt + i]);
      out[i] = s;
      if (best < s) {
        best = s;
        index = i;
      }
    }
  }
  return index;
}

/** Shorter rows take every score: too many of their columns pass, and not in any pattern. */
export const LEAST_CLASSES = 64;

/**
 * The column of the largest score of a row with drawn noise, without most of its noise.
 *
 * A logit relative to the largest isn't above 0, and rounding is monotone, so no score is above its
 * G. As soon as a good score is known, few words are small enough for a G above it; the others need
 * no noise. The winner is the same, on a tie too: a later score must be larger to win.
 */
function largestScore(
  logits: Float32Array,
  at: number,
  classes: number,
  max: number,
  scale: number,
  noise: Noise,
): number {
  let best = Number.NEGATIVE_INFINITY;
  let index = -1;
  let limit = 0xffffffff;
  for (let start = 0; start < classes; start += BLOCK) {
    const end = blockEnd(start, classes);
    const words = noise.words(start, end - start);
    for (let i = start; i < end; i++) {
      const word = words[i - start];
      if (word >>> 0 > limit >>> 0) continue;
      const s = fround(fround(fround(logits[at + i] - max) * scale) + noise.one(i, word));
      if (best < s) {
        best = s;
        index = i;
        limit = largestWord(best);
      }
    }
  }
  return index;
}

/**
 * The column of the one +∞ of a row; −1 where given noise is invalid, or −∞ there: that class then
 * has no score.
 */
export function certainClass({ logits, at }: Input, classes: number, noise: Noise): number {
  const column = argmax(logits, at, classes);
  return noise.isValid(classes) && noise.isPossible(column) ? column : -1;
}

/**
 * The column of the largest score: a draw at the temperature of `params`. −1 for an invalid row.
 * `room` takes the scores.
 */
export function gumbelMax(
  input: Input,
  classes: number,
  params: Params,
  noise: Noise,
  room: Float32Array,
): number {
  const { logits, at } = input;
  const max = inspect(logits, at, classes);
  if (Number.isNaN(max)) return -1;
  if (params.scale === Number.POSITIVE_INFINITY) {
    return argmax(input.given, input.givenAt, classes);
  }
  if (max === Number.POSITIVE_INFINITY) return certainClass(input, classes, noise);
  const { scale } = params;
  if (noise.isDrawn && classes >= LEAST_CLASSES)
    return largestScore(logits, at, classes, max, scale, noise);
  return scores(logits, at, classes, max, scale, noise, room);
}

/**
 * The soft sample at the temperature τ of `params`; returns the column of its largest score, or −1
 * for an invalid row, and then nothing is written. `room` takes the scores, so that `soft` may be
 * the logits or the noise.
 */
export function gumbelSoftmax(
  input: Input,
  classes: number,
  params: Params,
  noise: Noise,
  room: Float32Array,
  soft: Float32Array,
  to: number,
): number {
  const { logits, at } = input;
  const max = inspect(logits, at, classes);
  if (Number.isNaN(max)) return -1;
  if (max === Number.POSITIVE_INFINITY) {
    const column = certainClass(input, classes, noise);
    if (column >= 0) oneHot(column, soft, to, classes);
    return column;
  }
  const index = scores(logits, at, classes, max, 1, noise, room);
  if (index >= 0) softmaxFrom(room, 0, classes, room[index], params.rate, soft, to);
  return index;
}
