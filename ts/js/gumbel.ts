/**
 * Gumbel(0, 1) noise from random words, by a table of cubics: G = −log(−log1p(−w)) with
 * w = (word + ½)·2^-32.
 *
 * x = f32(i32(word)) + ½ is 2^32·w below w = ½ and −2^32·(1 − w) above: exact where it matters, at
 * both ends, where G changes fast. Sign, exponent and the first four mantissa bits of x name a
 * segment; in it G is a cubic in t = x − (start of the segment). No logarithm is taken per value.
 *
 * A word below 2^16 (once in 65,536) is refined by 32 more bits, w = (word·2^32 + tail + ½)·2^-64,
 * so that the upper tail is right down to 2^-64. G lies in [−3.14, 45.06] and is always finite.
 */

import { type NoisePurpose, RECORD } from "../kernels.ts";
import { exp2, fromBits, log1pF64, logF64, RATE, toBits } from "./math.ts";
import { fillRows, fillWords, Purpose, word } from "./philox.ts";
import { BLOCK, CHUNK, type Params, SHORT } from "./row.ts";

const fround = Math.fround;

/** Words below this are refined. */
export const TAIL_WORDS = 0x10000;

/** A segment is the top 13 bits of a float: sign, 8 bits of exponent, 4 of mantissa. */
const SEGMENTS = 1 << 13;
const SEGMENT_SHIFT = 32 - 13;

/** Numbers of one segment in the table: four coefficients, where it starts, and three unused. */
const STRIDE = 8;

/**
 * The cubics by segment. They are float32 values, kept as float64, which is what engines calculate
 * with. Of the 512 kB only the 48 kB of segments that words reach are ever touched.
 */
function makeTable(): Float64Array {
  const table = new Float64Array(STRIDE * SEGMENTS);
  const middle = 0x80000000;
  // Below w = ½ from the first word that isn't refined; above it to the last word, where x = −½.
  for (const [first, last] of [
    [TAIL_WORDS, middle],
    [-0.5, -middle],
  ]) {
    for (let segment = segmentOf(first); segment <= segmentOf(last); segment++) {
      const start = fromBits(segment << SEGMENT_SHIFT);
      const end = fromBits((segment + 1) << SEGMENT_SHIFT);
      table.set([...interpolate(start, end - start), start], STRIDE * segment);
    }
  }
  return table;
}

function segmentOf(x: number): number {
  return toBits(x) >>> SEGMENT_SHIFT;
}

/** G of a word below 2^16: all 49 bits of the sum are exact, one rounding ends it. */
export function gumbelTail(word: number, tail: number): number {
  const bits = word * 2 ** 32 + tail + 0.5;
  return fround(gumbelF64(bits * 2 ** -64));
}

/** −log(−log1p(−w)) in float64. */
function gumbelF64(w: number): number {
  return -logF64(-log1pF64(-w));
}

/** G as a function of x, the signed position of w: below ½ it is 2^32·w, above −2^32·(1 − w). */
function gumbelAt(x: number): number {
  const part = x * 2 ** -32;
  return part > 0 ? gumbelF64(part) : -logF64(-logF64(-part));
}

/** cos((2j + 1)π/8): the Chebyshev nodes, where a cubic comes within a whisker of the best one. */
const NODES = [0.9238795325112867, 0.3826834323650898, -0.3826834323650898, -0.9238795325112867];

/** The coefficients in t = x − start, from order 0, of the cubic that meets G at the nodes. */
function interpolate(start: number, width: number): number[] {
  const t = NODES.map((node) => width * 0.5 * (1 + node));
  const divided = t.map((t) => gumbelAt(start + t));
  for (let order = 1; order < 4; order++) {
    for (let j = 3; j >= order; j--) {
      divided[j] = (divided[j] - divided[j - 1]) / (t[j] - t[j - order]);
    }
  }
  // Newton's form d0 + (t − t0)(d1 + (t − t1)(d2 + (t − t2) d3)), multiplied out from within.
  const c = [divided[3], 0, 0, 0];
  for (let k = 2; k >= 0; k--) {
    for (let j = 3; j >= 1; j--) c[j] = c[j - 1] - t[k] * c[j];
    c[0] = divided[k] - t[k] * c[0];
  }
  return c.map((c) => fround(c));
}

/** Values drawn at a time: a block of a long row, or a chunk of short rows. */
const ROOM = CHUNK * SHORT > BLOCK ? CHUNK * SHORT : BLOCK;

let made: Float64Array | undefined;

/** The table is only read, so that all kernels share one. */
function tableOnce(): Float64Array {
  made ??= makeTable();
  return made;
}

