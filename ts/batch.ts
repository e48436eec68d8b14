/** From checked arguments to a {@link Batch}, and from a batch that stopped to the error that says why. */

import type { Rows } from "./arrays.ts";
import { choice, stateError } from "./check.ts";
import { edit } from "./js/restrict.ts";
import { type Batch, type Edits, type FillParams, RECORD } from "./kernels.ts";
import { type CallKey, isOneForAll, keyWriter } from "./key.ts";
import { rateOf, scaleOf } from "./rate.ts";
import type { Shape } from "./workspace.ts";

/**
 * What an input holds, and so what its gradient is by.
 *
 * - `"logits"`: unnormalised log-probabilities in nats, −∞ to +∞. −∞ is an impossible class, one +∞ a certain one.
 * - `"weights"`: unnormalised probabilities, finite and ≥ 0. 0 is an impossible class; they need not sum to 1.
 */
export type From = "logits" | "weights";

/**
 * What happens at a row that is no law, the default first.
 *
 * - `"throw"`: a RangeError that names the row. Rows before it are done, it and later ones are left as they
 *   were, and no stream is taken.
 * - `"mark"`: its indices are −1, its values and gradients NaN, and all other rows are right.
 *
 * A row is no law if it holds NaN, more than one +∞, or nothing above −∞ (of which the {@link logSumExp} is −∞, and
 * fine). A row of weights: if one is negative, NaN or infinite, or none is above 0. Given noise: if it holds NaN or +∞,
 * or −∞ at the one class whose logit is +∞, or if no score (l − max)/T + G is above −∞.
 */
export type OnInvalidRow = "throw" | "mark";

export interface BatchArguments {
  /** Noise, where words are drawn. */
  key?: CallKey | undefined;
  /** Column of the first draw. */
  draw?: number;
  /** τ or temperature. */
  t?: number | number[];
  from?: From;
  onInvalidRow?: OnInvalidRow;
  /** What is done to the rows first. */
  edits?: Edits | undefined;
}

const FROM: readonly From[] = ["logits", "weights"];
const ON_INVALID_ROW: readonly OnInvalidRow[] = ["throw", "mark"];

export function readFrom(value: unknown): From {
  return value === undefined ? "logits" : choice("from", value, FROM);
}

export function readOnInvalidRow(value: unknown): OnInvalidRow {
  return value === undefined ? "throw" : choice("onInvalidRow", value, ON_INVALID_ROW);
}

/** A batch from its checked parts. */
export function makeBatch({ rows, classes }: Shape, given: BatchArguments): Batch {
  return {
    rows,
    classes,
    params: fillParams(given.key, given.draw ?? 0, given.t ?? 1),
    weights: given.from === "weights",
    mark: given.onInvalidRow === "mark",
    edits: given.edits,
  };
}

function fillParams(key: CallKey | undefined, draw: number, t: number | number[]): FillParams {
  const write = key && keyWriter(key, draw);
  const each = typeof t === "number" ? undefined : t;
  const scale = typeof t === "number" ? scaleOf(t) : 0;
  const rate = typeof t === "number" ? rateOf(t) : 0;
  const alike = each === undefined && (key === undefined || isOneForAll(key));
  return (words, floats, first, count) => {
    const written = alike ? 1 : count;
    for (let i = 0; i < written; i++) {
      const at = i * RECORD;
      write?.(words, at, first + i);
      floats[at + 6] = each === undefined ? scale : scaleOf(each[first + i] as number);
      floats[at + 7] = each === undefined ? rate : rateOf(each[first + i] as number);
    }
    if (count > written) repeat(words, count);
  };
}

/** Copies the first record to the others, whose rows count up: a fraction of the cost of writing each. */
function repeat(words: Uint32Array, count: number): void {
  for (let done = 1; done < count; done *= 2) {
    words.copyWithin(done * RECORD, 0, Math.min(done, count - done) * RECORD);
  }
  const row = words[2] as number;
  for (let i = 1; i < count; i++) words[i * RECORD + 2] = row + i;
}

