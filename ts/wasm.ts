/**
 * The WebAssembly backend, and the only file that knows memory: it walks a batch in chunks of rows through an arena
 * behind the module's own data, so that memory stays at a few hundred kB however large the batch is.
 */

import { type Batch, type Kernels, RECORD } from "./kernels.ts";
import type { InitOutput } from "./wasm/gumbel.js";

type Exports = InitOutput;

/** Bytes of one array's chunk: short enough for the L2 cache, long enough to hide the cost of a call. */
const CHUNK_BYTES = 65_536;
const PAGE_BYTES = 65_536;
/** Of a float32, an int32, a word of a record. */
const VALUE_BYTES = 4;
/** Flags of crates/wasm/src/lib.rs. */
const WEIGHTS = 1;
const MARK = 2;
/** Copies below this many elements are faster as a loop than by `set` of a `subarray`. */
const LOOP_BELOW = 48;

type Data = Float32Array | Int32Array;

/** Compiles and instantiates the module, synchronously. Throws where that is refused. */
export function instantiate(bytes: BufferSource): Kernels {
  // The exports take numbers alone, so the module imports nothing and needs no generated loader.
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const wasm = exports as unknown as Exports;
  wasm.prepare();
  return createKernels(wasm, new Arena(wasm.memory));
}

/** Memory behind the module's data, handed out from its start again for each call. */
class Arena {
  floats!: Float32Array;
  ints!: Int32Array;
  /** The records, which lie at the start: a view for each call would cost more than a small call's kernel. */
  recordWords!: Uint32Array;
  recordFloats!: Float32Array;
  readonly #start: number;
  readonly #memory: WebAssembly.Memory;
  #next = 0;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#start = memory.buffer.byteLength;
    this.#view();
  }

  /** Starts over with room for `records`; returns their address. */
  begin(records: number): number {
    this.#next = this.#start;
    return this.take(records * RECORD);
  }

  /** The address of room for `count` values more, on a 16-byte border. */
  take(count: number): number {
    const address = this.#next;
    this.#next += Math.ceil((count * VALUE_BYTES) / 16) * 16;
    return address;
  }

  /** Grows to hold what was taken. That detaches views, so they are made here and nowhere else. */
  grow(): void {
    const missing = this.#next - this.#memory.buffer.byteLength;
    if (missing <= 0) return;
    try {
      this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    } catch {
      const bytes = this.#next - this.#start;
      throw new RangeError(
        `"classes" expected a row, or the draws of one, that fits in memory, got ${bytes} bytes`,
      );
    }
    this.#view();
  }

  #view(): void {
    const { buffer } = this.#memory;
    this.floats = new Float32Array(buffer);
    this.ints = new Int32Array(buffer);
    this.recordWords = new Uint32Array(buffer, this.#start);
    this.recordFloats = new Float32Array(buffer, this.#start);
  }
}

/** An array that a kernel reads or writes, with its elements a row; absent ones have address 0. */
interface Port<T extends Data = Data> {
  readonly data: T | undefined;
  readonly width: number;
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
function rowsAtOnce(rows: number, { inputs, outputs }: Job): number {
  let widest = RECORD;
  for (const { data, width } of inputs) if (data && width > widest) widest = width;
  for (const { data, width } of outputs) if (data && width > widest) widest = width;
  return Math.max(1, Math.min(rows, Math.floor(CHUNK_BYTES / (widest * VALUE_BYTES))));
}

function createKernels(wasm: Exports, arena: Arena): Kernels {
  /** Walks the batch; returns the rows completed. */
  function run(batch: Batch, job: Job, call: Call): number {
    const { rows, classes } = batch;
    if (rows === 0) return 0;
    const { inputs, outputs, scratch } = job;
    const most = rowsAtOnce(rows, job);
    const params = arena.begin(most);
    const addresses: number[] = [];
    for (const { data, width } of inputs) addresses.push(data ? arena.take(most * width) : 0);
    for (const { data, width } of outputs) addresses.push(data ? arena.take(most * width) : 0);
    if (scratch) addresses.push(arena.take(4 * classes + 8));
    arena.grow();

    for (let first = 0; first < rows; first += most) {
      const count = Math.min(most, rows - first);
      batch.params(arena.recordWords, arena.recordFloats, first, count);
      for (let i = 0; i < inputs.length; i++) {
        const { data, width } = inputs[i] as Port<Float32Array>;
        if (data) copyIn(data, first * width, count * width, addresses[i] as number);
      }
      const result = call(count, params, ...addresses);
      const done = typeof result === "number" ? result : count;
      for (let i = 0; i < outputs.length; i++) {
        const { data, width } = outputs[i] as Port;
        const address = addresses[inputs.length + i] as number;
        if (data) copyOut(address, done * width, data, first * width);
      }
      if (done < count) return first + done;
    }
    return rows;
  }

  function copyIn(data: Float32Array, start: number, length: number, address: number): void {
    const at = address >>> 2;
    if (length < LOOP_BELOW) {
      const { floats } = arena;
      for (let i = 0; i < length; i++) floats[at + i] = data[start + i] as number;
    } else {
      arena.floats.set(data.length === length ? data : data.subarray(start, start + length), at);
    }
  }

  function copyOut(address: number, length: number, data: Data, start: number): void {
    const at = address >>> 2;
    const memory = data instanceof Int32Array ? arena.ints : arena.floats;
    if (length < LOOP_BELOW) {
      for (let i = 0; i < length; i++) data[start + i] = memory[at + i] as number;
    } else {
      data.set(memory.subarray(at, at + length), start);
    }
  }

  const flags = ({ weights, mark }: Batch) => (weights ? WEIGHTS : 0) | (mark ? MARK : 0);
  const row = (data: Float32Array | undefined, { classes }: Batch) => ({ data, width: classes });
  const one = <T extends Data>(data: T | undefined) => ({ data, width: 1 });

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
        { inputs: [row(x, batch)], outputs: [{ data: out, width: draws }], scratch: true },
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
