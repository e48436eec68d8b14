/**
 * The WebAssembly backend. It walks a batch in chunks of rows through the arena behind the module's own data, so that
 * memory stays at a few hundred kB however large the batch is. Arrays of a workspace are used where they lie.
 */

import { Arena, VALUE_BYTES } from "./arena.ts";
import { stateError } from "./check.ts";
import { type Batch, type Kernels, RECORD } from "./kernels.ts";
import type { InitOutput } from "./wasm/gumbel.js";
import { type Lengths, type Shape, tooLarge, type Workspace } from "./workspace.ts";

type Exports = InitOutput;

/** Bytes of one array's chunk: short enough for the L2 cache, long enough to hide the cost of a call. */
const CHUNK_BYTES = 65_536;
/** Flags of crates/wasm/src/lib.rs. */
const WEIGHTS = 1;
const MARK = 2;
/** Copies below this many elements are faster as a loop than by `set` of a `subarray`. */
const LOOP_BELOW = 48;

type Data = Float32Array | Int32Array;

/** The kernels in an instance of the module. Throws where that is refused. */
export function instantiate(module: WebAssembly.Module): Kernels {
  const wasm = instanceOf(module);
  return createKernels(wasm, new Arena(wasm.memory));
}

/**
 * A workspace in an instance of its own, whose memory grows here and never again.
 *
 * @throws RangeError where there is no memory for it.
 */
export function createWorkspace<Name extends string>(
  module: WebAssembly.Module,
  shape: Shape,
  lengths: Lengths<Name>,
): Workspace<Name> {
  const wasm = anotherInstanceOf(module);
  const arena = new Arena(wasm.memory);
  const places = Object.entries<number>(lengths).map(([name, length]) => {
    return { name, length, address: arena.take(length) };
  });
  arena.settle();
  // What `run` takes beside them, at most.
  arena.begin(rowsAtOnce(shape.rows, shape.classes));
  arena.take(scratchOf(shape.classes));
  try {
    arena.grow();
  } catch {
    throw tooLarge(shape);
  }
  const arrays = places.map(({ name, length, address }) => {
    return [name, new Float32Array(wasm.memory.buffer, address, length)];
  });
  return { kernels: createKernels(wasm, arena), arrays: Object.fromEntries(arrays) };
}

/** Of a module that was instantiated before, so what may be missing is memory. */
function anotherInstanceOf(module: WebAssembly.Module): Exports {
  try {
    return instanceOf(module);
  } catch {
    const expected = "memory for one more (engines hold some thousands at once)";
    throw stateError("plan", expected, "none");
  }
}

function instanceOf(module: WebAssembly.Module): Exports {
  // The exports take numbers alone, so the module imports nothing and needs no generated loader.
  const wasm = new WebAssembly.Instance(module).exports as unknown as Exports;
  wasm.prepare();
  return wasm;
}

/** An array that a kernel reads or writes. */
interface Port<T extends Data = Data> {
  readonly data: T | undefined;
  /** Elements a row. */
  readonly width: number;
  /** Of the first row, or where each chunk is copied to; 0 where the array is absent. */
  address: number;
  /** Bytes from row to row of an array that is used where it lies; 0 for one that is copied. */
  step: number;
}

function portOf<T extends Data>(data: T | undefined, width: number): Port<T> {
  return { data, width, address: 0, step: 0 };
}

interface Job {
  readonly inputs: readonly Port<Float32Array>[];
  readonly outputs: readonly Port[];
  /** Whether the kernel needs scratch rows. */
  readonly scratch?: boolean;
}

/**
 * Runs a kernel on one chunk: its rows, the address of the records, those of the ports, inputs first, then scratch.
 * Returns the rows completed, or nothing where no row can be invalid.
 */
type Call = (rows: number, params: number, ...addresses: number[]) => unknown;

/** As many rows as keep each array's chunk within bounds, at least one. */
function rowsAtOnce(rows: number, widest: number): number {
  const bytes = Math.max(widest, RECORD) * VALUE_BYTES;
  return Math.max(1, Math.min(rows, Math.floor(CHUNK_BYTES / bytes)));
}

