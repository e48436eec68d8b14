/** Penalties for classes that were seen: changes to their logits. */

import { checkAttached, type PerRow, readEach } from "./arrays.ts";
import { kindError, stateError, valueError } from "./check.ts";
import { type EachEdit, readId } from "./restriction.ts";

/** The ids seen of one row, repeats counting. */
export type Seen = ArrayLike<number> | ArrayLike<bigint>;

export type Penalty = "repetitionPenalty" | "presencePenalty" | "frequencyPenalty";

/** What a penalty is where it changes nothing. */
const OFF: Record<Penalty, number> = {
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
};

/** How often each class was seen, in rows one after the other. */
export interface Counts {
  /** Where each row begins in `ids` and `times`, and where the last one ends. */
  readonly starts: Int32Array;
  readonly ids: Int32Array;
  readonly times: Int32Array;
}

/** A penalty, one or one a row. */
export function readPenalty(
  name: Penalty,
  value: PerRow<number> | undefined,
  rows: number,
): number | number[] {
  if (value === undefined) return OFF[name];
  return readEach(name, value, rows, "a number", (label, value: unknown) => {
    if (typeof value !== "number") throw kindError(label, "a number", value);
    if (name === "repetitionPenalty" && !(value > 0 && value < Infinity)) {
      throw valueError(label, "a finite number > 0", value);
    }
    if (!Number.isFinite(value)) throw valueError(label, "a finite number", value);
    return value;
  });
}

export function isOff(name: Penalty, value: number | number[]): boolean {
  return typeof value === "number" ? value === OFF[name] : value.every((x) => x === OFF[name]);
}

/** Counts the ids of each row. */
export function readCounts(seen: unknown, rows: number, classes: number): Counts {
  const each = rowsOf(seen, rows);
  const most = each.reduce((sum, ids) => sum + ids.length, 0);
  const counts = {
    starts: new Int32Array(rows + 1),
    ids: new Int32Array(most),
    times: new Int32Array(most),
  };
  const places = new Map<number, number>();
  let length = 0;
  each.forEach((ids, row) => {
    places.clear();
    for (let i = 0; i < ids.length; i++) {
      const id = readId("seen", ids[i], classes);
      const place = places.get(id) ?? length++;
      places.set(id, place);
      counts.ids[place] = id;
      counts.times[place] = (counts.times[place] as number) + 1;
    }
    counts.starts[row + 1] = length;
  });
  return counts;
}

/** The ids of each row: one array a row, or for one row its ids alone. */
function rowsOf(seen: unknown, rows: number): ArrayLike<unknown>[] {
  const expected = rows === 1 ? "an array of ids" : "an array of ids for each row";
  if (!isList(seen)) throw kindError("seen", expected, seen);
  if (seen.length === 0) checkAttached("seen", seen);
  const each = rows === 1 && !isList(seen[0]) ? [seen] : Array.from(seen);
  each.forEach((ids, i) => {
    if (!isList(ids)) throw kindError(`seen[${i}]`, "an array of ids", ids);
    if (ids.length === 0) checkAttached(`seen[${i}]`, ids);
  });
  if (each.length === rows) return each as ArrayLike<unknown>[];
  throw stateError("seen", `an array of ids for each row (${rows})`, `length ${each.length}`);
}

function isList(x: unknown): x is ArrayLike<unknown> {
  return Array.isArray(x) || (ArrayBuffer.isView(x) && "length" in x);
}

/** A number for each row. */
export type OfRow = (row: number) => number;

export function ofRow(value: number | number[]): OfRow {
  return typeof value === "number" ? () => value : (row) => value[row] as number;
}

const MOST = 3.402_823_466_385_288_6e38;

/** Penalties make no class impossible and none certain: finite logits stay within float32. */
function within(x: number): number {
  return Math.max(-MOST, Math.min(MOST, x));
}

/** What a penalty does to the rows; `unit(row)` is what 1 is worth there, in units of the logits. */
export function penaltyEdit(
  name: Penalty,
  value: number | number[],
  { starts, ids, times }: Counts,
  unit: OfRow,
): EachEdit {
  const penalties = ofRow(value);
  return (x, at, row) => {
    const penalty = penalties(row);
    const scaled = penalty * unit(row);
    for (let i = starts[row] as number; i < (starts[row + 1] as number); i++) {
      const place = at + (ids[i] as number);
      const logit = x[place] as number;
      if (!Number.isFinite(logit)) continue;
      if (name === "presencePenalty") x[place] = within(logit - scaled);
      else if (name === "frequencyPenalty")
        x[place] = within(logit - scaled * (times[i] as number));
      else x[place] = within(logit > 0 ? logit / penalty : logit * penalty);
    }
  };
}
