/** Seeds and streams: random values as a function of what the caller holds. */

import { integer, kindError, stateError, valueError } from "./check.ts";
import { block, Purpose } from "./js/philox.ts";

/** 64 bits: an integer from 0 to 2^53 − 1, or a bigint from 0 to 2^64 − 1. `5` and `5n` are the same seed. */
export type Seed = number | bigint;

/** The state of an {@link Rng}: plain JSON, from which `new Rng(state)` goes on. */
export interface RngState {
  /** The seed in hexadecimal, `0x` and 1 to 16 digits, such as `"0x2a"`. */
  readonly seed: string;
  /** The stream that the next call takes: an integer from 0 to 2^53, where 2^53 says that all are used up. */
  readonly stream: number;
}

/** A stream of a seed: as options it is the key of one call. */
export interface StreamKey {
  /** The seed, from 0 to 2^64 − 1. */
  readonly seed: bigint;
  /** The stream: an integer from 0 to 2^53 − 1. */
  readonly stream: number;
}

/**
 * What a call takes of an {@link Rng}, which may be of another copy of this package: as an ES module or CommonJS, say.
 * Its own `seed` and `stream` are those of the next call.
 */
export interface RngLike extends StreamKey {
  /**
   * Takes the next stream.
   *
   * @returns The seed, and the stream that is taken.
   * @throws RangeError when all 2^53 streams are used up.
   */
  next(): StreamKey;
}

/** In the registry that all copies share. */
const BRAND = Symbol.for("gumbel.Rng");

export function isRng(value: unknown): value is RngLike {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** The last stream: streams are integers up to 2^53 − 1. */
export const MAX_STREAM = Number.MAX_SAFE_INTEGER;

const MAX_SEED = 2n ** 64n - 1n;
const EXPECTED_SEED = "an integer from 0 to 2^53 - 1 or a bigint from 0 to 2^64 - 1";

/** Checks a seed. */
export function readSeed(label: string, seed: unknown): Seed {
  if (typeof seed === "number") {
    if (Number.isSafeInteger(seed) && seed >= 0) return seed;
    throw valueError(label, EXPECTED_SEED, seed);
  }
  if (typeof seed !== "bigint") throw kindError(label, EXPECTED_SEED, seed);
  if (seed < 0n || seed > MAX_SEED) throw valueError(label, EXPECTED_SEED, seed);
  return seed;
}

export function seedLow(seed: Seed): number {
  return typeof seed === "number" ? seed >>> 0 : Number(seed & 0xffff_ffffn);
}

export function seedHigh(seed: Seed): number {
  return typeof seed === "number" ? highWord(seed) : Number(seed >> 32n);
}

/** What is above the low 32 bits of an integer. */
export function highWord(x: number): number {
  return Math.floor(x / 2 ** 32);
}

/**
 * A source of streams: each sampling call that succeeds with `{ rng }` takes the next one, from 0 on; a call that
 * throws takes none. The first call of `new Rng(s)` gives the values of `{ seed: s, stream: 0 }`.
 *
 * Not for cryptography: who knows the seed knows the values.
 *
 * @see Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11, §4: Philox4x32-10.
 *
 * @example
 * ```ts
 * const rng = new Rng(42);
 * gumbelMax([0, 1, 2], { rng }); // Int32Array [2], stream 0
 * const saved = JSON.stringify(rng); // '{"seed":"0x2a","stream":1}'
 * gumbelMax([0, 1, 2], { rng }); // Int32Array [0], stream 1
 * gumbelMax([0, 1, 2], { rng: new Rng(JSON.parse(saved)) }); // Int32Array [0], stream 1 again
 * gumbelMax([0, 1, 2], { seed: 42, stream: 1 }); // Int32Array [0], the same by hand
 * ```
 */
export class Rng {
  /** The seed, from 0 to 2^64 − 1. */
  readonly seed: bigint;
  #stream: number;

  /**
   * A generator at stream 0 of a seed, or one that goes on from a state.
   *
   * @param seed - A seed, or a {@link RngState} to restore.
   * @throws TypeError for another kind of seed or state.
   * @throws RangeError for a seed or stream out of its range, or a state whose seed isn't hexadecimal.
   */
  constructor(seed: Seed | RngState) {
    const { seed: start, stream } =
      typeof seed === "object" && seed !== null ? readState(seed) : { seed, stream: 0 };
    this.seed = BigInt(readSeed("seed", start));
    this.#stream = stream;
    // Not a declared member, which types would then ask of other copies' generators.
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Bundlers rename classes, and messages and consoles name this one. */
  get [Symbol.toStringTag](): string {
    return "Rng";
  }

  /** The stream that the next call takes: an integer from 0; 2^53 when all are used up. */
  get stream(): number {
    return this.#stream;
  }

  /** What `new Rng(state)` restores this generator from: plain JSON. */
  get state(): RngState {
    return { seed: `0x${this.seed.toString(16)}`, stream: this.#stream };
  }

  /**
   * Called by `JSON.stringify(rng)`, which so gives the state as text.
   *
   * @returns The state.
   */
  toJSON(): RngState {
    return this.state;
  }

  /**
   * Takes the next stream by hand, as key for any sampling function.
   *
   * @returns The seed, and the stream that is taken.
   * @throws RangeError when all 2^53 streams are used up.
   *
   * @example
   * ```ts
   * const rng = new Rng(42);
   * rng.next(); // { seed: 42n, stream: 0 }
   * gumbelMax([0, 1, 2], rng.next()); // Int32Array [0], stream 1
   * ```
   */
  next(): StreamKey {
    const stream = this.#stream;
    if (stream > MAX_STREAM) {
      throw stateError("rng", "a stream up to 2^53 - 1 (use split)", "a generator that is used up");
    }
    this.#stream = stream + 1;
    return { seed: this.seed, stream };
  }

  /**
   * A generator whose seed is drawn from this seed and `index` (Philox purpose 15). It depends on neither the stream
   * nor on other splits, so workers can split by their number.
   *
   * @param index - An integer from 0 to 2^53 − 1.
   * @returns A generator at stream 0 of the new seed.
   * @throws TypeError for an index that is no number.
   * @throws RangeError for one that is no integer, or out of its range.
   *
   * @example
   * ```ts
   * new Rng(42).split(1).state; // { seed: "0x7974c00ff2758dd0", stream: 0 }
   * ```
   */
  split(index: number): Rng {
    integer("index", index, 0, MAX_STREAM);
    const first = Purpose.split * 2 ** 28;
    const words = block(
      [seedLow(this.seed), seedHigh(this.seed)],
      [first, 0, index >>> 0, highWord(index)],
    );
    return new Rng(joined(words));
  }
}

function readState(state: RngState): { seed: bigint; stream: number } {
  const { seed, stream } = state;
  if (typeof seed !== "string") throw kindError("state.seed", "a string", seed);
  if (!/^0x[0-9a-f]{1,16}$/i.test(seed)) {
    throw valueError("state.seed", 'a string of "0x" and 1 to 16 hexadecimal digits', seed);
  }
  // One beyond the last stream is the state of a generator that is used up.
  return { seed: BigInt(seed), stream: integer("state.stream", stream, 0, MAX_STREAM + 1) };
}

/** A seed from its words, low first. */
function joined([low = 0, high = 0]: Uint32Array): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

let shared: Rng | undefined;

/** The generator of calls that name neither seed nor rng: seeded from the system's entropy at the first one. */
export function sharedRng(): Rng {
  if (shared === undefined) {
    shared = new Rng(joined(crypto.getRandomValues(new Uint32Array(2))));
  }
  return shared;
}
