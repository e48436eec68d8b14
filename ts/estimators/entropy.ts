import {
  checkApart,
  type Kept,
  type Matrix,
  type PerRow,
  type Rows,
  readGiven,
  readOut,
  readPerRow,
  rowsOf,
} from "../arrays.ts";
import { SHAPE_OPTIONS, type ShapeOptions } from "../axis.ts";
import { kernels } from "../backend.ts";
import { checkCompleted, makeBatch, type OnInvalidRow, readOnInvalidRow } from "../batch.ts";
import { checkOptions } from "../check.ts";
import type { RowUpstream } from "../gradients.ts";
import { canonical } from "../js/math.ts";
import { inspect } from "../js/row.ts";
import type { Batch } from "../kernels.ts";
import { readTemperature, scaleOf, tauOf } from "../rate.ts";
import type { softmax } from "../softmax.ts";
import { backwardOf } from "./outs.ts";
import { product } from "./product.ts";

/** Options of {@link entropy}. */
export interface EntropyOptions extends ShapeOptions {
  /** Classes in a row, an integer from 1 to 2^30 that divides the length. Default: a flat array is one row. */
  classes?: number | undefined;
  /** T, finite and ≥ 0, one or one a row: divides the logits. At 0 the law is certain. Default 1. */
  temperature?: PerRow<number> | undefined;
  /** What happens at a row that is no law. Default `"throw"`. */
  onInvalidRow?: OnInvalidRow | undefined;
  /** Where the result goes: a Float32Array of length rows, in memory of its own. Default: a new one. */
  out?: Float32Array | undefined;
}

/** Where gradients of {@link entropyVjp} go: those that are given, in memory of their own; new ones for the rest. */
export interface EntropyOut {
  /** For the one by the logits, a Float32Array of their length. */
  input?: Float32Array | undefined;
  /** For the one by the temperature, a Float32Array of length rows. */
  temperature?: Float32Array | undefined;
}

/** Gradients of an entropy. */
export interface EntropyGradient {
  /** By the logits, `[rows, classes]`; a row sums to 0 but for rounding. */
  readonly input: Float32Array;
  /** By the temperature, one a row; of the sign of v, since entropy grows with T. */
  readonly temperature: Float32Array;
}

/**
 * An entropy with its gradients, by {@link entropyVjp}.
 *
 * @example
 * ```ts
 * const { value, vjp } = entropyVjp([0, 1], { temperature: 2 });
 * value; // Float32Array [0.663]
 * vjp(1).temperature; // Float32Array [0.029]
 * ```
 */
export interface Entropy {
  /** The entropy in nats, one a row. */
  readonly value: Float32Array;
  /**
   * Backward: with z = (l − max l)/T, p = softmax(z) and its mean ⟨p, z⟩ it is −v·p·(z − ⟨p, z⟩)/T by the logits, and
   * v·Σ p·(z − ⟨p, z⟩)²/T by T.
   *
   * Exactly 0 where p is (below 2^-100 of the largest, and at impossible classes), where a class is certain, and at
   * T = 0; NaN in a marked row. Error: 2^-19 of the sizes of its terms, and that of {@link softmax}.
   *
   * @param v - d loss / d value, one a row or one for all.
   * @param options - Where the gradients go, `{ out: { input, temperature } }`.
   * @returns The gradients by the logits and by the temperature.
   * @throws TypeError for an argument of the wrong kind, or where an array that is kept has been detached.
   * @throws RangeError for a wrong length, or an array in `out` that shares memory with another or what is kept.
   */
  vjp(v: RowUpstream, options?: { out?: EntropyOut | undefined }): EntropyGradient;
}

const OPTIONS = ["classes", "temperature", "onInvalidRow", "out", ...SHAPE_OPTIONS];

/**
 * The entropy of each row's law, −Σ p·log p with p = softmax(l/T), in nats.
 *
 * Range: [0, log K]; 0·log 0 counts as 0, so impossible classes (logit −∞) don't matter. 0 where a class is certain
 * (one +∞, or T = 0). Error: 2^-19·(1 + H) + 2^-22·(log K)². The same bits as in the details of a draw.
 *
 * @param logits - `[rows, classes]`; they need not be normalised.
 * @param options - Shape, temperature, and where the result goes.
 * @returns `[rows]`; NaN for a marked row.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with the
 *   input, or a row that is no law (see {@link OnInvalidRow}).
 * @see Shannon, [A mathematical theory of communication](https://doi.org/10.1002/j.1538-7305.1948.tb01338.x), 1948, §6.
 *
 * @example
 * ```ts
 * entropy([[0, 0], [0, -Infinity]]); // Float32Array [0.693, 0]
 * entropy([0, 1], { temperature: 2 }); // Float32Array [0.663]
 * ```
 */