function widestOf(ports: readonly Port[]): number {
  let widest = 0;
  for (const { data, width } of ports) if (data && width > widest) widest = width;
  return widest;
}

/** Values of scratch: see crates/wasm/src/lib.rs. */
function scratchOf(classes: number): number {
  return 4 * classes + 8;
}

function createKernels(wasm: Exports, arena: Arena): Kernels {
  /** Walks the batch; returns the rows completed. */
  function run(batch: Batch, { inputs, outputs, scratch }: Job, call: Call): number {
    const { rows, classes } = batch;
    if (rows === 0) return 0;
    const ports: Port[] = [...inputs, ...outputs];
    const most = rowsAtOnce(rows, widestOf(ports));
    const params = arena.begin(most);
    for (const port of ports) place(port, most);
    const scratchAt = scratch ? arena.take(scratchOf(classes)) : 0;
    arena.grow();

    for (let first = 0; first < rows; first += most) {
      const count = Math.min(most, rows - first);
      batch.params(arena.recordWords, arena.recordFloats, first, count);
      for (const port of inputs) copyIn(port, first, count);
      const addresses = ports.map(({ address, step }) => address + step * first);
      const result = call(count, params, ...addresses, scratchAt);
      const done = typeof result === "number" ? result : count;
      for (const port of outputs) copyOut(port, first, done);
      if (done < count) return first + done;
    }
    return rows;
  }

  /** Uses an array where it lies, or takes room to copy a chunk of it to. */
  function place(port: Port, most: number): void {
    const { data, width } = port;
    if (data === undefined) return;
    const address = arena.addressOf(data);
    port.address = address ?? arena.take(most * width);
    port.step = address === undefined ? 0 : width * VALUE_BYTES;
  }

  function copyIn(
    { data, width, address, step }: Port<Float32Array>,
    first: number,
    count: number,
  ) {
    if (data === undefined || step > 0) return;
    const at = address / VALUE_BYTES;
    const start = first * width;
    const length = count * width;
    if (length < LOOP_BELOW) {
      const { floats } = arena;
      for (let i = 0; i < length; i++) floats[at + i] = data[start + i] as number;
    } else {
      arena.floats.set(data.length === length ? data : data.subarray(start, start + length), at);
    }
  }

  function copyOut({ data, width, address, step }: Port, first: number, count: number) {
    if (data === undefined || step > 0) return;
    const at = address / VALUE_BYTES;
    const start = first * width;
    const length = count * width;
    const memory = data instanceof Int32Array ? arena.ints : arena.floats;
    if (length < LOOP_BELOW) {
      for (let i = 0; i < length; i++) data[start + i] = memory[at + i] as number;
    } else {
      data.set(memory.subarray(at, at + length), start);
    }
  }

  const flags = ({ weights, mark }: Batch) => (weights ? WEIGHTS : 0) | (mark ? MARK : 0);
  const row = (data: Float32Array | undefined, { classes }: Batch) => portOf(data, classes);
  const one = <T extends Data>(data: T | undefined) => portOf(data, 1);

  return {
    noise(batch, out) {
      run(batch, { inputs: [], outputs: [row(out, batch)] }, (rows, params, g) =>
        wasm.noise(params, rows, batch.classes, g),
      );
    },
    softmax: (batch, x, out) =>
      run(batch, { inputs: [row(x, batch)], outputs: [row(out, batch)] }, (rows, params, x, y) =>
        wasm.softmax(params, rows, batch.classes, x, y, flags(batch)),
      ),
    logSoftmax: (batch, x, out) =>
      run(batch, { inputs: [row(x, batch)], outputs: [row(out, batch)] }, (rows, params, x, y) =>
        wasm.log_softmax(params, rows, batch.classes, x, y, flags(batch)),
      ),
    logSumExp: (batch, x, out) =>
      run(batch, { inputs: [row(x, batch)], outputs: [one(out)] }, (rows, _, x, y) =>
        wasm.log_sum_exp(rows, batch.classes, x, y, flags(batch)),
      ),
    gumbelMax: (batch, x, noise, { sample, index }) =>
      run(
        batch,
        {
          inputs: [row(x, batch), row(noise, batch)],
          outputs: [row(sample, batch), one(index)],
          scratch: true,
        },
        (rows, params, x, g, sample, index, scratch) =>
          wasm.gumbel_max(params, rows, batch.classes, x, g, scratch, sample, index, flags(batch)),
      ),
    gumbelSoftmax: (batch, x, noise, { soft, sample, index }) =>
      run(
        batch,
        {
          inputs: [row(x, batch), row(noise, batch)],
          outputs: [row(soft, batch), row(sample, batch), one(index)],
          scratch: true,
        },
        (rows, params, x, g, soft, sample, index, scratch) =>
          wasm.gumbel_softmax(
            params,
            rows,
            batch.classes,
            x,
            g,
            scratch,
            soft,
            sample,
            index,
            flags(batch),
          ),
      ),
    categorical: (batch, x, draws, out) =>
      run(
        batch,
        { inputs: [row(x, batch)], outputs: [portOf(out, draws)], scratch: true },
        (rows, params, x, out, scratch) =>
          wasm.categorical(params, rows, batch.classes, x, scratch, draws, out, flags(batch)),
      ),
    softmaxBackward(batch, y, v, out) {
      run(
        batch,
        { inputs: [row(y, batch), row(v, batch)], outputs: [row(out, batch)] },
        (rows, params, y, v, out) => wasm.softmax_backward(params, rows, batch.classes, y, v, out),
      );
    },
    gumbelSoftmaxVjp(batch, x, noise, y, v, out, byTau) {
      run(
        batch,
        {
          inputs: [row(x, batch), row(noise, batch), row(y, batch), row(v, batch)],
          outputs: [row(out, batch), one(byTau)],
          scratch: true,
        },
        (rows, params, x, g, y, v, out, byTau, scratch) =>
          wasm.gumbel_softmax_vjp(
            params,
            rows,
            batch.classes,
            x,
            g,
            y,
            v,
            scratch,
            out,
            byTau,
            flags(batch),
          ),
      );
    },
    gumbelSoftmaxJvp(batch, x, noise, y, { input, tau }, out) {
      run(
        batch,
        {
          inputs: [row(x, batch), row(noise, batch), row(y, batch), row(input, batch), one(tau)],
          outputs: [row(out, batch)],
          scratch: true,
        },
        (rows, params, x, g, y, input, tau, out, scratch) =>
          wasm.gumbel_softmax_jvp(
            params,
            rows,
            batch.classes,
            x,
            g,
            y,
            input,
            tau,
            scratch,
            out,
            flags(batch),
          ),
      );
    },
    logSoftmaxVjp(batch, value, v, out) {
      run(
        batch,
        { inputs: [row(value, batch), row(v, batch)], outputs: [row(out, batch)] },
        (rows, _, value, v, out) => wasm.log_softmax_vjp(rows, batch.classes, value, v, out),
      );
    },
    logSoftmaxJvp(batch, value, tangent, out) {
      run(
        batch,
        { inputs: [row(value, batch), row(tangent, batch)], outputs: [row(out, batch)] },
        (rows, _, value, tangent, out) =>
          wasm.log_softmax_jvp(rows, batch.classes, value, tangent, out),
      );
    },
    logSumExpVjp(batch, x, v, out) {
      run(
        batch,
        { inputs: [row(x, batch), one(v)], outputs: [row(out, batch)] },
        (rows, _, x, v, out) => wasm.log_sum_exp_vjp(rows, batch.classes, x, v, out),
      );
    },
    logSumExpJvp(batch, x, tangent, out) {
      run(
        batch,
        { inputs: [row(x, batch), row(tangent, batch)], outputs: [one(out)], scratch: true },
        (rows, _, x, tangent, out, scratch) =>
          wasm.log_sum_exp_jvp(rows, batch.classes, x, tangent, scratch, out),
      );
    },
  };
}
