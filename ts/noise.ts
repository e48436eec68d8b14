import { MAX_COLUMNS, readOut } from "./arrays.ts";
import { kernels } from "./backend.ts";
import { makeBatch } from "./batch.ts";
import { checkOptions, integer } from "./check.ts";
import { KEY_OPTIONS, type KeyOptions, MAX_ROWS, NEXT_STREAM, readKey } from "./key.ts";

/** Options of {@link gumbelNoise}. */
export interface GumbelNoiseOptions extends KeyOptions {
  /** Where the result goes: a Float32Array of length rows × classes. */
  out?: Float32Array | undefined;
}

const OPTIONS = [...KEY_OPTIONS, "out"];

/**
 * Standard Gumbel noise G = −log(−log U), independent in each entry. The value at (seed, stream, row, column)
 * depends on nothing else, so any slice can be drawn alone.
 *
 * Range: [−3.14, 45.06], finite always; the upper tail is right down to probability 2^-64. Error of a value: at most
 * 2·10^-7 · max(1, |G|).
 *
 * @param rows - Rows, an integer ≥ 0.
 * @param classes - Columns of each row, an integer from 1 to 2^30.
 * @param options - Key and `out`.
 * @returns Row-major `[rows, classes]`.
 * @throws TypeError, RangeError for arguments of the wrong kind or value; then no stream is taken.
 * @see Gumbel, "Statistical theory of extreme values", 1954; words: Salmon et al., "Parallel random numbers: as easy
 *   as 1, 2, 3", SC'11, §4.
 *
 * @example
 * ```ts
 * const g = gumbelNoise(2, 3, { seed: 1 }); // Float32Array of 6 values
 * ```
 */
export function gumbelNoise(
  rows: number,
  classes: number,
  options: GumbelNoiseOptions = {},
): Float32Array {
  checkOptions(options, OPTIONS);
  integer("rows", rows, 0, MAX_ROWS, NEXT_STREAM);
  integer("classes", classes, 1, MAX_COLUMNS, NEXT_STREAM);
  const key = readKey(options, rows);
  const out = readOut("out", options.out, rows * classes, []);
  kernels().noise(makeBatch({ rows, classes }, { key }), out);
  key.rng?.next();
  return out;
}
