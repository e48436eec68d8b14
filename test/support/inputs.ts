/** Inputs made of Philox words: hard ones, the same on every run. */

import { bits, fromBits } from "./bits.ts";
import { words } from "./words.ts";

export type Kind = "plain" | "edges" | "weights";
export const KINDS: Kind[] = ["plain", "edges", "weights"];

/** Words that no call under test draws: a stream of their own. */
const POOL = words({ seed: 0n, stream: 2 ** 50, row: 0 }, 0, 0, 2 ** 18);

/** `count` of them; seeds overlap, which doesn't matter here. */
export function testWords(seed: number, count: number): Uint32Array {
  const start = (seed * 7919) % (POOL.length - count);
  return POOL.subarray(start, start + count);
}

function signed(word: number): number {
  return Math.fround(word | 0) * 2 ** -28;
}

/**
 * Rows of input. Plain: logits within ±8, one in eight −∞. Edges: also ±0, subnormal numbers, ±1e38 (1e38 in odd rows
 * alone, since it rules out everything else) and floats of any size. Weights: up to 8, with zeros of both signs and
 * subnormal ones.
 */
export function input(kind: Kind, rows: number, classes: number, seed: number): Float32Array {
  const out = new Float32Array(rows * classes);
  testWords(seed, out.length).forEach((k, i) => {
    const n = signed(k);
    if (kind === "plain") out[i] = k % 8 === 0 ? -Infinity : n;
    else if (kind === "weights") out[i] = weight(k, Math.abs(n));
    else out[i] = edge(k, n, Math.floor(i / classes) % 2 === 1);
  });
  return out;
}

function weight(k: number, n: number): number {
  switch (k % 16) {
    case 0:
      return 0;
    case 1:
      return -0;
    case 2:
      return fromBits(k >>> 9);
    case 3:
      return fromBits((k >>> 1) & 0x5fffffff);
    default:
      return n;
  }
}

function edge(k: number, n: number, odd: boolean): number {
  switch (k % 16) {
    case 0:
      return 0;
    case 1:
      return -0;
    case 2:
      return fromBits(k >>> 9);
    case 3:
      return -fromBits(k >>> 9);
    case 4:
      return odd ? 1e38 : -1e38;
    case 5:
      return -1e38;
    case 6:
      return -Infinity;
    case 7:
      return fromBits(k & 0xbfffffff);
    default:
      return n;
  }
}

/** Given noise: within ±16, ±0 and −∞ among it. */
export function givenNoise(count: number, seed: number): Float32Array {
  const rare = [0, -0, -Infinity];
  return Float32Array.from(testWords(seed, count), (k) => rare[k % 16] ?? 2 * signed(k));
}

/** Upstream gradients within ±8, ±0, subnormal and ±1e38 among them, and one in `spacing` a NaN or an infinity. */
export function upstream(count: number, seed: number, spacing = Infinity): Float32Array {
  const rare = [0, -0, 1e-45, 1e38, -1e38];
  const all = testWords(seed, count);
  const out = Float32Array.from(all, (k) => {
    if (k % 64 === 5) return fromBits(k >>> 9);
    return rare[k % 64] ?? signed(k);
  });
  // By their bits, since a signalling NaN is quiet after any move of its value.
  const special = [0x7fc00000, 0xffc00000, 0x7f800001, 0xffffffff, 0x7f800000, 0xff800000];
  all.forEach((k, i) => {
    if ((k >>> 8) % spacing === 0) bits(out)[i] = special[(k >>> 4) % special.length] as number;
  });
  return out;
}

/** Makes about half of the rows invalid, or certain, each in another way. Weights that aren't finite are invalid. */
export function spoil(x: Float32Array, classes: number, seed: number): void {
  testWords(seed, x.length / classes).forEach((k, row) => {
    const values = x.subarray(row * classes, (row + 1) * classes);
    const column = (k >>> 8) % classes;
    const other = (k >>> 20) % classes;
    const ways = [
      () => values.set([Number.NaN], column),
      () => bits(values).set([0xff812345], column),
      () => values.set([Infinity], column),
      () => {
        values[column] = Infinity;
        values[other] = Infinity;
      },
      () => values.fill(-Infinity),
      () => values.fill(-0),
    ];
    ways[k % 12]?.();
  });
}
