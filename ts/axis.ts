/** Arrays of any rank: which lines of one are its rows, and how these come out of it and back. */

import { integer, kindError, stateError } from "./check.ts";

/** Options of functions that take arrays of any rank. */
export interface ShapeOptions {
  /**
   * The shape of the input, which then is a flat array in row-major order: integers ≥ 0, at least one, whose product
   * is its length. Nested arrays have the shape `[rows, classes]`. Excludes `classes`.
   *
   * What is said to be `[rows, classes]` has this shape: noise, samples, upstream gradients, gradients, a mask or bias
   * for each row. What has one value a row has it without the axis: indices, log-sum-exps, values of options, also the
   * words of a mask that is a bit set; draws and the k of top-k come behind that.
   */
  shape?: ArrayLike<number> | undefined;
  /**
   * Along which axis of `shape` the classes are, counted from its end where negative: an integer from −rank to
   * rank − 1. Each line along it is a row, and rows are numbered in row-major order of the other axes, so moving the
   * axis changes no draw. Default −1. Along the last axis, or where only axes of size 1 follow, nothing is copied;
   * else rows are copied together and results back.
   *
   * @example
   * ```ts
   * softmax([0, 5, 0, 5], { shape: [2, 2], axis: 0 }); // Float32Array [0.5, 0.5, 0.5, 0.5], of columns
   * logSumExp(new Float32Array(24), { shape: [2, 3, 4], axis: 1 }).length; // 8, which is [2, 4]
   * ```
   */
  axis?: number | undefined;
}

export const SHAPE_OPTIONS = ["shape", "axis"] as const;

/** What a call says of the shape of its input, not yet checked. */
export interface GivenShape {
  readonly classes?: unknown;
  readonly shape?: unknown;
  readonly axis?: unknown;
}

/** Where the rows of an array are. */
export interface Layout {
  readonly rows: number;
  readonly classes: number;
  /** From class to class of a row; 1 where rows lie one after the other. */
  readonly inner: number;
  /** The shape that was given, if any was. */
  readonly shape: readonly number[] | undefined;
}

/** The layout of an array of so many values, by `shape` and `axis`. */
export function readLayout(
  label: string,
  length: number,
  given: GivenShape,
  mostClasses: number,
): Layout {
  const { classes: width, shape: sizes, axis } = given;
  if (sizes === undefined) throw kindError("axis", 'a "shape" with it', axis);
  if (width !== undefined) throw kindError("shape", 'no "classes" with it', width);
  const shape = readShape(sizes);
  const total = product(shape);
  if (total !== length) {
    const got = shape.length === 1 ? `${total}` : `${shape.join(" x ")} = ${total}`;
    throw stateError("shape", `sizes whose product is the length of "${label}" (${length})`, got);
  }
  const at = readAxis(axis, shape.length);
  const classes = integer(`shape[${at}]`, shape[at], 1, mostClasses);
  const rows = length / classes;
  // One class is one value a row, in the order of the rows.
  const inner = rows === 0 || classes === 1 ? 1 : product(shape.slice(at + 1));
  return { rows, classes, inner, shape };
}

function readShape(given: unknown): number[] {
  if (typeof given !== "object" || given === null || !("length" in given)) {
    throw kindError("shape", "an array of integers", given);
  }
  const shape = Array.from(given as ArrayLike<unknown>, (size, i) =>
    integer(`shape[${i}]`, size, 0, Number.MAX_SAFE_INTEGER),
  );
  if (shape.length === 0) throw stateError("shape", "at least one axis", "length 0");
  return shape;
}

function readAxis(axis: unknown, rank: number): number {
  if (axis === undefined) return rank - 1;
  if (typeof axis !== "number") throw kindError("axis", "a number", axis);
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  const expected = `an integer from -${rank} to ${rank - 1}, since "shape" has length ${rank}`;
  throw stateError("axis", expected, `${axis}`);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}

/** The rows of an array one after the other: the array itself where they are, else a new one. */
export function gather(values: Float32Array, layout: Layout): Float32Array {
  return layout.inner === 1 ? values : gathered(values, layout);
}

// Apart, as what scatters is: calls on rows that lie one after the other must stay short.
function gathered(values: Float32Array, { rows, classes, inner }: Layout): Float32Array {
  const result = new Float32Array(values.length);
  for (let first = 0; first < rows; first += inner) {
    const at = first * classes;
    transpose(values, at, inner, result, at, classes, classes, inner);
  }
  return result;
}

/** The same of bytes. */
export function gatherBytes(values: Uint8Array, { rows, classes, inner }: Layout): Uint8Array {
  if (inner === 1) return values;
  const result = new Uint8Array(values.length);
  for (let row = 0, to = 0; row < rows; row++) {
    let from = (row - (row % inner)) * classes + (row % inner);
    for (let i = 0; i < classes; i++, from += inner) result[to++] = values[from] as number;
  }
  return result;
}

/**
 * Where a kernel writes the rows of what goes to `out`: right there, or where they lie apart to `free`, an array of
 * rows that the call has gathered and needs no more once they are read. {@link scatter} brings them to `out`.
 */
export function roomFor(out: Float32Array, { inner }: Layout, free?: Float32Array): Float32Array {
  return inner === 1 ? out : (free ?? new Float32Array(out.length));
}

/** Writes the first so many rows of `room` to where they belong in `out`, if that is another array. */
export function scatter(room: Float32Array, out: Float32Array, layout: Layout, rows: number): void {
  if (room !== out) scatterRows(room, out, layout, rows);
}

function scatterRows(
  room: Float32Array,
  out: Float32Array,
  { classes, inner }: Layout,
  rows: number,
): void {
  if (inner === 1) {
    out.set(room.subarray(0, rows * classes));
    return;
  }
  for (let first = 0; first < rows; first += inner) {
    const at = first * classes;
    transpose(room, at, classes, out, at, inner, Math.min(inner, rows - first), classes);
  }
}

/**
 * Writes lines of `from` as columns of `to`; steps are from line to line. Eight lines at a time: whoever takes one
 * fills a cache line with a single value each time.
 */
function transpose(
  from: Float32Array,
  fromStart: number,
  fromStep: number,
  to: Float32Array,
  toStart: number,
  toStep: number,
  lines: number,
  length: number,
): void {
  let line = 0;
  for (; line + 8 <= lines; line += 8) {
    const start = fromStart + line * fromStep;
    let at = toStart + line;
    for (let i = 0; i < length; i++) {
      let next = start + i;
      to[at] = from[next] as number;
      next += fromStep;
      to[at + 1] = from[next] as number;
      next += fromStep;
      to[at + 2] = from[next] as number;
      next += fromStep;
      to[at + 3] = from[next] as number;
      next += fromStep;
      to[at + 4] = from[next] as number;
      next += fromStep;
      to[at + 5] = from[next] as number;
      next += fromStep;
      to[at + 6] = from[next] as number;
      next += fromStep;
      to[at + 7] = from[next] as number;
      at += toStep;
    }
  }
  for (; line < lines; line++) {
    const start = fromStart + line * fromStep;
    for (let i = 0; i < length; i++) to[toStart + line + i * toStep] = from[start + i] as number;
  }
}
