import { MAX_COLUMNS, readOut } from "./arrays.ts";
import { kernels } from "./backend.ts";
import { makeBatch } from "./batch.ts";
import { checkOptions, integer } from "./check.ts";
import { KEY_OPTIONS, type KeyOptions, MAX_ROWS, NEXT_STREAM, readKey } from "./key.ts";

/** Options of {@link gumbelNoise}. */
export interface GumbelNoiseOptions extends KeyOptions {
  /** Where the result goes: a Float32Array of length rows × classes. Default: a new one. */
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
 * @param rows - Rows, an integer from 0 to 2^32.
 * @param classes - Columns of each row, an integer from 1 to 2^30; on WebAssembly below 2^29.
 * @param options - The key, and where the result goes.
 * @returns `[rows, classes]`, row-major.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range, an `out` of another length, or a result that memory can't hold.
 * @see The law: E. J. Gumbel, "Statistical theory of extreme values and some practical applications", 1954. The words:
 *   Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11, §4.
 *
 * @example
 * ```ts
 * gumbelNoise(2, 3, { seed: 1 }); // Float32Array [-0.793, -0.811, 0.126, 0.330, 1.937, 1.912], [rows, classes]
 * gumbelNoise(1, 3, { seed: 1, row: 1 }); // Float32Array [0.330, 1.937, 1.912], the second row alone
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
