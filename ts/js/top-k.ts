/**
 * Gumbel-top-k: draws without replacement (Kool, van Hoof & Welling, "Stochastic beams and where to
 * find them", ICML 2019, §2.3).
 *
 * The k largest scores, in falling order, are found in one walk with the k best so far in a heap.
 * Which k these are, and their order, depends on the scores and columns alone.
 */

import { largestWord } from "./gumbel.ts";
import { logF64 } from "./math.ts";
import { expSum } from "./reduce.ts";
import { certainClass, LEAST_CLASSES, type Noise, scores } from "./relaxed.ts";
import { BLOCK, blockEnd, type Input, inspect, type Params } from "./row.ts";

const fround = Math.fround;

/**
 * The best so far: once there are `k` of them a heap, with the last of them at its root. In the end
 * they are in order of falling score, the smaller column first on a tie.
 */
export class Leaders {
  index = new Int32Array(0);
  score = new Float32Array(0);
  #k = 0;
  #count = 0;

  /** Forgets all, and has room for k. */
  start(k: number): void {
    if (this.index.length < k) {
      this.index = new Int32Array(k);
      this.score = new Float32Array(k);
    }
    this.#k = k;
    this.#count = 0;
  }

  /** What a score has to be above. */
  get bar(): number {
    return this.#count < this.#k ? Number.NEGATIVE_INFINITY : this.score[0];
  }

  /** Takes a class whose score is above the bar; columns come in order. */
  put(column: number, score: number): void {
    if (this.#count === this.#k) {
      this.#sift(0, this.#k, score, column);
      return;
    }
    this.index[this.#count] = column;
    this.score[this.#count++] = score;
    if (this.#count < this.#k) return;
    for (let at = (this.#k >> 1) - 1; at >= 0; at--) {
      this.#sift(at, this.#k, this.score[at], this.index[at]);
    }
  }

  /** Puts the leaders in order; returns whether there are k. */
  finish(): boolean {
    if (this.#count < this.#k) return false;
    const { index, score } = this;
    // The last of them goes to the end, and so on.
    for (let end = this.#k - 1; end > 0; end--) {
      const [lastScore, lastColumn] = [score[end], index[end]];
      score[end] = score[0];
      index[end] = index[0];
      this.#sift(0, end, lastScore, lastColumn);
    }
    return true;
  }

  /** Makes a heap of the first `end` leaders, `at` and what is above it aside, with this one at `at`. */
  #sift(at: number, end: number, score: number, column: number): void {
    const [scores, columns] = [this.score, this.index];
    let place = at;
    for (let child = 2 * place + 1; child < end; child = 2 * place + 1) {
      const next = child + 1;
      if (next < end && isBehind(scores[next], columns[next], scores[child], columns[child])) {
        child = next;
      }
      if (!isBehind(scores[child], columns[child], score, column)) break;
      scores[place] = scores[child];
      columns[place] = columns[child];
      place = child;
    }
    scores[place] = score;
    columns[place] = column;
  }
}

/** Whether the class of score a comes after that of score b. */
function isBehind(a: number, aColumn: number, b: number, bColumn: number): boolean {
  return a < b || (a === b && aColumn > bColumn);
}

/**
 * Writes the k classes with the largest scores, their perturbed log-probabilities and their
 * log-probabilities, from `to` on. Returns whether the row is valid and has k possible classes; if
 * not, nothing is written. `room` is room for a row.
 */
export function gumbelTopK(
  input: Input,
  classes: number,
  params: Params,
  noise: Noise,
  leaders: Leaders,
  k: number,
  room: Float32Array,
  index: Int32Array,
  score: Float32Array,
  logProb: Float32Array,
  to: number,
): boolean {
  const { logits, at } = input;
  const { scale } = params;
  const cold = scale === Number.POSITIVE_INFINITY;
  const max = inspect(logits, at, classes);
  if (Number.isNaN(max)) return false;
  leaders.start(k);
  if (max === Number.POSITIVE_INFINITY) {
    const column = cold ? logits.indexOf(max, at) - at : certainClass(input, classes, noise);
    if (column < 0 || k > 1) return false;
    index[to] = column;
    score[to] = cold ? 0 : noiseAt(noise, column, classes);
    logProb[to] = 0;
    return true;
  }
  if (cold) takeBlock(input.given, input.givenAt, 0, classes, leaders);
  else if (!takeScores(logits, at, classes, max, scale, noise, leaders, room)) return false;
  if (!leaders.finish()) return false;
  if (!cold) {
    const logSum = fround(logF64(expSum(logits, at, room, 0, classes, max, params.rate)));
    for (let i = 0; i < k; i++) {
      const l = logits[at + leaders.index[i]];
      room[i] = fround(fround(l - max) * scale) - logSum;
      leaders.score[i] -= logSum;
    }
  }
  for (let i = 0; i < k; i++) {
    index[to + i] = leaders.index[i];
    if (cold) room[i] = leaders.score[i] = i === 0 ? 0 : Number.NEGATIVE_INFINITY;
    score[to + i] = leaders.score[i];
    logProb[to + i] = room[i];
  }
  return true;
}

/** The noise of one class. */
function noiseAt(noise: Noise, column: number, classes: number): number {
  const start = column - (column % BLOCK);
  noise.block(start, blockEnd(start, classes) - start, classes);
  return noise.values[noise.at + column - start];
}

/** Offers all scores of a row to the leaders; returns whether the noise is valid. */
function takeScores(
  logits: Float32Array,
  at: number,
  classes: number,
  max: number,
  scale: number,
  noise: Noise,
  leaders: Leaders,
  room: Float32Array,
): boolean {
  if (noise.isDrawn && classes >= LEAST_CLASSES) {
    takeWords(logits, at, classes, max, scale, noise, leaders);
    return true;
  }
  if (scores(logits, at, classes, max, scale, noise, room) < 0) return false;
  takeBlock(room, 0, 0, classes, leaders);
  return true;
}

/** The same of drawn noise, evaluated only for words small enough: see `largestScore`. */
function takeWords(
  logits: Float32Array,
  at: number,
  classes: number,
  max: number,
  scale: number,
  noise: Noise,
  leaders: Leaders,
): void {
  let bar = Number.NEGATIVE_INFINITY;
  let limit = 0xffffffff;
  for (let start = 0; start < classes; start += BLOCK) {
    const end = blockEnd(start, classes);
    const words = noise.words(start, end - start);
    for (let i = start; i < end; i++) {
      const word = words[i - start];
      if (word >>> 0 > limit >>> 0) continue;
      const s = fround(fround(fround(logits[at + i] - max) * scale) + noise.one(i, word));
      if (!(bar < s)) continue;
      leaders.put(i, s);
      bar = leaders.bar;
      limit = largestWord(bar);
    }
  }
}

/** Offers values to the leaders: those of the columns from `column` on. */
function takeBlock(
  values: Float32Array,
  at: number,
  column: number,
  count: number,
  leaders: Leaders,
): void {
  let bar = leaders.bar;
  for (let i = 0; i < count; i++) {
    if (!(bar < values[at + i])) continue;
    leaders.put(column + i, values[at + i]);
    bar = leaders.bar;
  }
}
