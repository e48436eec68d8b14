import {
  MAX_COLUMNS,
  type Matrix,
  type Rows,
  readCountsOut,
  readIndexOut,
  readMatrix,
} from "./arrays.ts";
import { keptLaw } from "./backend.ts";
import { checkCompleted, type From, makeBatch, readFrom } from "./batch.ts";
import { readDraw } from "./categorical.ts";
import { checkOptions, integer, stateError } from "./check.ts";
import { edit } from "./js/restrict.ts";
import type { Batch, Edits, KeptLaw } from "./kernels.ts";
import { type CallKey, KEY_OPTIONS, type KeyOptions, NEXT_STREAM, readKey } from "./key.ts";
import { readTemperature } from "./rate.ts";
import { RESTRICTION_OPTIONS, type RestrictionOptions, readEdits } from "./restriction.ts";

/** Options of {@link categoricalLaw}. */
export interface CategoricalLawOptions extends RestrictionOptions {
  /** What the input holds: `"logits"` (default), or `"weights"`, which need not sum to 1. */
  from?: From | undefined;
  /** T ≥ 0: divides the logits. 0 takes the largest. Default 1. */
  temperature?: number | undefined;
}

/** Options of the draws from a law: a key for its one row, and the rest. */
export interface LawDrawOptions extends KeyOptions {
  /** The number of the first draw: `draw(n)` is n calls of `draw(1)` with `draw` 0 … n − 1. Default 0. */
  draw?: number | undefined;
  /** Where the result goes: an Int32Array of length draws. */
  out?: Int32Array | undefined;
}

/** Options of the counts of draws from a law. */
export interface LawCountsOptions extends KeyOptions {
  /** The number of the first draw. Default 0. */
  draw?: number | undefined;
  /** Where the result goes: a Uint32Array of length classes, which is overwritten. */
  out?: Uint32Array | undefined;
}

/**
 * A law to draw from, made by {@link categoricalLaw}.
 *
 * @example
 * ```ts
 * const law = categoricalLaw([5, 2, 3], { from: "weights" });
 * law.classes; // 3
 * law.draw(6, { seed: 1 }); // Int32Array [2, 0, 0, 0, 1, 2]
 * law.draw(2, { seed: 1, draw: 4 }); // Int32Array [1, 2], the last two alone
 * law.counts(6, { seed: 1 }); // Uint32Array [3, 1, 2]
 * ```
 */
export interface CategoricalLaw {
  /** How many classes it has. */
  readonly classes: number;
  /**
   * Draws classes: those of {@link categorical} for the same key, bit for bit.
   *
   * @param draws - How many, an integer from 0 to 2^30.
   * @param options - The key, the number of the first draw, and where the result goes.
   * @returns `[draws]`: classes from 0 to classes − 1.
   * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
   * @throws RangeError for a number out of its range, or a length that doesn't fit. Then no stream is taken.
   */
  draw(draws: number, options?: LawDrawOptions): Int32Array;
  /**
   * Counts how often each class is drawn, without keeping the draws.
   *
   * @param draws - How many, an integer from 0 to 2^30.
   * @param options - The key, the number of the first draw, and where the result goes.
   * @returns `[classes]`: the histogram of what `draw` returns for the same arguments.
   * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
   * @throws RangeError for a number out of its range, or a length that doesn't fit. Then no stream is taken.
   */
  counts(draws: number, options?: LawCountsOptions): Uint32Array;
}

const OPTIONS = ["from", "temperature", ...RESTRICTION_OPTIONS];
const DRAW_OPTIONS = [...KEY_OPTIONS, "draw", "out"];

/** Draws that are counted at a time. */
const CHUNK = 16_384;

