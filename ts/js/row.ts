/** What a row is before anything is computed from it: its parameters, and whether it is a law. */

import { type Batch, RECORD } from "../kernels.ts";
import { tooWide } from "../workspace.ts";

/**
 * Columns of one block: the unit in which a row is drawn, summed and searched.
 *
 * Throughout, a row is an array and the place of its first value in it (`x, at`): a view of each
 * row would cost more than a short row itself.
 */
export const BLOCK = 256;

/** Where the block that begins at column `start` ends. */
export function blockEnd(start: number, classes: number): number {
  const end = start + BLOCK;
  if (end > classes) return classes;
  return end;
}

/** Rows of up to so many classes are short: their words and noise are drawn a whole {@link CHUNK} of rows at a time. */
export const SHORT = 16;

/** Rows whose records are read at a time. */
export const CHUNK = 64;

/** The parameters of the row at hand, out of the records of a batch. */
export class Params {
  readonly words = new Uint32Array(CHUNK * RECORD);
  readonly floats = new Float32Array(this.words.buffer);
  /** Where the record of the row begins in `words` and `floats`. */
  at = 0;
  /** The rows whose records are at hand: `count` of them from row `chunk` on. */
  chunk = 0;
  count = 0;
  /** Which of them the row is. */
  place = 0;

  /** Moves on to a row; rows are taken one after the other, from 0 on. */
  seek(batch: Batch, row: number): void {
    const place = row % CHUNK;
    if (place === 0) this.#read(batch, row);
    this.place = place;
    this.at = place * RECORD;
  }

  #read(batch: Batch, row: number): void {
    const left = batch.rows - row;
    this.chunk = row;
    this.count = left < CHUNK ? left : CHUNK;
    batch.params(this.words, this.floats, row, this.count);
  }

  /** The column of the first draw of `categorical`. */
  get first(): number {
    return this.words[this.at + 5];
  }

  /** 1/τ or 1/T; +∞ means a temperature of 0. */
  get scale(): number {
    return this.floats[this.at + 6];
  }

  /** log2(e)/τ or log2(e)/T. */
  get rate(): number {
    return this.floats[this.at + 7];
  }
}

/** A row of input. */
export class Input {
  /** The logits; of weights, their logarithms. */
  logits: Float32Array;
  at = 0;
  /**
   * What the caller gave: the logits, or weights. The largest of these is what a temperature of 0
   * draws, since two weights may share a logarithm.
   */
  given: Float32Array;
  givenAt = 0;

  constructor(logits: Float32Array, given: Float32Array) {
    this.logits = logits;
    this.given = given;
  }
}

/**
 * Pass 1 over a row of logits: the largest one. It is +∞ where one class is certain, and NaN where
 * the row is no law: with a NaN, with more than one +∞, or with nothing above −∞.
 */
export function inspect(logits: Float32Array, at: number, classes: number): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = at; i < at + classes; i++) {
    const x = logits[i];
    if (!(x <= max)) {
      if (Number.isNaN(x)) return Number.NaN;
      // A second +∞ is no larger than the first, so it is looked for below.
      max = x;
    }
  }
  if (max === Number.NEGATIVE_INFINITY) return Number.NaN;
  if (max === Number.POSITIVE_INFINITY && hasTwo(logits, at, classes, max)) return Number.NaN;
  return max;
}

function hasTwo(x: Float32Array, at: number, classes: number, value: number): boolean {
  let count = 0;
  for (let i = at; i < at + classes; i++) if (x[i] === value) count++;
  return count > 1;
}

/** Whether a row with this largest logit isn't random: one class is certain, or the temperature 0. */
export function isFixed(max: number, params: Params): boolean {
  return max === Number.POSITIVE_INFINITY || params.scale === Number.POSITIVE_INFINITY;
}

/** The column of the largest value, the smallest such column: the class of a fixed row. */
export function argmax(x: Float32Array, at: number, classes: number): number {
  let max = Number.NEGATIVE_INFINITY;
  let column = 0;
  for (let i = 0; i < classes; i++) {
    if (max < x[at + i]) {
      max = x[at + i];
      column = i;
    }
  }
  return column;
}

/** Writes the one-hot vector of a column. */
export function oneHot(column: number, out: Float32Array, at: number, classes: number): void {
  if (classes > SHORT) out.fill(0, at, at + classes);
  else for (let i = at; i < at + classes; i++) out[i] = 0;
  out[at + column] = 1;
}

interface Scratch<T> {
  new (length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

/** Scratch that grows with the row, for which there may be no memory. */
export function scratchOf<T>(ArrayOf: Scratch<T>, length: number): T {
  try {
    return new ArrayOf(length);
  } catch {
    throw tooWide(length * ArrayOf.BYTES_PER_ELEMENT);
  }
}
