/**
 * Random words: Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC'11, §4), a function of key and counter with no state.
 *
 * The key is the seed. The counter is (purpose·2^28 + column div 4, row, stream low, stream high),
 * and the word of a column is number (column mod 4) of the block. So a word depends on nothing but
 * seed, stream, row and column.
 */

import { RECORD } from "../kernels.ts";
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
  /** A word of noise of Gumbel variables whose argmax is known. */
  conditional: 4,
  /** 32 more bits for such a word below 2^16. */
  conditionalTail: 5,
  /** A word of noise of the other outcome of a binary variable. */
  opposite: 6,
  /** 32 more bits for such a word below 2^16. */
  oppositeTail: 7,
  /** A word of noise of Gumbel variables below a bound. */
  truncated: 8,
  /** 32 more bits for such a word below 2^16. */
  truncatedTail: 9,
  /** A word of noise of the replicas of Gumbel-Rao. */
  replica: 10,
  /** 32 more bits for such a word below 2^16. */
  replicaTail: 11,
  /** The seed of a split generator. */
  split: 15,
} as const;

const imul = Math.imul;

/**
 * The high word of the 64-bit product of two words, whose low word is `low`.
 *
 * In float64 the product, taken 2^-32 times, is off by 2^-22 at most. That can lift it to the next
 * integer where `low` is within 2^10 of its end, and nowhere else; there a half less has the right
 * integer part, lifted or not. Downwards it never passes an integer: rounding is monotone. Products
 * of 16-bit halves took twice as long.
 */
function high(x: number, multiplier: number, low: number): number {
  const product = (x >>> 0) * (multiplier * 2 ** -32);
  return (low >>> 0 < 0xfffffc00 ? product : product - 0.5) | 0;
}

