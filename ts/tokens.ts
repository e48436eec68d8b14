import {
  checkAttached,
  type Matrix,
  type Rows,
  readIndexOut,
  readMatrix,
  readOut,
} from "./arrays.ts";
import { roomFor, SHAPE_OPTIONS, type ShapeOptions, scatter } from "./axis.ts";
import { kernels } from "./backend.ts";
import { errorOfRow, makeBatch, type OnInvalidRow, readOnInvalidRow } from "./batch.ts";
import { checkOptions, choice, kindError } from "./check.ts";
import type { HalfType } from "./kernels.ts";
import { KEY_OPTIONS, type KeyOptions, readKey } from "./key.ts";
import {
  readTokenFilters,
  type Stage,
  TOKEN_FILTER_OPTIONS,
  type TokenFilterOptions,
} from "./token-filters.ts";

/** What {@link filterTokens} and {@link sampleTokens} have in common. */
interface TokenOptions extends TokenFilterOptions, ShapeOptions {
  /** Classes in a row, that is the size of the vocabulary; default: the whole array is one row. */
  classes?: number | undefined;
  /** What a Uint16Array holds: half-precision numbers as a model gives them. Without it, it holds integers. */
  dtype?: HalfType | undefined;
  /** What happens at a row that is no law. Default `"throw"`. */
  onInvalidRow?: OnInvalidRow | undefined;
}

/** Options of {@link filterTokens}. */
export interface FilterTokensOptions extends TokenOptions {
  /** Where the result goes: a Float32Array of length rows × classes, the input or memory of its own. */
  out?: Float32Array | undefined;
}

/** Options of {@link sampleTokens}. */
export interface SampleTokensOptions extends TokenOptions, KeyOptions {
  /** Where the result goes: an Int32Array of length rows. */
  out?: Int32Array | undefined;
}

const FILTER_OPTIONS = [
  ...TOKEN_FILTER_OPTIONS,
  ...["classes", "dtype", "onInvalidRow", "out"],
  ...SHAPE_OPTIONS,
];
const SAMPLE_OPTIONS = [...FILTER_OPTIONS, ...KEY_OPTIONS];

const HALF_TYPES: readonly HalfType[] = ["float16", "bfloat16"];

/** Logits as float32. */
function readLogits(logits: unknown, options: TokenOptions): Rows {
  const { dtype } = options;
  if (dtype === undefined)
    return readMatrix("logits", logits, options.classes, options.shape, options.axis);
  const type = choice("dtype", dtype, HALF_TYPES);
  if (logits instanceof Uint16Array) {
    if (logits.length === 0) checkAttached("logits", logits);
    const numbers = new Float32Array(logits.length);
    kernels().decode(logits, type, numbers);
    return readMatrix("logits", numbers, options.classes, options.shape, options.axis);
  }
  throw kindError("dtype", "logits in a Uint16Array with it", dtype);
}

/**
 * The logits that {@link sampleTokens} draws from: those of the classes that filters keep, after bias and penalties,
 * and −∞ for the others. The temperature decides what filters keep, but doesn't divide the result, so kept logits are
 * not rounded: give it again to what comes next, as in `softmax(kept, { temperature })`.
 *
 * Order: mask and bias, then penalties, temperature and filters as `order` says. Each filter sees the law that those
 * before have left. Filters keep classes by value, never by rank: a class that equals the last one kept is kept, too,
 * so that topK may keep more than k, and which classes are kept doesn't depend on where they are. A temperature of 0
 * keeps the first of the largest logits, whatever the filters.
 *
 * topK is exact. minP is decided in float64. Sums for topP and typicalP are float64 sums of float32 probabilities with
 * a relative error of at most expm1(2^-22·|l − max|/T) + 2^-21, as in {@link categorical}; typicalP's distances are
 * right to 2^-20·(1 + |l − max|/T). Nothing is sorted: a threshold is searched for.
 *
 * @param logits - `[rows, classes]`; with `dtype` the bits of half-precision numbers, in a Uint16Array.
 * @param options - Temperature, filters, penalties and their order; mask and bias; where the result goes.
 * @returns `[rows, classes]`: a logit, or −∞ where it is dropped; NaN in a marked row.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, an option that `order` doesn't name,
 *   or a penalty without `seen`.
 * @throws RangeError for a number out of its range, an id beyond the classes, a length that doesn't fit, an `out` that
 *   shares memory with another array than the logits, or a row that is no law (see {@link OnInvalidRow}) once mask and
 *   bias are applied.
 * @see Holtzman et al., "The curious case of neural text degeneration", ICLR 2020, §3 (top-p, top-k); Nguyen et al.,
 *   "Turning up the heat: min-p sampling", 2024; Meister et al., "Locally typical sampling", TACL 2023, §4; Keskar et
 *   al., "CTRL", 2019, §4.1 (repetition penalty).
 *
 * @example
 * ```ts
 * filterTokens([3, 1, 2, 2], { topK: 2 }); // Float32Array [3, -Infinity, 2, 2], since 2 and 2 are equal
 * filterTokens([3, 1, 2, 2], { topP: 0.5 }); // Float32Array [3, -Infinity, -Infinity, -Infinity]
 * ```
 */
