/** Random words for tests: those of the package, and the same by definition, in BigInt. */

import { block } from "../../ts/js/philox.ts";

export interface WordKey {
  readonly seed: bigint;
  readonly stream: number;
  readonly row: number;
}

const MASK = 0xffff_ffffn;

function counter(
  key: WordKey,
  purpose: number,
  blockNumber: number,
): [number, number, number, number] {
  const stream = BigInt(key.stream);
  return [purpose * 2 ** 28 + blockNumber, key.row, Number(stream & MASK), Number(stream >> 32n)];
}

function halves(seed: bigint): [number, number] {
  return [Number(seed & MASK), Number(seed >> 32n)];
}

/** `count` words from `column` on, by the package's reference. */
export function words(key: WordKey, purpose: number, column: number, count: number): Uint32Array {
  const out = new Uint32Array(count);
  const seed = halves(key.seed);
  let four: Uint32Array = new Uint32Array(4);
  for (let i = 0; i < count; i++) {
    const at = column + i;
    if (i === 0 || at % 4 === 0) four = block(seed, counter(key, purpose, Math.floor(at / 4)));
    out[i] = four[at % 4] as number;
  }
  return out;
}

/** One word as the paper and DESIGN §3 define it: nothing of the package is in it. */
export function wordByDefinition(key: WordKey, purpose: number, column: number): number {
  const start = counter(key, purpose, Math.floor(column / 4));
  return blockByDefinition(halves(key.seed), start)[column % 4] as number;
}

/** Philox4x32-10 in BigInt. */
export function blockByDefinition(key: readonly number[], counter: readonly number[]): number[] {
  let [x0, x1, x2, x3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const [p0, p1] = [x0 * 0xd2511f53n, x2 * 0xcd9e8d57n];
    [x0, x1, x2, x3] = [(p1 >> 32n) ^ x1 ^ k0, p1 & MASK, (p0 >> 32n) ^ x3 ^ k1, p0 & MASK];
    k0 = (k0 + 0x9e3779b9n) & MASK;
    k1 = (k1 + 0xbb67ae85n) & MASK;
  }
  return [x0, x1, x2, x3].map(Number);
}
