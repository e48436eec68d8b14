/** Arrays from the caller: what counts as a matrix, and where results may be written. */

import { type GivenShape, gather, type Layout, readLayout } from "./axis.ts";
import { integer, kindError, stateError, valueError } from "./check.ts";

/**
 * `[rows, classes]`: a flat array in row-major order, which `classes` cuts into rows, or one array a row, all of one
 * length. A flat array without `classes` is one row. With {@link ShapeOptions} it has any rank.
 *
 * A Float32Array is read where it is; anything else is copied, each number rounded to float32. A finite number beyond
 * float32 is a RangeError, a detached array a TypeError. Shared and resizable buffers work.
 *
 * @example
 * ```ts
 * softmax([[0, 0], [1, 1]]); // Float32Array [0.5, 0.5, 0.5, 0.5]
 * softmax(new Float32Array([0, 0, 1, 1]), { classes: 2 }); // Float32Array [0.5, 0.5, 0.5, 0.5]
 * softmax([0, 0, 1, 1]); // Float32Array [0.134, 0.134, 0.366, 0.366]: one row
 * ```
 */
export type Matrix = ArrayLike<number> | ReadonlyArray<ArrayLike<number>>;

/**
 * One value for all rows, or an array of one a row.
 *
 * @typeParam T - The kind of the value: a number, or a {@link Seed}.
 */
export type PerRow<T> = T | ArrayLike<T>;

/** A matrix that has been read: row after row, but for {@link readGiven}. */
export interface Rows extends Layout {
  readonly data: Float32Array;
}

/** The counter of a random word has 30 bits for the column: a class, or the number of a draw. */
export const MAX_COLUMNS = 2 ** 30;

/**
 * Reads the rows of an array by these options of a call; without them a flat array is one row. A Float32Array whose
 * rows lie one after the other isn't copied. Options come one by one, since callers look them up faster.
 */
export function readMatrix(
  label: string,
  x: unknown,
  classes: unknown,
  shape?: unknown,
  axis?: unknown,
): Rows {
  return rowsOf(readGiven(label, x, classes, shape, axis));
}

/** The rows of what was read as it was given. */
export function rowsOf(given: Rows): Rows {
  return given.inner === 1 ? given : gatherRows(given);
}

function gatherRows(given: Rows): Rows {
  return { ...given, data: gather(given.data, given) };
}

/** The same with the data as it was given, for closures that keep it: rows are gathered when they are needed. */
export function readGiven(
  label: string,
  x: unknown,
  classesOption: unknown,
  shape?: unknown,
  axis?: unknown,
): Rows {
  const nested = isNested(x);
  const data = nested ? flatten(label, x) : readVector(label, x);
  if (shape !== undefined || axis !== undefined) {
    return readShaped(label, x, data, { classes: classesOption, shape, axis });
  }
  const width = nested ? (x[0] as ArrayLike<number>).length : data.length;
  if (width === 0 && classesOption === undefined) {
    throw nested
      ? stateError(`${label}[0]`, "at least one number", "length 0")
      : stateError(label, 'at least one number, or "classes" with it', "length 0");
  }
  const given = classesOption === undefined ? width : classesOption;
  const classes = integer("classes", given, 1, MAX_COLUMNS);
  if (nested && classes !== width) {
    throw valueError("classes", `the length of a row of "${label}" (${width})`, classes);
  }
  if (data.length % classes !== 0) {
    throw valueError("classes", `a divisor of the length of "${label}" (${data.length})`, classes);
  }
  return { data, rows: data.length / classes, classes, inner: 1, shape: undefined };
}

// Apart, since every call comes past.
function readShaped(label: string, x: unknown, data: Float32Array, given: GivenShape): Rows {
  const layout = readLayout(label, data.length, given, MAX_COLUMNS);
  if (isNested(x)) checkNested(label, x, layout);
  return { data, ...layout };
}

/** Reads the rows of a matrix whose layout is settled. */
export function readLike(label: string, x: unknown, like: Layout): Float32Array {
  return gather(readGivenLike(label, x, like), like);
}

/** The same as it was given. */
export function readGivenLike(label: string, x: unknown, like: Layout): Float32Array {
  const nested = isNested(x);
  const data = nested ? flatten(label, x) : readVector(label, x);
  const length = like.rows * like.classes;
  if (data.length !== length) {
    throw lengthError(label, `length ${length} (${sizesOf(like).join(" x ")})`, data.length);
  }
  if (nested) checkNested(label, x, like);
  return data;
}