/**
 * A law that is read once and drawn from as often as one likes, in constant time a draw. {@link categorical} with the
 * same input, key and temperature draws the same, so a slice can be drawn anywhere: in another call, by `draw`, or in
 * another process. The law is as exact as there.
 *
 * Each draw looks into a guide that grows with the classes; where the first random word doesn't settle the class, once
 * in 2^32 / classes draws, the cumulative sums decide by a second one. Changing the input afterwards changes nothing.
 *
 * Memory: 8 bytes a class and a guide of 4 to 8 more, at least 16 kB; from 4 million classes on the guide takes 2 to 4,
 * below 2^19 up to 64, at most 2 MB.
 * Where WebAssembly runs, an instance of its own takes a few hundred kB. So 10^8 classes take 1.1 GB; WebAssembly has room for
 * 400,000,000. There is nothing to free. Engines hold some thousands of these laws at once.
 *
 * @param logits - `[classes]`; weights with `from: "weights"`.
 * @param options - What the input holds, the temperature, mask and bias.
 * @returns The law.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, more rows than one, a row that is no law (see
 *   {@link OnInvalidRow}), and where there is no memory for it.
 * @see H.-C. Chen & Y. Asau, "On generating random variates from an empirical distribution", AIIE Transactions 6, 1974;
 *   L. Devroye, "Non-uniform random variate generation", 1986, §III.2.4.
 *
 * @example
 * ```ts
 * const law = categoricalLaw([5, 2, 3], { from: "weights" });
 * const rng = new Rng(1);
 * law.draw(6, { rng }); // Int32Array [2, 0, 0, 0, 1, 2], as by categorical
 * law.counts(1000, { rng }); // Uint32Array [505, 218, 277]
 * ```
 */
export function categoricalLaw(
  logits: Matrix,
  options: CategoricalLawOptions = {},
): CategoricalLaw {
  checkOptions(options, OPTIONS);
  const input = readMatrix("logits", logits, undefined);
  if (input.rows !== 1) throw stateError("logits", "one row", `${input.rows} rows`);
  const from = readFrom(options.from);
  const t = readTemperature(options.temperature, 1);
  const kept = keptLaw(input.classes);
  const edits = readEdits(options, input, from, undefined);
  const completed = kept.set(makeBatch(input, { t, from }), edited(input, from, edits));
  checkCompleted(completed, "logits", input, from, undefined, edits);
  return new Law(kept, input.classes);
}

/** The row with mask and bias applied. */
function edited({ data, classes }: Rows, from: From, edits: Edits | undefined): Float32Array {
  if (edits === undefined) return data;
  const copy = data.slice();
  edit({ classes, weights: from === "weights" }, edits, 0, copy);
  return copy;
}

class Law implements CategoricalLaw {
  readonly classes: number;
  readonly #kept: KeptLaw;

  constructor(kept: KeptLaw, classes: number) {
    this.classes = classes;
    this.#kept = kept;
    Object.freeze(this);
  }

  draw(draws: number, options: LawDrawOptions = {}): Int32Array {
    const { batch, key } = this.#read(draws, options);
    const out = readIndexOut("out", options.out, draws, []);
    this.#kept.draw(batch, 0, out);
    key.rng?.next();
    return out;
  }

  counts(draws: number, options: LawCountsOptions = {}): Uint32Array {
    const { batch, key } = this.#read(draws, options);
    const out = readCountsOut("out", options.out, this.classes);
    out.fill(0);
    const room = new Int32Array(Math.min(draws, CHUNK));
    for (let made = 0; made < draws; made += CHUNK) {
      const drawn = room.subarray(0, Math.min(CHUNK, draws - made));
      this.#kept.draw(batch, made, drawn);
      for (let i = 0; i < drawn.length; i++) (out[drawn[i] as number] as number)++;
    }
    key.rng?.next();
    return out;
  }

  #read(draws: number, options: LawDrawOptions | LawCountsOptions): Call {
    checkOptions(options, DRAW_OPTIONS);
    integer("draws", draws, 0, MAX_COLUMNS, NEXT_STREAM);
    const draw = readDraw(options.draw, draws);
    const key = readKey(options, 1);
    return { batch: makeBatch({ rows: 1, classes: this.classes }, { key, draw }), key };
  }
}

interface Call {
  readonly batch: Batch;
  readonly key: CallKey;
}
