/** Seeds and streams: random values as a function of what the caller holds. */

import { integer, kindError, stateError, valueError } from "./check.ts";
import { block, Purpose } from "./js/philox.ts";

/** 64 bits: an integer from 0 to 2^53 − 1, or a bigint from 0 to 2^64 − 1. `5` and `5n` are the same seed. */
export type Seed = number | bigint;

/** The state of an {@link Rng}: plain JSON. */
export interface RngState {
  /** The seed in hexadecimal, such as `"0x2a"`. */
  readonly seed: string;
  /** The stream that the next call takes. */
  readonly stream: number;
}

/** What a call takes of an {@link Rng}, which may be of another copy of this package: as an ES module or CommonJS, say. */
export interface RngLike {
  readonly seed: bigint;
  readonly stream: number;
  next(): { seed: bigint; stream: number };
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
 * @example
 * ```ts
 * const rng = new Rng(42);
 * const first = gumbelMax([0, 1, 2], { rng });
 * const saved = JSON.stringify(rng.state); // '{"seed":"0x2a","stream":1}'
 * const again = new Rng(JSON.parse(saved)); // goes on where rng is
 * ```
 */
export class Rng {
  /** The seed. */
  readonly seed: bigint;
  #stream: number;

  /**
   * @param seed - A seed, or a {@link RngState} to restore.
   * @throws TypeError for another kind of seed, RangeError for one beyond 64 bits or a stream beyond 2^53 − 1.
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

  /** The stream that the next call takes. */
  get stream(): number {
    return this.#stream;
  }

  /** What {@link Rng} restores this generator from: JSON. */
  get state(): RngState {
    return { seed: `0x${this.seed.toString(16)}`, stream: this.#stream };
  }

  /** So that `JSON.stringify(rng)` is the state. */
  toJSON(): RngState {
    return this.state;
  }

  /**
   * Takes the next stream by hand, as key for any sampling function: `gumbelMax(logits, rng.next())`.
   *
   * @throws RangeError when all 2^53 streams are used up.
   */
  next(): { seed: bigint; stream: number } {
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
