/** How a kernel is run on a batch: in chunks of rows, whose arrays are copied to the arena and back. */

import { type Arena, VALUE_BYTES } from "./arena.ts";
import { stateError } from "./check.ts";
import { type Batch, RECORD } from "./kernels.ts";

/** Bytes of one array's chunk: short enough for the L2 cache, long enough to hide the cost of a call. */
const CHUNK_BYTES = 65_536;
/** Copies below this many elements are faster as a loop than by `set` of a `subarray`. */
const LOOP_BELOW = 48;
/** Values that rows share: 2^32 bytes less 2^25, for all that isn't as long as a row. */
const MOST_VALUES = 2 ** 30 - 2 ** 23;
/** A Rust slice has less than 2^31 bytes. */
const MOST_CLASSES = 2 ** 29 - 1;

type Data = Float32Array | Int32Array;

/** An array that a kernel reads or writes, or one that is absent. */
export interface Port {
  readonly data: Data | undefined;
  /** Elements a row. */
  readonly width: number;
  /** Whether it has one row for all. */
  readonly shared: boolean;
  /** The address of the current chunk; 0 where the array is absent. */
  at: number;
  /** Bytes from row to row of an array that is used where it lies; 0 for one that is copied. */
  step: number;
  /** For an output: the input whose copy the kernel overwrites by it. */
  readonly over?: Port;
}

export function port(data: Data | undefined, width: number, shared = false): Port {
  return { data, width, shared, at: 0, step: 0 };
}

/**
 * Runs a kernel on one chunk, from row `first` on, its ports where their `at` says. Returns the rows completed, or
 * nothing for all.
 */
export type Call = (rows: number, params: number, scratch: number, first: number) => unknown;

/** As many rows as keep each array's chunk within bounds, at least one. */
export function rowsAtOnce(rows: number, widest: number): number {
  const bytes = Math.max(widest, RECORD) * VALUE_BYTES;
  return Math.max(1, Math.min(rows, Math.floor(CHUNK_BYTES / bytes)));
}

/** Walks the batch, with scratch for so many rows and `more` values; returns the rows completed. */
export function run(
  arena: Arena,
  batch: Batch,
  inputs: readonly Port[],
  outputs: readonly Port[],
  call: Call,
  scratchRows = 0,
  more = 0,
): number {
  const { rows, classes } = batch;
  if (rows === 0) return 0;
  const widest = Math.max(widestOf(inputs), widestOf(outputs));
  const most = rowsAtOnce(rows, widest);
  // What fits in a chunk needs no counting.
  if (classes > CHUNK_BYTES) {
    checkClasses(classes, scratchRows + rowsIn(inputs, classes) + rowsIn(outputs, classes));
  }
  const params = arena.begin(most);
  const scratch = arena.take(scratchRows * classes + more);
  for (const input of inputs) place(arena, input, most);
  for (const output of outputs) place(arena, output, most);
  arena.grow();

  for (let first = 0; first < rows; first += most) {
    const count = Math.min(most, rows - first);
    batch.params(arena.recordWords, arena.recordFloats, first, count);
    for (const input of inputs) if (input.step === 0) copyIn(arena, input, first, count);
    const result = call(count, params, scratch, first);
    const done = typeof result === "number" ? result : count;
    for (const output of outputs) {
      if (output.step === 0) copyOut(arena, output, first, done);
      else output.at += output.step * count;
    }
    for (const input of inputs) input.at += input.step * count;
    if (done < count) return first + done;
  }
  return rows;
}

function widestOf(ports: readonly Port[]): number {
  let widest = 0;
  for (const { data, width } of ports) if (data !== undefined && width > widest) widest = width;
  return widest;
}

/** How many arrays of their own have a value for each class. */
function rowsIn(ports: readonly Port[], classes: number): number {
  return ports.filter(
    ({ data, width, over }) => data !== undefined && over === undefined && width === classes,
  ).length;
}

function checkClasses(classes: number, arrays: number): void {
  const most = Math.min(MOST_CLASSES, Math.floor(MOST_VALUES / arrays));
  if (classes <= most) return;
  const reason = `WebAssembly's 4 GiB hold ${arrays} arrays of a row, each below 2 GiB`;
  const hint = "split larger rows: logSumExp of a part is its logit";
  throw stateError("classes", `at most ${most}, since ${reason} (${hint})`, `${classes}`);
}

/** Uses an array where it lies, or takes room to copy a chunk of it to. */
function place(arena: Arena, port: Port, most: number): void {
  const { data, width, over } = port;
  if (data === undefined) return;
  if (over !== undefined) {
    port.at = over.at;
    return;
  }
  const address = arena.addressOf(data);
  port.at = address ?? arena.take(most * width);
  port.step = address === undefined ? 0 : width * VALUE_BYTES;
}

function copyIn(
  arena: Arena,
  { data, width, shared, at }: Port,
  first: number,
  count: number,
): void {
  if (data === undefined || (shared && first > 0)) return;
  const to = at / VALUE_BYTES;
  const start = shared ? 0 : first * width;
  const length = shared ? width : count * width;
  if (length < LOOP_BELOW && data instanceof Float32Array) {
    const { floats } = arena;
    for (let i = 0; i < length; i++) floats[to + i] = data[start + i] as number;
  } else {
    // Bits that aren't floats must not pass for them: a NaN may come out another.
    const memory = data instanceof Int32Array ? arena.ints : arena.floats;
    memory.set(data.length === length ? data : data.subarray(start, start + length), to);
  }
}

function copyOut(arena: Arena, { data, width, at }: Port, first: number, count: number): void {
  if (data === undefined) return;
  const memory = data instanceof Int32Array ? arena.ints : arena.floats;
  const from = at / VALUE_BYTES;
  const start = first * width;
  const length = count * width;
  if (length < LOOP_BELOW) {
    for (let i = 0; i < length; i++) data[start + i] = memory[from + i] as number;
  } else {
    data.set(memory.subarray(from, from + length), start);
  }
}
