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
const FLOAT_BYTES = 4;
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

/** Memory behind the module's data, handed out from its start again for each chunk. */
class Arena {
  words!: Uint32Array;
  floats!: Float32Array;
  ints!: Int32Array;
  readonly #start: number;
  readonly #memory: WebAssembly.Memory;
  #next: number;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#start = memory.buffer.byteLength;
    this.#next = this.#start;
    this.#view();
  }

  /** Makes room for `bytes` from the start on. Growing detaches views, so they are made here and nowhere else. */
  reserve(bytes: number): void {
    this.#next = this.#start;
    const missing = this.#start + bytes - this.#memory.buffer.byteLength;
    if (missing <= 0) return;
    try {
      this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    } catch {
      throw new RangeError(
        `"classes" expected a row, or the draws of one, that fits in memory, got ${bytes} bytes`,
      );
    }
    this.#view();
  }

  /** The address of `bytes` more, on a 16-byte border. */
  take(bytes: number): number {
    const address = this.#next;
    this.#next += align(bytes);
    return address;
  }

  #view(): void {
    const { buffer } = this.#memory;
    this.words = new Uint32Array(buffer);
    this.floats = new Float32Array(buffer);
    this.ints = new Int32Array(buffer);
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
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

function createKernels(wasm: Exports, arena: Arena): Kernels {
  /** Walks the batch; returns the rows completed. */
  function run(batch: Batch, job: Job, call: Call): number {
    const { rows, classes } = batch;
    if (rows === 0) return 0;
    const { inputs, outputs } = job;
    const ports = [...inputs, ...outputs].filter(({ data }) => data !== undefined);
    const widest = ports.reduce((most, { width }) => Math.max(most, width), RECORD);
    const most = Math.max(1, Math.min(rows, Math.floor(CHUNK_BYTES / (widest * FLOAT_BYTES))));
    const scratchBytes = job.scratch ? (4 * classes + 8) * FLOAT_BYTES : 0;
    arena.reserve(
      ports.reduce(
        (bytes, { width }) => bytes + align(most * width * FLOAT_BYTES),
        align(most * RECORD * FLOAT_BYTES) + align(scratchBytes),
      ),
    );
    const params = arena.take(most * RECORD * FLOAT_BYTES);
    const place = ({ data, width }: Port) =>
      data === undefined ? 0 : arena.take(most * width * FLOAT_BYTES);
    const from = inputs.map(place);
    const to = outputs.map(place);
    const addresses = [...from, ...to];
    if (job.scratch) addresses.push(arena.take(scratchBytes));

    for (let first = 0; first < rows; first += most) {
      const count = Math.min(most, rows - first);
      batch.params(
        arena.words.subarray(params >>> 2),
        arena.floats.subarray(params >>> 2),
        first,
        count,
      );
      for (let i = 0; i < inputs.length; i++) {
        const { data, width } = inputs[i] as Port<Float32Array>;
        if (data) copyIn(data, first * width, count * width, from[i] as number);
      }
      const result = call(count, params, ...addresses);
      const done = typeof result === "number" ? result : count;
      for (let i = 0; i < outputs.length; i++) {
        const { data, width } = outputs[i] as Port;
        if (data) copyOut(to[i] as number, done * width, data, first * width);
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