function sizesOf({ rows, classes, shape = [rows, classes] }: Layout): readonly number[] {
  return shape;
}

/** Nested arrays have two axes. */
function checkNested(label: string, x: ReadonlyArray<unknown>, layout: Layout): void {
  const sizes = sizesOf(layout);
  if (sizes.length !== 2) {
    throw kindError(label, `a flat array, since "shape" has length ${sizes.length}`, x);
  }
  if (x.length !== sizes[0]) throw stateError(label, `${sizes[0]} rows`, `${x.length} rows`);
}

/** Reads a matrix of the shape of another, or one row of it. */
export function readLikeRow(label: string, x: unknown, like: Layout): Float32Array {
  return readLike(label, x, likeOrRow(x, like));
}

/** The same as it was given. */
export function readGivenLikeRow(label: string, x: unknown, like: Layout): Rows {
  const layout = likeOrRow(x, like);
  return { ...layout, data: readGivenLike(label, x, layout) };
}

function likeOrRow(x: unknown, like: Layout): Layout {
  const { classes, shape } = like;
  // Of a given shape one nested array can also be all there is along another axis.
  const oneRow = isNested(x)
    ? x.length === 1 && (shape === undefined || x[0]?.length === classes)
    : isArrayLike(x) && x.length === classes;
  return oneRow ? { rows: 1, classes, inner: 1, shape: undefined } : like;
}

/** Reads one value a row, or one for all. */
export function readPerRow(label: string, x: unknown, rows: number): Float32Array {
  if (typeof x === "number") return new Float32Array(rows).fill(toFloat32(label, x));
  if (!isArrayLike(x)) throw kindError(label, "a number, or one a row", x);
  const data = readVector(label, x);
  if (data.length === rows) return data;
  throw lengthError(label, `one value, or one a row (${rows})`, data.length);
}

/** Reads a flat array of numbers as float32. */
export function readVector(label: string, x: unknown): Float32Array {
  if (x instanceof Float32Array) {
    if (x.length === 0) checkAttached(label, x);
    return x;
  }
  if (!isArrayLike(x)) throw kindError(label, "an array of numbers", x);
  if (x.length === 0) checkAttached(label, x);
  const data = new Float32Array(x.length);
  for (let i = 0; i < data.length; i++) {
    const value = x[i];
    const rounded = typeof value === "number" ? Math.fround(value) : Number.NaN;
    // What isn't finite is looked at closely.
    data[i] = rounded - rounded === 0 ? rounded : toFloat32(`${label}[${i}]`, value);
  }
  return data;
}

/** A number as float32: beyond its range is a RangeError. */
export function toFloat32(label: string, value: unknown): number {
  if (typeof value !== "number") throw kindError(label, "a number", value);
  const rounded = Math.fround(value);
  if (Number.isFinite(value) && !Number.isFinite(rounded)) {
    throw valueError(label, "a number within float32", value);
  }
  return rounded;
}

function lengthError(label: string, expected: string, length: number): RangeError {
  return stateError(label, expected, `length ${length}`);
}

function isArrayLike(x: unknown): x is ArrayLike<unknown> {
  if (typeof x !== "object" || x === null) return false;
  const { length } = x as ArrayLike<unknown>;
  return typeof length === "number" && Number.isInteger(length) && length >= 0;
}

function isNested(x: unknown): x is ReadonlyArray<ArrayLike<unknown>> {
  return Array.isArray(x) && typeof x[0] === "object" && x[0] !== null;
}

function flatten(label: string, x: ReadonlyArray<ArrayLike<unknown>>): Float32Array {
  const width = readVector(`${label}[0]`, x[0]).length;
  const data = new Float32Array(x.length * width);
  for (let i = 0; i < x.length; i++) {
    const values = readVector(`${label}[${i}]`, x[i]);
    if (values.length !== width) {
      throw lengthError(`${label}[${i}]`, `length ${width}, as the first row`, values.length);
    }
    data.set(values, i * width);
  }
  return data;
}

/** A view on a detached buffer looks empty; only asking the buffer tells. */
export function checkAttached(label: string, view: unknown): void {
  if (!ArrayBuffer.isView(view)) return;
  try {
    new Uint8Array(view.buffer, 0, 0);
  } catch {
    throw new TypeError(`"${label}" expected an attached buffer, got a detached one`);
  }
}

