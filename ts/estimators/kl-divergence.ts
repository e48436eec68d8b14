import {
  checkApart,
  type Kept,
  type Matrix,
  type Rows,
  readGiven,
  readGivenLikeRow,
  readOut,
  readPerRow,
  rowsOf,
} from "../arrays.ts";
import { SHAPE_OPTIONS, type ShapeOptions } from "../axis.ts";
import { checkCompleted, type OnInvalidRow, readOnInvalidRow } from "../batch.ts";
import { checkOptions } from "../check.ts";
import type { RowUpstream } from "../gradients.ts";
import { canonical } from "../js/math.ts";
import { inspect } from "../js/row.ts";
import { each } from "../js/rows.ts";
import { Divergence } from "./divergence.ts";
import { backwardOf } from "./outs.ts";
import { product } from "./product.ts";

/** Options of {@link klDivergence}. */
export interface KlDivergenceOptions extends ShapeOptions {
  /** Classes in a row, an integer from 1 to 2^30 that divides the length. Default: a flat array is one row. */
  classes?: number | undefined;
  /** What happens where a row of either is no law. Default `"throw"`. */
  onInvalidRow?: OnInvalidRow | undefined;
  /** Where the result goes: a Float32Array of length rows. Default: a new one. */
  out?: Float32Array | undefined;
}

/** Options of {@link klDivergenceVjp}. */
export interface KlDivergenceVjpOptions extends KlDivergenceOptions {
  /** Where the value goes: a Float32Array of length rows, in memory of its own. Default: a new one. */
  out?: Float32Array | undefined;
}

/** Where gradients of {@link klDivergenceVjp} go: those that are given, in memory of their own; new ones for the rest. */
export interface KlDivergenceOut {
  /** For the one by the logits, a Float32Array of their length. */
  input?: Float32Array | undefined;
  /** For the one by the prior's logits, a Float32Array of their length; only where these are given. */
  prior?: Float32Array | undefined;
}

/** Gradients of a divergence. */
export interface KlDivergenceGradient {
  /** By the logits, `[rows, classes]`; a row sums to 0 but for rounding. */
  readonly input: Float32Array;
  /** By the prior's logits in the shape they have, where these are given: of one row, the sum over all unmarked rows. */
  readonly prior?: Float32Array;
}

/**
 * A divergence with its gradients, by {@link klDivergenceVjp}.
 *
 * @example
 * ```ts
 * const { value, vjp } = klDivergenceVjp([0, 1], [0.5, 0]);
 * value; // Float32Array [0.257]
 * vjp(1).prior; // Float32Array [0.354, -0.354]
 * ```
 */
export interface KlDivergence {
  /** The divergence in nats, one a row. */
  readonly value: Float32Array;
  /**
   * Backward: v·q·(log q − log p − KL) by the logits of q, v·(p − q) by those of the prior p.
   *
   * Exactly 0 at classes that are impossible in the law it is by, and throughout a row whose divergence is +∞; NaN in a
   * marked row. Error: 2^-24 of the result, and 10^-14 of the sizes of its terms.
   *
   * @param v - d loss / d value, one a row or one for all.
   * @param options - Where the gradients go, `{ out: { input, prior } }`.
   * @returns The gradients by the logits, and by the prior's where these are given.
   * @throws TypeError for an argument of the wrong kind, or where an array that is kept has been detached.
   * @throws RangeError for a wrong length, or an array in `out` that shares memory with another or what is kept.
   */
  vjp(v: RowUpstream, options?: { out?: KlDivergenceOut | undefined }): KlDivergenceGradient;
}

const OPTIONS = ["classes", "onInvalidRow", "out", ...SHAPE_OPTIONS];

/**
 * The Kullback–Leibler divergence of each row's law q = softmax(logits) from a prior p = softmax(prior), in nats:
 * Σ q·(log q − log p).
 *
 * It is summed up as Σ q·(e^d − 1 − d) with d = log p − log q, and the p of classes that are impossible in q: terms
 * that are never negative, so nothing cancels where the laws are nearly equal. 0·log 0 counts as 0.
 *
 * Range: [0, +∞], exactly 0 for equal rows; +∞ where the prior is impossible (logit −∞, or any beside a +∞) at a class
 * where q isn't. Error: 2^-24 of the result D, and 10^-15·(1 + z)·√D + 10^-30·(1 + z)², z the largest |log q| or
 * |log p|. It is computed in float64, with the same bits on both backends.
 *
 * @param logits - `[rows, classes]`, of q; they need not be normalised.
 * @param prior - Logits of p, `[rows, classes]`, or one row for all. Default: all classes of a row equal.
 * @param options - Shape, and where the result goes.
 * @returns `[rows]`; NaN for a marked row.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that overlaps an input without
 *   being it, or a row of either that is no law (see {@link OnInvalidRow}).
 * @see Kullback & Leibler, [On information and sufficiency](https://doi.org/10.1214/aoms/1177729694), 1951, §2.
 *
 * @example
 * ```ts
 * klDivergence([0, 1], [0.5, 0]); // Float32Array [0.257]
 * klDivergence([[0, 1], [0, -Infinity]]); // Float32Array [0.111, 0.693], from the uniform law
 * klDivergence([0, 1], [0, -Infinity]); // Float32Array [Infinity]
 * ```
 */