export function entropy(logits: Matrix, options: EntropyOptions = {}): Float32Array {
  return forward(logits, options).value;
}

/**
 * {@link entropy} with its gradients by the logits and by the temperature.
 *
 * Range and error of the value are those of {@link entropy}. The closure keeps the logits: changing them changes the
 * gradients.
 *
 * @param logits - `[rows, classes]`.
 * @param options - Shape, temperature, and where the value goes.
 * @returns `value`, one a row; `vjp(v)` with v one a row or one for all.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with the
 *   input, or a row that is no law (see {@link OnInvalidRow}).
 * @see Shannon, [A mathematical theory of communication](https://doi.org/10.1002/j.1538-7305.1948.tb01338.x), 1948, §6.
 *
 * @example
 * ```ts
 * const { value, vjp } = entropyVjp([0, 1]);
 * value; // Float32Array [0.582]
 * vjp(1).input; // Float32Array [0.197, -0.197]
 * ```
 */
export function entropyVjp(logits: Matrix, options: EntropyOptions = {}): Entropy {
  const { given, batch, t, value } = forward(logits, options);
  const { data, rows } = given;
  const { length } = data;
  const kept: Kept[] = [["logits", data, length]];
  const vjp = backwardOf<RowUpstream, EntropyGradient>(
    kept,
    { lengths: { input: length, temperature: rows }, layouts: { input: given } },
    (v) => readPerRow("v", v, rows),
    (upstream, rooms) => {
      const input = rowsOf(given);
      // The law goes where the gradient will be; rows that were marked are again.
      kernels().softmax({ ...batch, mark: true }, input.data, rooms.input);
      backward(input, t, upstream, rooms);
    },
  );
  return { value, vjp };
}

interface Forward {
  /** The input as it was given. */
  readonly given: Rows;
  readonly batch: Batch;
  readonly t: number | number[];
  readonly value: Float32Array;
}

function forward(logits: Matrix, options: EntropyOptions): Forward {
  checkOptions(options, OPTIONS);
  const given = readGiven("logits", logits, options.classes, options.shape, options.axis);
  const { rows } = given;
  const t = readTemperature(options.temperature, rows);
  const onInvalidRow = readOnInvalidRow(options.onInvalidRow);
  const value = readOut("out", options.out, rows, []);
  checkApart("out", options.out, [["logits", logits]]);
  const input = rowsOf(given);
  const batch = makeBatch(input, { t, onInvalidRow });
  // The details of no draws.
  const details = { logProb: new Float32Array(0), logZ: new Float32Array(rows), entropy: value };
  const completed = kernels().categorical(batch, input.data, 0, new Int32Array(0), details);
  checkCompleted(completed, "logits", input);
  return { given, batch, t, value };
}

/** Turns the law in `out.input` into the gradients. */
function backward(
  { data, rows, classes }: Rows,
  t: number | number[],
  upstream: Float32Array,
  out: EntropyGradient,
): void {
  for (let row = 0; row < rows; row++) {
    const [at, end] = [row * classes, (row + 1) * classes];
    const scale = scaleOf(tauOf(t, row));
    const v = canonical(upstream[row]);
    const law = out.input;
    if (Number.isNaN(law[at])) {
      out.temperature[row] = Number.NaN;
      continue;
    }
    const max = inspect(data, at, classes);
    if (max === Infinity || scale === Infinity) {
      law.fill(0, at, end);
      out.temperature[row] = 0;
      continue;
    }
    let mean = 0;
    for (let i = at; i < end; i++) if (law[i] > 0) mean += law[i] * (data[i] - max) * scale;
    let variance = 0;
    for (let i = at; i < end; i++) {
      const p = law[i];
      if (p === 0) continue;
      const deviation = (data[i] - max) * scale - mean;
      variance += p * deviation * deviation;
      law[i] = product(v, -p * deviation * scale);
    }
    out.temperature[row] = product(v, variance * scale);
  }
}
