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

import { fromBits, log1pF64, logF64, toBits } from "./math.ts";
import { fillWords, Purpose, word } from "./philox.ts";
import { BLOCK, type Params } from "./row.ts";

const fround = Math.fround;

/** Words below this are refined. */
export const TAIL_WORDS = 0x10000;

/** A segment is the top 13 bits of a float: sign, 8 bits of exponent, 4 of mantissa. */
const SEGMENTS = 1 << 13;
const SEGMENT_SHIFT = 32 - 13;

/** The cubics by segment, four coefficients each, and where the segments start. */
export class Table {
  readonly cubics = new Float32Array(4 * SEGMENTS);
  readonly starts = new Float32Array(SEGMENTS);

  constructor() {
    const middle = 0x80000000;
    // Below w = ½ from the first word that isn't refined; above it to the last word, where x = −½.
    this.#fill(TAIL_WORDS, middle);
    this.#fill(-0.5, -middle);
  }

  #fill(first: number, last: number): void {
    for (let segment = segmentOf(first); segment <= segmentOf(last); segment++) {
      const start = fromBits(segment << SEGMENT_SHIFT);
      const end = fromBits((segment + 1) << SEGMENT_SHIFT);
      this.starts[segment] = start;
      this.cubics.set(interpolate(start, end - start), 4 * segment);
    }
  }
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
  return c;
}

/** Noise out of a table, block by block. */
export class Drawn {
  readonly #table = new Table();
  readonly #words = new Int32Array(BLOCK);
  /** The positions x of a block, and their bits: a cast a value would take twice as long. */
  readonly #x = new Float32Array(BLOCK);
  readonly #bits = new Uint32Array(this.#x.buffer);

  /** The noise of `count` columns (at most a block) from `column` on, to `out` from `to` on. */
  block(params: Params, column: number, count: number, out: Float32Array, to: number): void {
    fillWords(params, Purpose.noise, column, this.#words, count);
    const refine = positions(this.#words, count, this.#x);
    evaluate(this.#table, this.#x, this.#bits, count, out, to);
    if (refine) this.#refine(params, column, count, out, to);
  }

  /** Puts the rare words right: one block in two hundred and fifty has one. */
  #refine(params: Params, column: number, count: number, out: Float32Array, to: number): void {
    for (let i = 0; i < count; i++) {
      const high = this.#words[i] >>> 0;
      if (high < TAIL_WORDS) {
        out[to + i] = gumbelTail(high, word(params, Purpose.tail, column + i));
      }
    }
  }
}

/** x of each word; returns whether there are words to be refined. */
function positions(words: Int32Array, count: number, x: Float32Array): boolean {
  let refine = false;
  for (let i = 0; i < count; i++) {
    const signed = words[i];
    if (signed >>> 16 === 0) refine = true;
    x[i] = fround(fround(signed) + 0.5);
  }
  return refine;
}

/** G of each x by the cubic of its segment; 0 for the words that are still to be refined. */
function evaluate(
  { cubics, starts }: Table,
  x: Float32Array,
  bits: Uint32Array,
  count: number,
  out: Float32Array,
  to: number,
): void {
  for (let i = 0; i < count; i++) {
    const segment = bits[i] >>> SEGMENT_SHIFT;
    const c = 4 * segment;
    const t = x[i] - starts[segment]; // exact
    const g2 = fround(fround(cubics[c + 3] * t) + cubics[c + 2]);
    const g1 = fround(fround(g2 * t) + cubics[c + 1]);
    out[to + i] = fround(fround(g1 * t) + cubics[c]);
  }
}
