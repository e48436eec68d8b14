/** Arrays from the caller: what counts as a matrix, and where results may be written. */

import { integer, kindError, stateError, valueError } from "./check.ts";

/** Numbers in row-major order, or one array a row. */
export type Matrix = ArrayLike<number> | ReadonlyArray<ArrayLike<number>>;

/** One value for all rows, or one a row. */
export type PerRow<T> = T | ArrayLike<T>;

/** A matrix that has been read. */
export interface Rows {
  readonly data: Float32Array;
  readonly rows: number;
  readonly classes: number;
}

/** The counter of a random word has 30 bits for the column. */
export const MAX_CLASSES = 2 ** 30;

/** Reads `[rows, classes]`; without `classes` a flat array is one row. A Float32Array isn't copied. */
export function readMatrix(label: string, x: unknown, classesOption: unknown): Rows {
  const nested = isNested(x);
  const data = nested ? flatten(label, x) : readVector(label, x);
  const fallback = nested ? (x[0] as ArrayLike<number>).length : data.length;
  const classes =
    classesOption === undefined && nested
      ? fallback
      : readClasses(classesOption === undefined ? fallback : classesOption);
  if (classes === 0) throw valueError("classes", "an integer >= 1", 0);
  if (nested && classes !== fallback) {
    throw valueError("classes", `the length of a row of "${label}" (${fallback})`, classes);
  }
  if (data.length % classes !== 0) {
    throw valueError("classes", `a divisor of the length of "${label}" (${data.length})`, classes);
  }
  return { data, rows: data.length / classes, classes };
}

/** A number of classes given as such. */
export function readClasses(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value < 1) {
    throw valueError("classes", "an integer >= 1", value);
  }
  return integer("classes", value, 1, MAX_CLASSES);
}

/** Reads a matrix whose shape is settled. */
export function readLike(label: string, x: unknown, like: Rows): Float32Array {
  const data = isNested(x) ? flatten(label, x) : readVector(label, x);
  const length = like.rows * like.classes;
  if (data.length === length) return data;
  const expected = `${length} numbers (${like.rows} x ${like.classes})`;
  throw stateError(label, expected, String(data.length));
}

/** Reads one value a row, or one for all. */
export function readPerRow(label: string, x: unknown, rows: number): Float32Array {
  if (typeof x === "number") return new Float32Array(rows).fill(toFloat32(label, x));
  const data = readVector(label, x);
  if (data.length === rows) return data;
  throw stateError(label, `one value, or one a row (${rows})`, `${data.length} values`);
}

/** Reads a flat array of numbers as float32. */
export function readVector(label: string, x: unknown): Float32Array {
  if (x instanceof Float32Array) {
    if (x.length === 0) checkAttached(label, x);
    return x;
  }
  if (typeof x !== "object" || x === null || !isArrayLike(x)) {
    throw kindError(label, "an array of numbers", x);
  }
  if (ArrayBuffer.isView(x) && x.byteLength === 0) checkAttached(label, x);
  const data = new Float32Array(x.length);
  for (let i = 0; i < data.length; i++) {
    const value = x[i];
    const rounded = Math.fround(value as number);
    // Only a finite float32 compares as near as this; everything else is looked at closely.
    data[i] =
      rounded - rounded === 0 && typeof value === "number"
        ? rounded
        : toFloat32(`${label}[${i}]`, value);
  }
  return data;
}

function toFloat32(label: string, value: unknown): number {
  if (typeof value !== "number") throw kindError(label, "a number", value);
  const rounded = Math.fround(value);
  if (Number.isFinite(value) && !Number.isFinite(rounded)) {
    throw valueError(label, "a number within float32", value);
  }
  return rounded;
}

function isArrayLike(x: object): x is ArrayLike<unknown> {
  const { length } = x as ArrayLike<unknown>;
  return typeof length === "number" && Number.isInteger(length) && length >= 0;
}

function isNested(x: unknown): x is ReadonlyArray<ArrayLike<unknown>> {
  return Array.isArray(x) && typeof x[0] === "object" && x[0] !== null;
}

function flatten(label: string, x: ReadonlyArray<ArrayLike<unknown>>): Float32Array {
  const width = readVector(`${label}[0]`, x[0]).length;
  const data = new Float32Array(x.length * width);
  x.forEach((row, i) => {
    const values = readVector(`${label}[${i}]`, row);
    if (values.length !== width) {
      throw stateError(
        `${label}[${i}]`,
        `${width} numbers, as in the first row`,
        String(values.length),
      );
    }
    data.set(values, i * width);
  });
  return data;
}

/** A view on a detached buffer looks empty; only asking the buffer tells. */
function checkAttached(label: string, view: ArrayBufferView): void {
  try {
    new Uint8Array(view.buffer, 0, 0);
  } catch {
    throw new TypeError(`"${label}" expected an attached buffer, got a detached one`);
  }
}

/** An input with its name, for the check of an output against it. */
export type Named = readonly [label: string, view: unknown];

type OutArray = Float32Array | Int32Array;

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
  if (out === undefined) return new Float32Array(length);
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
  if (out === undefined) return new Int32Array(length);
  if (!(out instanceof Int32Array)) throw kindError(label, "an Int32Array", out);
  checkOut(label, out, length, inputs);
  return out;
}

function checkOut(label: string, out: OutArray, length: number, inputs: readonly Named[]): void {
  if (out.length === 0) checkAttached(label, out);
  if (out.length !== length) throw stateError(label, `length ${length}`, `length ${out.length}`);
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

/** Refuses an output that shares memory with any of `others`. */
export function checkApart(label: string, out: OutArray, others: readonly Named[]): void {
  for (const [name, view] of others) {
    if (sharesMemory(out, view))
      throw stateError(label, `memory apart from "${name}"`, "shared memory");
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
  if (value.length !== rows) {
    throw stateError(label, `one value, or one a row (${rows})`, `${value.length} values`);
  }
  return Array.from(value, (item, i) => read(`${label}[${i}]`, item as T));
}