/** Noise out of a table, block by block. */
export class Drawn {
  readonly #table = tableOnce();
  readonly #words = new Int32Array(ROOM + 4);
  /** The positions x of the words, and their bits: a cast a value would take twice as long. */
  readonly #x = new Float32Array(ROOM);
  readonly #bits = new Uint32Array(this.#x.buffer);
  /** Where noise can be kept until the next is drawn. */
  readonly room = new Float32Array(ROOM);

  /** The noise of `count` columns (at most a block) from `column` on, to `out` from `to` on. */
  block(
    params: Params,
    column: number,
    count: number,
    out: Float32Array,
    to: number,
    purpose: NoisePurpose = Purpose.noise,
  ): void {
    fillWords(params, purpose, column, this.#words, count);
    const refine = positions(this.#words, count, this.#x);
    evaluate(this.#table, this.#x, this.#bits, count, out, to);
    if (refine) this.#refine(params, column, 0, count, out, to, purpose);
  }

  /** The noise of every row at hand, which are short, to `out` from `to` on. */
  rows(
    params: Params,
    classes: number,
    out: Float32Array,
    to: number,
    purpose: NoisePurpose = Purpose.noise,
  ): void {
    const count = params.count * classes;
    fillRows(params, purpose, classes, this.#words);
    const refine = positions(this.#words, count, this.#x);
    evaluate(this.#table, this.#x, this.#bits, count, out, to);
    if (!refine) return;
    const { at } = params;
    for (let row = 0; row < params.count; row++) {
      params.at = row * RECORD;
      this.#refine(params, 0, row * classes, classes, out, to + row * classes, purpose);
    }
    params.at = at;
  }

  /** Puts the rare words right, once in 65,536: they are those of a row from `column` on. */
  #refine(
    params: Params,
    column: number,
    from: number,
    count: number,
    out: Float32Array,
    to: number,
    purpose: NoisePurpose,
  ): void {
    // Right behind each purpose of noise is that of its tail.
    const tail = purpose + 1;
    for (let i = 0; i < count; i++) {
      const high = this.#words[from + i] >>> 0;
      if (high < TAIL_WORDS) {
        out[to + i] = gumbelTail(high, word(params, tail, column + i));
      }
    }
  }

  /** The words alone of a block; they are overwritten by the next one. */
  words(params: Params, column: number, count: number): Int32Array {
    fillWords(params, Purpose.noise, column, this.#words, count);
    return this.#words;
  }

  /** The noise of one column, whose word this is. */
  one(params: Params, column: number, signed: number): number {
    if (signed >>> 16 === 0) return gumbelTail(signed, word(params, Purpose.tail, column));
    const table = this.#table;
    const x = this.#x;
    x[0] = fround(signed) + 0.5;
    const c = (this.#bits[0] >>> 16) & 0xfff8;
    return cubic(table, c, x[0]);
  }
}

/**
 * A bound for words: where G isn't below `g`, the word isn't above this.
 *
 * −log1p(−w) ≥ w, so G ≤ −log w and w ≤ e^-G; the word is at most 2^32·w. 10^-4 is more than
 * rounding takes away: 2·10^-7·|G| here, and 2^-22 + 2^-22·|G| in the exponential.
 */
export function largestWord(g: number): number {
  if (!(g > 0.001)) return 0xffffffff;
  return (exp2(fround(-g * RATE)) * (2 ** 32 * 1.0001)) >>> 0;
}

/** x of each word; returns whether there are words to be refined. */
function positions(words: Int32Array, count: number, x: Float32Array): boolean {
  let refine = false;
  for (let i = 0; i < count; i++) {
    const signed = words[i];
    if (signed >>> 16 === 0) refine = true;
    x[i] = fround(signed) + 0.5; // rounded by the array
  }
  return refine;
}

/** G of each x by the cubic of its segment; nonsense for the words that are still to be refined. */
function evaluate(
  table: Float64Array,
  x: Float32Array,
  bits: Uint32Array,
  count: number,
  out: Float32Array,
  to: number,
): void {
  for (let i = 0; i < count; i++) out[to + i] = cubic(table, (bits[i] >>> 16) & 0xfff8, x[i]);
}

/** The cubic at place `c` of the table, STRIDE · (the top 13 bits of x). */
function cubic(table: Float64Array, c: number, x: number): number {
  const t = x - table[c + 4]; // exact
  const g2 = fround(fround(table[c + 3] * t) + table[c + 2]);
  const g1 = fround(fround(g2 * t) + table[c + 1]);
  return fround(fround(g1 * t) + table[c]);
}