/**
 * The words of the blocks with counters (c0, c1, c2, c3), (c0 + 1, c1, c2, c3), …, at least
 * `count` of them: `out` has room for a multiple of eight.
 *
 * c1 to c3 are the same in all blocks, so half of rounds 1 and 2 is done once. Two blocks at a time,
 * a and b, take two thirds of the time: alone, one waits for its multiplications.
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
  // Round 1 without its x0, and round 2 without its x2.
  const low1 = imul(c2, MULTIPLIER_1);
  const x0 = high(c2, MULTIPLIER_1, low1) ^ c1 ^ key0;
  const low2 = imul(x0, MULTIPLIER_0);
  const fixed1 = c3 ^ key1;
  const fixed2 = low1 ^ (key0 + WEYL_0);
  const fixed3 = high(x0, MULTIPLIER_0, low2) ^ (key1 + WEYL_1);
  const key0Round3 = (key0 + 2 * WEYL_0) | 0;
  const key1Round3 = (key1 + 2 * WEYL_1) | 0;
  let counter = c0 | 0;
  for (let at = 0; at < count; at += 8) {
    const aCounter = counter;
    const bCounter = (counter + 1) | 0;
    let a3 = imul(aCounter, MULTIPLIER_0);
    let b3 = imul(bCounter, MULTIPLIER_0);
    let a2 = high(aCounter, MULTIPLIER_0, a3) ^ fixed1;
    let b2 = high(bCounter, MULTIPLIER_0, b3) ^ fixed1;
    let a1 = imul(a2, MULTIPLIER_1);
    let b1 = imul(b2, MULTIPLIER_1);
    let a0 = high(a2, MULTIPLIER_1, a1) ^ fixed2;
    let b0 = high(b2, MULTIPLIER_1, b1) ^ fixed2;
    a2 = a3 ^ fixed3;
    b2 = b3 ^ fixed3;
    a3 = low2;
    b3 = low2;
    let k0 = key0Round3;
    let k1 = key1Round3;
    for (let round = 2; round < ROUNDS; round++) {
      const aLow0 = imul(a0, MULTIPLIER_0);
      const aLow1 = imul(a2, MULTIPLIER_1);
      const bLow0 = imul(b0, MULTIPLIER_0);
      const bLow1 = imul(b2, MULTIPLIER_1);
      const aHigh0 = high(a0, MULTIPLIER_0, aLow0);
      const aHigh1 = high(a2, MULTIPLIER_1, aLow1);
      const bHigh0 = high(b0, MULTIPLIER_0, bLow0);
      const bHigh1 = high(b2, MULTIPLIER_1, bLow1);
      a0 = aHigh1 ^ a1 ^ k0;
      b0 = bHigh1 ^ b1 ^ k0;
      a1 = aLow1;
      b1 = bLow1;
      a2 = aHigh0 ^ a3 ^ k1;
      b2 = bHigh0 ^ b3 ^ k1;
      a3 = aLow0;
      b3 = bLow0;
      k0 = (k0 + WEYL_0) | 0;
      k1 = (k1 + WEYL_1) | 0;
    }
    out[at] = a0;
    out[at + 1] = a1;
    out[at + 2] = a2;
    out[at + 3] = a3;
    out[at + 4] = b0;
    out[at + 5] = b1;
    out[at + 6] = b2;
    out[at + 7] = b3;
    counter = (counter + 2) | 0;
  }
}

/** The four words of one block: the reference. */
export function block(
  key: readonly [number, number],
  counter: readonly [number, number, number, number],
): Uint32Array<ArrayBuffer> {
  const words = new Int32Array(8);
  fillBlocks(
    key[0] | 0,
    key[1] | 0,
    counter[0] | 0,
    counter[1] | 0,
    counter[2] | 0,
    counter[3] | 0,
    words,
    4,
  );
  return new Uint32Array(words.buffer, 0, 4);
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

/**
 * The words of the first `count` columns of every row at hand, row after row; of draws, from the
 * block with a row's first draw on. `out` has room for four more.
 *
 * Again two blocks at a time, but of whatever rows: no row of an odd number of blocks leaves one
 * over. With one block a row it takes half the time of {@link fillWords}, with three a sixth less,
 * with more than four it takes longer.
 */
export function fillRows(params: Params, purpose: number, count: number, out: Int32Array): void {
  const MULTIPLIER_0 = 0xd2511f53;
  const MULTIPLIER_1 = 0xcd9e8d57;
  const WEYL_0 = 0x9e3779b9;
  const WEYL_1 = 0xbb67ae85;
  const ROUNDS = 10;
  const { words } = params;
  const isDraw = purpose === Purpose.draw;
  const lastRow = params.count - 1;
  const lastBlock = (count - 1) >>> 2;
  let row = 0;
  let block = 0;
  for (let left = params.count * (lastBlock + 1); left > 0; left -= 2) {
    const a = row * RECORD;
    const aTo = row * count + 4 * block;
    let a0 = (purpose << 28) + block + (isDraw ? words[a + 5] >>> 2 : 0);
    if (block < lastBlock) block++;
    else {
      block = 0;
      // After the last block of all, b is one that is there already.
      if (row < lastRow) row++;
    }
    const b = row * RECORD;
    const bTo = row * count + 4 * block;
    let b0 = (purpose << 28) + block + (isDraw ? words[b + 5] >>> 2 : 0);
    if (block < lastBlock) block++;
    else {
      block = 0;
      row++;
    }
    let aKey0 = words[a] | 0;
    let bKey0 = words[b] | 0;
    let aKey1 = words[a + 1] | 0;
    let bKey1 = words[b + 1] | 0;
    let a1 = words[a + 2] | 0;
    let b1 = words[b + 2] | 0;
    let a2 = words[a + 3] | 0;
    let b2 = words[b + 3] | 0;
    let a3 = words[a + 4] | 0;
    let b3 = words[b + 4] | 0;
    for (let round = 0; round < ROUNDS; round++) {
      const aLow0 = imul(a0, MULTIPLIER_0);
      const aLow1 = imul(a2, MULTIPLIER_1);
      const bLow0 = imul(b0, MULTIPLIER_0);
      const bLow1 = imul(b2, MULTIPLIER_1);
      const aHigh0 = high(a0, MULTIPLIER_0, aLow0);
      const aHigh1 = high(a2, MULTIPLIER_1, aLow1);
      const bHigh0 = high(b0, MULTIPLIER_0, bLow0);
      const bHigh1 = high(b2, MULTIPLIER_1, bLow1);
      a0 = aHigh1 ^ a1 ^ aKey0;
      b0 = bHigh1 ^ b1 ^ bKey0;
      a1 = aLow1;
      b1 = bLow1;
      a2 = aHigh0 ^ a3 ^ aKey1;
      b2 = bHigh0 ^ b3 ^ bKey1;
      a3 = aLow0;
      b3 = bLow0;
      aKey0 = (aKey0 + WEYL_0) | 0;
      bKey0 = (bKey0 + WEYL_0) | 0;
      aKey1 = (aKey1 + WEYL_1) | 0;
      bKey1 = (bKey1 + WEYL_1) | 0;
    }
    // What is more than a row's own columns, the next row writes over.
    out[aTo] = a0;
    out[aTo + 1] = a1;
    out[aTo + 2] = a2;
    out[aTo + 3] = a3;
    out[bTo] = b0;
    out[bTo + 1] = b1;
    out[bTo + 2] = b2;
    out[bTo + 3] = b3;
  }
}

const single = /* @__PURE__ */ new Int32Array(8);

/** The word of one column. */
export function word(params: Params, purpose: number, column: number): number {
  fillWords(params, purpose, column & ~3, single, 4);
  return single[column & 3] >>> 0;
}
