/**
 * Random words: Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC'11, §4), a function of key and counter with no state.
 *
 * The key is the seed. The counter is (purpose·2^28 + column div 4, row, stream low, stream high),
 * and the word of a column is number (column mod 4) of the block. So a word depends on nothing but
 * seed, stream, row and column.
 */

import type { Params } from "./row.ts";

/** What a word is used for: the top four bits of the counter, so that no two uses meet. */
export const Purpose = {
  /** A word of Gumbel noise. */
  noise: 0,
  /** 32 more bits for a noise word below 2^16. */
  tail: 1,
  /** The high word of a draw by inverse CDF. */
  draw: 2,
  /** The low word of a draw by inverse CDF. */
  drawLow: 3,
  /** The seed of a split generator. */
  split: 15,
} as const;

const imul = Math.imul;

/** The high word of the 64-bit product: four products of 16-bit halves, none of which overflows. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (imul(aHigh, bLow) + (imul(aLow, bLow) >>> 16)) | 0;
  const carry = (imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0;
}

/**
 * The words of the blocks with counters (c0, c1, c2, c3), (c0 + 1, c1, c2, c3), …, at least
 * `count` of them: `out` has room for a multiple of four.
 */
function fillBlocks(
  key0: number,
  key1: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  out: Int32Array,
  count: number,
): void {
  // In here, since engines know the value of a local constant, and not that of a module's: with
  // those, and without the `| 0` that show integers below, it takes five times as long.
  const MULTIPLIER_0 = 0xd2511f53;
  const MULTIPLIER_1 = 0xcd9e8d57;
  const WEYL_0 = 0x9e3779b9;
  const WEYL_1 = 0xbb67ae85;
  const ROUNDS = 10;
  let counter = c0;
  for (let at = 0; at < count; at += 4) {
    let x0 = counter | 0;
    let x1 = c1 | 0;
    let x2 = c2 | 0;
    let x3 = c3 | 0;
    let k0 = key0 | 0;
    let k1 = key1 | 0;
    for (let round = 0; round < ROUNDS; round++) {
      const high0 = mulHigh(x0, MULTIPLIER_0);
      const low0 = imul(x0, MULTIPLIER_0);
      const high1 = mulHigh(x2, MULTIPLIER_1);
      const low1 = imul(x2, MULTIPLIER_1);
      x0 = high1 ^ x1 ^ k0;
      x1 = low1;
      x2 = high0 ^ x3 ^ k1;
      x3 = low0;
      k0 = (k0 + WEYL_0) | 0;
      k1 = (k1 + WEYL_1) | 0;
    }
    out[at] = x0;
    out[at + 1] = x1;
    out[at + 2] = x2;
    out[at + 3] = x3;
    counter = (counter + 1) | 0;
  }
}

/** The four words of one block: the reference. */
export function block(
  key: readonly [number, number],
  counter: readonly [number, number, number, number],
): Uint32Array<ArrayBuffer> {
  const words = new Int32Array(4);
  fillBlocks(key[0], key[1], counter[0], counter[1], counter[2], counter[3], words, 4);
  return new Uint32Array(words.buffer);
}

/**
 * The words of `count` columns of a row from `column` on, a multiple of 4. They are signed, since
 * integers of 31 bits and a sign are what engines calculate with; `>>> 0` gives the word.
 */
export function fillWords(
  params: Params,
  purpose: number,
  column: number,
  out: Int32Array,
  count: number,
): void {
  const { words, at } = params;
  fillBlocks(
    words[at] | 0,
    words[at + 1] | 0,
    (purpose << 28) + (column >>> 2),
    words[at + 2] | 0,
    words[at + 3] | 0,
    words[at + 4] | 0,
    out,
    count,
  );
}

const single = /* @__PURE__ */ new Int32Array(4);

/** The word of one column. */
export function word(params: Params, purpose: number, column: number): number {
  fillWords(params, purpose, column & ~3, single, 4);
  return single[column & 3] >>> 0;
}
