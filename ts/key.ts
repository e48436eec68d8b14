/** The key of a call: which seed, stream and row the words of each row come from. */

import { type PerRow, readEach } from "./arrays.ts";
import { integer, kindError, stateError } from "./check.ts";
import {
  highWord,
  isRng,
  MAX_STREAM,
  type Rng,
  type RngLike,
  readSeed,
  type Seed,
  seedHigh,
  seedLow,
  sharedRng,
} from "./rng.ts";

/**
 * Names the random words of a call: the value at (seed, stream, row, column) depends on nothing else. With neither
 * `seed` nor `rng` each call takes a new stream of a seed from the system's entropy (`crypto.getRandomValues`).
 */
export interface KeyOptions {
  /** The seed: one, or one a row. Excludes `rng`. */
  seed?: PerRow<Seed> | undefined;
  /** The stream: an integer from 0 to 2^53 − 1, one or one a row. Needs `seed`. Default 0. */
  stream?: PerRow<number> | undefined;
  /**
   * The number of the first row, from which rows count up, or one a row: integers below 2^32. Needs `seed` or `rng`.
   * Default 0.
   */
  row?: PerRow<number> | undefined;
  /** An {@link Rng}: the call takes its next stream, if it succeeds. Excludes `seed` and `stream`. */
  rng?: RngLike | undefined;
}

export const KEY_OPTIONS = ["seed", "stream", "row", "rng"] as const;

/**
 * The key of a call that was made: as options, it draws the same values again.
 *
 * @example
 * ```ts
 * const { key, index } = gumbelSoftmaxVjp([0, 1, 2], { seed: 42, stream: 1 });
 * key; // { seed: 42, stream: 1, row: 0 }
 * index; // Int32Array [0]
 * gumbelMax([0, 1, 2], { ...key }); // Int32Array [0]
 * ```
 */
export interface Key {
  /** The seed: one, or one a row. */
  readonly seed: PerRow<Seed>;
  /** The stream: one, or one a row. */
  readonly stream: PerRow<number>;
  /** The number of the first row, or one a row. */
  readonly row: PerRow<number>;
}

/** A key, and what to do once the call has succeeded. */
export interface CallKey extends Key {
  readonly seed: Seed | Seed[];
  readonly stream: number | number[];
  /** The generator that the stream is taken from on success. */
  readonly rng: RngLike | undefined;
  readonly row: number | number[];
}

/** Rows of a stream: the number of a row is a word of the counter. */
export const MAX_ROWS = 2 ** 32;

/** What to do where a stream has no more rows or columns. */
export const NEXT_STREAM = " (use the next stream for more)";

/** Reads the key of a call on `rows` rows. */
export function readKey(options: KeyOptions, rows: number): CallKey {
  const { seed, stream, row, rng } = options;
  if (rng !== undefined) checkRng(rng, seed, stream);
  if (seed === undefined && rng === undefined) {
    if (stream !== undefined) throw kindError("stream", 'a "seed" with it', stream);
    if (row !== undefined) throw kindError("row", 'a "seed" or an "rng" with it', row);
  }
  const rowNumbers = readRow(row, rows);
  if (seed !== undefined) {
    return {
      seed: readEach("seed", seed, rows, "a seed", readSeed),
      stream: stream === undefined ? 0 : readEach("stream", stream, rows, "an integer", readStream),
      row: rowNumbers,
      rng: undefined,
    };
  }
  const source = rng ?? sharedRng();
  if (source.stream > MAX_STREAM) {
    throw stateError("rng", "a stream up to 2^53 - 1 (use split)", "a generator that is used up");
  }
  return { seed: source.seed, stream: source.stream, row: rowNumbers, rng: source };
}

/** Reads the key of a call that may be given the noise instead, which leaves nothing for a key to say. */
export function readNoiseKey(
  options: KeyOptions,
  rows: number,
  noiseGiven: boolean,
): CallKey | undefined {
  if (!noiseGiven) return readKey(options, rows);
  for (const name of KEY_OPTIONS) {
    const given = options[name];
    if (given !== undefined) throw kindError("noise", `no "${name}" with it`, given);
  }
  return undefined;
}

function checkRng(rng: unknown, seed: unknown, stream: unknown): void {
  if (!isRng(rng)) throw kindError("rng", "an Rng", rng);
  if (seed !== undefined) throw kindError("rng", 'no "seed" with it', seed);
  if (stream !== undefined) throw kindError("rng", 'no "stream" with it', stream);
}

function readStream(label: string, value: unknown): number {
  return integer(label, value, 0, MAX_STREAM);
}

function readRow(row: unknown, rows: number): number | number[] {
  if (row === undefined) return 0;
  const numbers = readEach("row", row, rows, "an integer", (label, value) =>
    integer(label, value, 0, MAX_ROWS - 1, NEXT_STREAM),
  );
  if (typeof numbers === "number" && numbers + rows > MAX_ROWS) {
    const range = `${numbers} to ${numbers + rows - 1}`;
    throw stateError("row", `row numbers below 2^32${NEXT_STREAM}`, range);
  }
  return numbers;
}

/** Whether the rows differ in their numbers alone, which count up. */
export function isOneForAll({ seed, stream, row }: CallKey): boolean {
  return typeof seed !== "object" && typeof stream !== "object" && typeof row !== "object";
}

/** Writes the key's six words of the record of `row` to `words` from `at` on: see `RECORD` in kernels.ts. */
type WriteKey = (words: Uint32Array, at: number, row: number) => void;

/** The writer of a key, with the column of the first draw. What is equal in all rows is worked out once. */
export function keyWriter(key: CallKey, firstDraw: number): WriteKey {
  const { seed, stream, row: rowNumbers } = key;
  const seeds = typeof seed === "object" ? seed : undefined;
  const streams = typeof stream === "object" ? stream : undefined;
  const low = typeof seed === "object" ? 0 : seedLow(seed);
  const high = typeof seed === "object" ? 0 : seedHigh(seed);
  return (words, at, row) => {
    const rowStream = streams === undefined ? (stream as number) : (streams[row] as number);
    words[at] = seeds === undefined ? low : seedLow(seeds[row] as Seed);
    words[at + 1] = seeds === undefined ? high : seedHigh(seeds[row] as Seed);
    words[at + 2] = typeof rowNumbers === "number" ? rowNumbers + row : (rowNumbers[row] as number);
    words[at + 3] = rowStream >>> 0;
    words[at + 4] = highWord(rowStream);
    words[at + 5] = firstDraw;
  };
}

/** The public part of a key, out of reach of the call that goes on using it. */
export function publicKey({ seed, stream, row }: CallKey): Key {
  return { seed: copied(seed), stream: copied(stream), row: copied(row) };
}

function copied<T>(value: T | T[]): T | T[] {
  return Array.isArray(value) ? [...value] : value;
}