/** Rows one after the other. */
type RowData = Pick<Rows, "data" | "rows" | "classes">;

/**
 * Throws for the first invalid row of an input, where a kernel completed fewer rows than there are. Each in its own
 * argument, since every call comes here.
 */
export function checkCompleted(
  completed: number,
  label: string,
  input: RowData,
  from?: From,
  noise?: Float32Array,
  edits?: Edits,
): void {
  const error = errorOfRow(completed, label, input, from, noise, edits);
  if (error !== undefined) throw error;
}

/** The same error for who has to do something before it is thrown. */
export function errorOfRow(
  completed: number,
  label: string,
  input: RowData,
  from?: From,
  noise?: Float32Array,
  edits?: Edits,
): RangeError | undefined {
  if (completed < input.rows) return explain(completed, label, input, from, noise, edits);
  return undefined;
}

function explain(
  row: number,
  label: string,
  { data, classes }: RowData,
  from: From | undefined,
  noise: Float32Array | undefined,
  edits: Edits | undefined,
): RangeError {
  const given = data.subarray(row * classes, (row + 1) * classes);
  const values = edits === undefined ? given : given.slice();
  if (edits !== undefined) {
    edit({ classes, weights: from === "weights" }, edits, row, values);
    const error = explainEdits(row, given, values, from, edits);
    if (error !== undefined) return error;
  }
  const at = (column: number) => `${values[column]} at row ${row}, class ${column}`;
  if (from === "weights") {
    const bad = values.findIndex((w) => !(w >= 0 && w < Infinity));
    if (bad >= 0) return stateError(label, "finite weights >= 0", at(bad));
    if (!values.some((w) => w > 0)) {
      return stateError(label, "a weight above 0 in each row", `none in row ${row}`);
    }
  }
  const nan = values.findIndex((x) => Number.isNaN(x));
  if (nan >= 0) return stateError(label, "no NaN", at(nan));
  if (values.indexOf(Infinity) !== values.lastIndexOf(Infinity)) {
    return stateError(label, "at most one Infinity in each row", `more in row ${row}`);
  }
  if (!values.some((x) => x > -Infinity)) {
    return stateError(label, "a logit above -Infinity in each row", `none in row ${row}`);
  }
  return explainNoise(row, noise ?? values, values.indexOf(Infinity), classes);
}

/** Where the edits are to blame: a NaN where none was given, or nothing left of a row that had something. */
function explainEdits(
  row: number,
  given: Float32Array,
  values: Float32Array,
  from: From | undefined,
  { mask }: Edits,
): RangeError | undefined {
  const nan = values.findIndex((x, i) => Number.isNaN(x) && !Number.isNaN(given[i]));
  if (nan >= 0) return stateError("bias", "no NaN", `NaN at row ${row}, class ${nan}`);
  const least = from === "weights" ? 0 : -Infinity;
  if (values.some((x) => x > least) || !given.some((x) => x > least)) return undefined;
  const label = mask === undefined ? "bias" : "mask";
  return stateError(label, "a possible class left in each row", `none in row ${row}`);
}

/** The row's own values are in order, so it is the noise that was given; `certain` is the class at Infinity. */
function explainNoise(
  row: number,
  noise: Float32Array,
  certain: number,
  classes: number,
): RangeError {
  const values = noise.subarray(row * classes, (row + 1) * classes);
  const bad = values.findIndex((g) => !(g < Infinity));
  if (bad >= 0) {
    return stateError(
      "noise",
      "finite values or -Infinity",
      `${values[bad]} at row ${row}, class ${bad}`,
    );
  }
  if (certain >= 0) {
    return stateError(
      "noise",
      "a value above -Infinity where the logit is Infinity",
      `${values[certain]} at row ${row}, class ${certain}`,
    );
  }
  return stateError(
    "noise",
    "a class whose logit and noise add up to more than -Infinity in each row",
    `none in row ${row}`,
  );
}