/** An input with its name, for the check of an output against it; the length is for {@link checkKept}. */
export type Named = readonly [label: string, view: unknown, length?: number];

type OutArray = Float32Array | Int32Array | Uint32Array;

/**
 * The array that a result goes to: `out` where given, else a new one. `out` may be the same view as one of `inputs`;
 * sharing only some of its memory is refused, since the result would depend on the order of the work.
 */
export function readOut(
  label: string,
  out: unknown,
  length: number,
  inputs: readonly Named[],
): Float32Array {
  if (out === undefined) return newArray(Float32Array, label, length);
  if (!(out instanceof Float32Array)) throw kindError(label, "a Float32Array", out);
  checkOut(label, out, length, inputs);
  return out;
}

/** The same for indices. */
export function readIndexOut(
  label: string,
  out: unknown,
  length: number,
  inputs: readonly Named[],
): Int32Array {
  if (out === undefined) return newArray(Int32Array, label, length);
  if (!(out instanceof Int32Array)) throw kindError(label, "an Int32Array", out);
  checkOut(label, out, length, inputs);
  return out;
}

/** The same for counts, which no input is the same view as. */
export function readCountsOut(label: string, out: unknown, length: number): Uint32Array {
  if (out === undefined) return newArray(Uint32Array, label, length);
  if (!(out instanceof Uint32Array)) throw kindError(label, "a Uint32Array", out);
  checkOut(label, out, length, []);
  return out;
}

function newArray<T>(ArrayOf: new (length: number) => T, label: string, length: number): T {
  try {
    return new ArrayOf(length);
  } catch {
    throw lengthError(label, "a result that fits in memory", length);
  }
}

function checkOut(label: string, out: OutArray, length: number, inputs: readonly Named[]): void {
  if (out.length === 0) checkAttached(label, out);
  if (out.length !== length) throw lengthError(label, `length ${length}`, out.length);
  for (const [name, view] of inputs) {
    if (sharesMemory(out, view) && !isSameView(out, view)) {
      throw stateError(
        label,
        `the same view as "${name}" or memory of its own`,
        "overlapping views",
      );
    }
  }
}

/** An array that a closure keeps, with the length that it must not fall below. */
export type Kept = readonly [label: string, view: Float32Array | undefined, length: number];

/** Refuses arrays that have gone since: moved away, or views on a resizable buffer that was made shorter. */
export function checkKept(kept: readonly Kept[]): void {
  for (const [label, view, length] of kept) {
    if (view === undefined || view.length >= length) continue;
    checkAttached(label, view);
    throw lengthError(label, `length ${length}, as before`, view.length);
  }
}

/**
 * Refuses an output that shares memory with any of `others`. `out` is what the caller gave: a new array shares
 * nothing, and to ask a small one for its buffer takes longer than a small call's kernel.
 */
export function checkApart(
  label: string,
  out: OutArray | undefined,
  others: readonly Named[],
): void {
  if (out === undefined) return;
  for (const [name, view] of others) {
    if (sharesMemory(out, view)) {
      throw stateError(label, `memory apart from "${name}"`, "shared memory");
    }
  }
}

function sharesMemory(a: ArrayBufferView, b: unknown): b is ArrayBufferView {
  return (
    ArrayBuffer.isView(b) &&
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + b.byteLength &&
    b.byteOffset < a.byteOffset + a.byteLength
  );
}

function isSameView(a: ArrayBufferView, b: ArrayBufferView): boolean {
  return (
    a.byteOffset === b.byteOffset &&
    a.byteLength === b.byteLength &&
    a.constructor === b.constructor
  );
}

/** Reads one value for all rows, or one a row, each by `read`; several come back as a copy. */
export function readEach<T, R>(
  label: string,
  value: unknown,
  rows: number,
  expected: string,
  read: (label: string, value: T) => R,
): R | R[] {
  if (typeof value !== "object" || value === null) return read(label, value as T);
  if (!isArrayLike(value)) throw kindError(label, `${expected}, or one a row`, value);
  if (value.length === 0) checkAttached(label, value);
  if (value.length !== rows) {
    throw lengthError(label, `one value, or one a row (${rows})`, value.length);
  }
  return Array.from(value, (item, i) => read(`${label}[${i}]`, item as T));
}
