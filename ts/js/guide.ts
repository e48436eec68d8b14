/**
 * Many draws from one law in constant time each: for every column the words that surely draw it or one before it, and a
 * guide (Chen & Asau 1974; Devroye 1986, §III.2.4) that says where among these to begin.
 *
 * A word's target rises with the word, so each column ends at one word, and that word is found with the very
 * arithmetic of a draw.
 */

import { scratchOf } from "./row.ts";

const TWO_M32 = 2 ** -32;
/** All words. */
const ALL = 2 ** 32;
/** A sum with it is rounded to an integer. */
const ROUND = 2 ** 52;

export class Guide {
  /**
   * Of each column the last word that can draw it, or one before it: for this word its second word decides, and words
   * below don't need one.
   */
  #sure = new Uint32Array(0);
  /** By the first bits of a word: the first column that any word with these bits may draw. */
  #starts = new Uint32Array(0);
  #shift = 0;
  #total = 0;
  #wordsPerWeight = 0;

  /** Begins the guide of a law with this sum of weights, with 2^bits entries. */
  start(classes: number, total: number, bits: number): void {
    const entries = (1 << bits) + 1;
    if (this.#sure.length < classes) this.#sure = scratchOf(Uint32Array, classes);
    if (this.#starts.length < entries) this.#starts = scratchOf(Uint32Array, entries);
    else this.#starts.fill(0, 0, entries);
    this.#shift = 32 - bits;
    this.#total = total;
    this.#wordsPerWeight = 1 / (TWO_M32 * total);
  }

  /** Adds a column, in order: `end` is the least target for which a later one is drawn, +∞ where none is. */
  add(column: number, end: number): void {
    const words = this.#wordsBelow(end);
    const last = words > 0 ? words - 1 : 0;
    this.#sure[column] = last;
    // The last column to write here stays: the next one is the first that later words may draw.
    this.#starts[(last >>> this.#shift) + 1] = column + 1;
  }

  /** Ends the guide: where no column ends, words begin where those before them do. */
  finish(): void {
    const starts = this.#starts;
    const entries = (1 << (32 - this.#shift)) + 1;
    let start = 0;
    for (let i = 0; i < entries; i++) {
      if (starts[i] > start) start = starts[i];
      starts[i] = start;
    }
  }

  /** How many words have a target below `end`. */
  #wordsBelow(end: number): number {
    const total = this.#total;
    const guess = end * this.#wordsPerWeight;
    // The integer above the guess; where rounding has made it another, one beside it.
    let words = guess < ALL ? guess + 0.5 + ROUND - ROUND : ALL;
    while (words < ALL && words * TWO_M32 * total < end) words++;
    while (words > 0 && !((words - 1) * TWO_M32 * total < end)) words--;
    return words;
  }

  /**
   * Writes the columns of the draws with the first words from `words[start]` to `words[end]`. Where the second word
   * decides it writes −1. Returns whether there is no such draw.
   */
  draw(words: Int32Array, start: number, end: number, out: Int32Array, to: number): boolean {
    const sure = this.#sure;
    const starts = this.#starts;
    const shift = this.#shift;
    let settled = true;
    for (let i = start; i < end; i++) {
      const word = words[i] >>> 0;
      let column = starts[word >>> shift];
      // The mean of all words takes no more steps than there are columns an entry.
      while (sure[column] < word) column++;
      if (sure[column] > word) out[to + i] = column;
      else {
        out[to + i] = -1;
        settled = false;
      }
    }
    return settled;
  }
}