export function klDivergence(
  logits: Matrix,
  prior?: Matrix | undefined,
  options: KlDivergenceOptions = {},
): Float32Array {
  checkOptions(options, OPTIONS);
  const laws = readLaws(logits, prior, options);
  const out = readOut("out", options.out, laws.input.rows, [
    ["logits", logits],
    ["prior", prior],
  ]);
  forward(gathered(laws), out);
  return out;
}

/**
 * {@link klDivergence} with its gradients by the logits, and by the prior's where these are given.
 *
 * Range and error of the value are those of {@link klDivergence}. The closure keeps both logits: changing them changes
 * the gradients.
 *
 * @param logits - `[rows, classes]`, of q.
 * @param prior - Logits of p, `[rows, classes]`, or one row for all. Default: all classes of a row equal.
 * @param options - Shape, and where the value goes.
 * @returns `value`, one a row; `vjp(v)` with v one a row or one for all.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with an
 *   input, or a row of either that is no law (see {@link OnInvalidRow}).
 * @see Kullback & Leibler, [On information and sufficiency](https://doi.org/10.1214/aoms/1177729694), 1951, §2.
 *
 * @example
 * ```ts
 * const { vjp } = klDivergenceVjp([0, 1]);
 * vjp(1).input; // Float32Array [-0.197, 0.197], that of the entropy with the other sign
 * ```
 */
export function klDivergenceVjp(
  logits: Matrix,
  prior?: Matrix | undefined,
  options: KlDivergenceVjpOptions = {},
): KlDivergence {
  checkOptions(options, OPTIONS);
  const laws = readLaws(logits, prior, options);
  const { data, rows } = laws.input;
  const value = readOut("out", options.out, rows, []);
  checkApart("out", options.out, [
    ["logits", logits],
    ["prior", prior],
  ]);
  forward(gathered(laws), value);
  const kept: Kept[] = [
    ["logits", data, data.length],
    ["prior", laws.prior?.data, laws.prior?.data.length ?? 0],
  ];
  const lengths = { input: data.length, prior: laws.prior?.data.length };
  const layouts = { input: laws.input, prior: laws.prior };
  const vjp = backwardOf<RowUpstream, KlDivergenceGradient>(
    kept,
    { lengths, layouts },
    (v) => readPerRow("v", v, rows),
    (upstream, rooms) => backward(gathered(laws), upstream, rooms),
  );
  return { value, vjp };
}

/** The arguments of a call, checked, as they were given. */
interface Laws {
  readonly input: Rows;
  readonly prior: Rows | undefined;
  /** Whether the prior has one row for all. */
  readonly isShared: boolean;
  readonly onInvalidRow: OnInvalidRow;
}

function readLaws(logits: unknown, prior: unknown, options: KlDivergenceOptions): Laws {
  const input = readGiven("logits", logits, options.classes, options.shape, options.axis);
  const given = prior === undefined ? undefined : readGivenLikeRow("prior", prior, input);
  return {
    input,
    prior: given,
    isShared: given !== undefined && given.rows < input.rows,
    onInvalidRow: readOnInvalidRow(options.onInvalidRow),
  };
}

/** The same row after row. */
function gathered(laws: Laws): Laws {
  return { ...laws, input: rowsOf(laws.input), prior: laws.prior && rowsOf(laws.prior) };
}

/** Compares the laws of a row. Returns whether both are laws. */
function setRow(divergence: Divergence, { input, prior, isShared }: Laws, row: number): boolean {
  const at = row * input.classes;
  return divergence.set(input.data, at, prior?.data, isShared ? 0 : at, input.classes);
}

function forward(laws: Laws, out: Float32Array): void {
  const { rows, classes } = laws.input;
  const divergence = new Divergence(classes);
  const completed = each(
    { rows, mark: laws.onInvalidRow === "mark" },
    (row) => {
      const isValid = setRow(divergence, laws, row);
      if (isValid) out[row] = divergence.value;
      return isValid;
    },
    (row) => {
      out[row] = Number.NaN;
    },
  );
  if (completed < rows) explain(laws, completed);
}

/** Throws for the row that ended a call. */
function explain({ input, prior, isShared }: Laws, row: number): void {
  const { data, classes } = input;
  if (prior === undefined || Number.isNaN(inspect(data, row * classes, classes))) {
    checkCompleted(row, "logits", input);
  } else checkCompleted(isShared ? 0 : row, "prior", prior);
}

function backward(laws: Laws, upstream: Float32Array, out: KlDivergenceGradient): void {
  const { rows, classes } = laws.input;
  const divergence = new Divergence(classes);
  const total = laws.isShared ? new Float64Array(classes) : undefined;
  for (let row = 0; row < rows; row++) {
    const at = row * classes;
    const isValid = setRow(divergence, laws, row);
    const v = canonical(upstream[row]);
    for (let i = 0; i < classes; i++) {
      out.input[at + i] = isValid ? product(v, divergence.byLogit(i)) : Number.NaN;
      if (out.prior === undefined) continue;
      const byPrior = isValid ? product(v, divergence.byPrior(i)) : Number.NaN;
      if (total === undefined) out.prior[at + i] = byPrior;
      else if (isValid) total[i] += byPrior;
    }
  }
  if (total !== undefined) out.prior?.set(total);
}