export function filterTokens(logits: Matrix, options: FilterTokensOptions = {}): Float32Array {
  checkOptions(options, FILTER_OPTIONS);
  const input = readLogits(logits, options);
  const onInvalidRow = readOnInvalidRow(options.onInvalidRow);
  const out = readOut("out", options.out, input.rows * input.classes, [["logits", logits]]);
  const { t, stages } = readTokenFilters(options, input, options.out);
  // Elsewhere, where a later stage may find a row invalid: the result keeps that row as it was.
  const room = stages.length > 1 ? new Float32Array(out.length) : roomFor(out, input, input.data);
  const { rows, error } = runFilters(input, t, stages, onInvalidRow, room);
  scatter(room, out, input, rows.rows);
  if (error !== undefined) throw error;
  return out;
}

/**
 * Draws one token a row, as language models are sampled: `categorical(filterTokens(logits, options), { temperature,
 * seed })`, bit for bit, without making an array of it. One draw over the kept classes in their order; without filters
 * it is that of {@link categorical} with this temperature.
 *
 * @param logits - `[rows, classes]`; with `dtype` the bits of half-precision numbers, in a Uint16Array.
 * @param options - As for {@link filterTokens}, and the key.
 * @returns `[rows]`: classes from 0 to classes − 1; −1 for a marked row.
 * @throws TypeError as {@link filterTokens}, or for options of the key that exclude each other.
 * @throws RangeError as {@link filterTokens}; no stream is taken then.
 * @see Devroye, "Non-uniform random variate generation", 1986, §III.2, for the draw; {@link filterTokens} for filters.
 *
 * @example
 * ```ts
 * const logits = [[2, 1, 0.5, -1], [0, 0, 3, 0]];
 * sampleTokens(logits, { temperature: 0.7, topK: 3, topP: [0.9, 0.5], seed: 1 }); // Int32Array [1, 2]
 * sampleTokens(logits, { repetitionPenalty: 4, seen: [[0], [2, 2]], temperature: 0 }); // Int32Array [1, 2]
 * ```
 */
export function sampleTokens(logits: Matrix, options: SampleTokensOptions = {}): Int32Array {
  checkOptions(options, SAMPLE_OPTIONS);
  const read = readLogits(logits, options);
  const onInvalidRow = readOnInvalidRow(options.onInvalidRow);
  const key = readKey(options, read.rows);
  const out = readIndexOut("out", options.out, read.rows, [["logits", logits]]);
  const { t, stages } = readTokenFilters(options, read, options.out);
  const before = stages.slice(0, -1);
  const room = before.length === 0 ? read.data : new Float32Array(read.data.length);
  const { rows: input, error } = runFilters(read, t, before, onInvalidRow, room);
  const { edits, program } = stages.at(-1) as Stage;
  const batch = makeBatch(input, { key, t, onInvalidRow, edits });
  const completed = kernels().sampleTokens(batch, input.data, program, out);
  const failed = errorOfRow(completed, "logits", input, "logits", undefined, edits) ?? error;
  if (failed !== undefined) throw failed;
  key.rng?.next();
  return out;
}

/** Rows that went through, and what is wrong with the one behind them. */
interface Filtered {
  readonly rows: Rows;
  readonly error: RangeError | undefined;
}

/**
 * Runs stages one after the other, all but the first on what the one before has left in `out`. Where a stage meets an
 * invalid row, the next ones go on with the rows before it.
 */
function runFilters(
  input: Rows,
  t: number | number[],
  stages: readonly Stage[],
  onInvalidRow: OnInvalidRow,
  out: Float32Array,
): Filtered {
  let rows = input;
  let error: RangeError | undefined;
  for (const { edits, program } of stages) {
    const batch = makeBatch(rows, { t, onInvalidRow, edits });
    const completed = kernels().filterTokens(batch, rows.data, program, out);
    error = errorOfRow(completed, "logits", rows, "logits", undefined, edits) ?? error;
    rows = { ...input, rows: completed, data: out };
  }
  return { rows, error };
}
