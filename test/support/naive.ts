/** Kernels written again from the text of ARCHITECTURE.md, slow and plain: what the rules are tested against. */

import { fromBits } from "./bits.ts";
import { type WordKey, words } from "./words.ts";

const f32 = Math.fround;

/** Coefficients of 2^r from order 0, as bit patterns. */
const EXP2 = [0x3f800000, 0x3f317215, 0x3e75fcd2, 0x3d635acb, 0x3c1e7a07, 0x3aae5f60].map(fromBits);

/** The nearest integer, ties to even. */
function nearest(t: number): number {
  const below = Math.floor(t);
  if (t - below !== 0.5) return Math.round(t);
  return below % 2 === 0 ? below : below + 1;
}

/** 2^t for t ≤ 0: the exponent by rule 4, a polynomial by Estrin's scheme rounded after each step, 0 below −100. */
export function exp2(t: number): number {
  if (t < -100) return 0;
  const n = nearest(t);
  const r = t - n;
  const pairs = [0, 2, 4].map((i) => f32(f32((EXP2[i + 1] as number) * r) + (EXP2[i] as number)));
  const p = pairs.reduceRight((p, pair) => f32(f32(p * f32(r * r)) + pair));
  return p * 2 ** n;
}

/** Rule 6, of float32 terms; `round` is for sums that are kept in float64. */
export function sum(terms: ArrayLike<number>, round = f32): number {
  return blockSums(terms, round).reduce((total, block) => total + block, 0);
}

/** The blocks of 256 columns, each by sixteen partial sums. */
export function blockSums(terms: ArrayLike<number>, round = f32): number[] {
  const sums: number[] = [];
  for (let start = 0; start < terms.length; start += 256) {
    const partial = Array<number>(16).fill(0);
    for (let i = start; i < Math.min(start + 256, terms.length); i++) {
      partial[i % 16] = round((partial[i % 16] as number) + (terms[i] as number));
    }
    for (const half of [8, 4, 2, 1]) {
      for (let j = 0; j < half; j++) {
        partial[j] = round((partial[j] as number) + (partial[j + half] as number));
      }
    }
    sums.push(partial[0] as number);
  }
  return sums;
}

/** e_i = 2^((l − max)·rate). */
export function exponentials(logits: Float32Array, rate: number): Float32Array {
  const max = logits.reduce((a, b) => (a < b ? b : a));
  return logits.map((l) => exp2(f32(f32(l - max) * f32(rate))));
}

/** Softmax of one row. */
export function softmax(logits: Float32Array, rate: number): Float32Array {
  const e = exponentials(logits, rate);
  const inverse = f32(1 / sum(e));
  return e.map((e) => e * inverse);
}

/** scale · y ⊙ (v − ⟨y, v⟩) of one row. */
export function softmaxBackward(y: Float32Array, v: Float32Array, scale: number): Float32Array {
  const mean = f32(sum(y.map((y, i) => y * (v[i] as number))));
  return y.map((y, i) => f32(y * f32((v[i] as number) - mean)) * f32(scale));
}

/** Draws by inverse CDF over two levels; always with the second word. */
export function categorical(
  logits: Float32Array,
  rate: number,
  key: WordKey,
  draws: number,
): Int32Array {
  const e = exponentials(logits, rate);
  const ends: number[] = [];
  blockSums(e, Number).forEach((sum, b) => {
    ends.push((ends[b - 1] ?? 0) + sum);
  });
  const total = ends.at(-1) as number;
  const [high, low] = [words(key, 2, 0, draws), words(key, 3, 0, draws)];
  return Int32Array.from(high, (k, j) => {
    const u = (k + ((low[j] as number) + 0.5) * 2 ** -32) * 2 ** -32;
    const block = ends.findIndex((end) => end > u * total);
    let running = ends[block - 1] ?? 0;
    return e.findIndex((e, i) => {
      if (i < block * 256) return false;
      running += e;
      return running > u * total;
    });
  });
}
