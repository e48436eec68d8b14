/** The WebAssembly backend: instances of the module, and its exports as kernels. */

import { Arena, VALUE_BYTES } from "./arena.ts";
import { stateError } from "./check.ts";
import { type Call, type Port, port, rowsAtOnce, run } from "./chunks.ts";
import type { Batch, DetailsOut, Edits, FillParams, Kernels, Program } from "./kernels.ts";
import type { InitOutput } from "./wasm/gumbel.js";
import { type Lengths, type Shape, tooLarge, type Workspace } from "./workspace.ts";

type Exports = InitOutput;

/** Flags of crates/wasm/src/lib.rs. */
const WEIGHTS = 1;
const MARK = 2;
const SPARSE = 4;

/** Half-precision numbers at a time: 64 kB as float32. */
const CHUNK_HALVES = 16_384;

/** Rows of scratch of the kernels that a plan runs, at most. */
const PLAN_SCRATCH = 2;
/** Columns of one running sum: see crates/kernels. */
export const BLOCK = 256;
/** Values that the two parts of a list have beyond a row: 2·SPARE of crates/kernels/src/tokens/select.rs. */
const LIST_SPARE = 64;
/** Draws of a row that memory holds at once: more go through it in slices. */
const MOST_DRAWS = 2 ** 22;

/** An instance that is ready for noise, and its memory. */
export interface Instance {
  readonly wasm: Exports;
  readonly arena: Arena;
}

/** Throws where that is refused. */
export function prepare(module: WebAssembly.Module): Instance {
  const wasm = instanceOf(module);
  wasm.prepare();
  return { wasm, arena: new Arena(wasm.memory) };
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
  const wasm = anotherInstanceOf(module, "plan");
  wasm.prepare();
  const arena = new Arena(wasm.memory);
  const places = Object.entries<number>(lengths).map(([name, length]) => {
    return { name, length, address: arena.take(length) };
  });
  try {
    // What `run` takes beside them, at most.
    arena.settle(rowsAtOnce(shape.rows, shape.classes), PLAN_SCRATCH * shape.classes);
  } catch {
    throw tooLarge(shape);
  }
  const arrays = places.map(({ name, length, address }) => {
    return [name, new Float32Array(wasm.memory.buffer, address, length)];
  });
  return { kernels: createKernels({ wasm, arena }), arrays: Object.fromEntries(arrays) };
}

/** Of a module that was instantiated before, so what may be missing is memory for `what`. It isn't prepared for noise. */
export function anotherInstanceOf(module: WebAssembly.Module, what: string): Exports {
  try {
    return instanceOf(module);
  } catch {
    const expected = "memory for one more (engines hold some thousands at once)";
    throw stateError(what, expected, "none");
  }
}

function instanceOf(module: WebAssembly.Module): Exports {
  // The exports take numbers alone, so the module imports nothing and needs no generated loader.
  return new WebAssembly.Instance(module).exports as unknown as Exports;
}

export function flagsOf({ weights, mark, edits }: Batch): number {
  return (weights ? WEIGHTS : 0) | (mark ? MARK : 0) | (edits?.mask === undefined ? 0 : SPARSE);
}

/** The kernels in an instance. */
export function createKernels({ wasm, arena }: Instance): Kernels {
  /** `run` with the edits of the batch, made to the copies of the first input. */
  const runEdited = (
    batch: Batch,
    inputs: readonly Port[],
    outputs: readonly Port[],
    call: Call,
    scratchRows: number,
    more = 0,
  ): number => {
    const { edits } = batch;
    return edits === undefined
      ? run(arena, batch, inputs, outputs, call, scratchRows, more)
      : edited(batch, edits, inputs, outputs, call, scratchRows, more);
  };

  const edited = (
    batch: Batch,
    edits: Edits,
    inputs: readonly Port[],
    outputs: readonly Port[],
    call: Call,
    scratchRows: number,
    more: number,
  ): number => {
    const { classes } = batch;
    const x = inputs[0] as Port;
    const words = Math.ceil(classes / 32);
    const bias = port(edits.bias, classes, edits.bias?.length === classes);
    const mask = port(edits.mask, words, edits.mask?.length === words);
    const callEdited: Call = (rows, params, scratch, first) => {
      const [biasStep, maskStep] = [bias.shared ? 0 : classes, mask.shared ? 0 : words];
      wasm.restrict(rows, classes, x.at, bias.at, biasStep, mask.at, maskStep, flagsOf(batch));
      for (let i = 0; edits.each !== undefined && i < rows; i++) {
        edits.each(arena.floats, x.at / VALUE_BYTES + i * classes, first + i);
      }
      return call(rows, params, scratch, first);
    };
    return run(arena, batch, [...inputs, bias, mask], outputs, callEdited, scratchRows, more);
  };

  const filterTokens = (
    batch: Batch,
    x: Float32Array,
    { steps, values }: Program,
    out: Float32Array | Int32Array,
  ) => {
    const { classes } = batch;
    const draws = out instanceof Int32Array;
    const l = port(x, classes);
    const result = draws ? port(out, 1) : { ...port(out, classes), over: l };
    const valuePort = port(new Int32Array(values.buffer), 2 * steps.length);
    const program = steps.reduceRight((program, step) => program * 16 + step, 0);
    const call: Call = (rows, params, scratch) =>
      wasm.filter_tokens(
        params,
        rows,
        classes,
        l.at,
        scratch,
        program,
        valuePort.at,
        steps.length,
        draws ? result.at : 0,
        flagsOf(batch),
      );
    return runEdited(batch, [l, valuePort], [result], call, 3, sumsOf(classes) + LIST_SPARE);
  };

  /** Of the `draws` of each row `count` from `made` on. */
  const draw = (
    batch: Batch,
    x: Float32Array,
    draws: number,
    made: number,
    count: number,
    out: Int32Array,
    details?: DetailsOut,
  ): number => {
    const { classes } = batch;
    const [l, index] = [port(x, classes), port(out, count)];
    const [logProb, logZ, entropy] = detailPorts(details, count);
    const call: Call = (rows, params, scratch) =>
      wasm.categorical(
        params,
        rows,
        classes,
        l.at,
        scratch,
        draws,
        made,
        count,
        index.at,
        logProb.at,
        logZ.at,
        entropy.at,
        flagsOf(batch),
      );
    const outputs = details ? [index, logProb, logZ, entropy] : [index];
    return runEdited(batch, [l], outputs, call, batch.weights ? 3 : 2, sumsOf(classes));
  };

  return {
    noise(batch, out, purpose = 0) {
      const { classes } = batch;
      const g = port(out, classes);
      run(arena, batch, [], [g], (rows, params) =>
        wasm.noise(params, rows, classes, purpose, g.at),
      );
    },
    softmax(batch, x, out) {
      const { classes } = batch;
      const [l, y] = [port(x, classes), port(out, classes)];
      return run(arena, batch, [l], [y], (rows, params) =>
        wasm.softmax(params, rows, classes, l.at, y.at, flagsOf(batch)),
      );
    },
    logSoftmax(batch, x, out) {
      const { classes } = batch;
      const [l, y] = [port(x, classes), port(out, classes)];
      return run(arena, batch, [l], [y], (rows, params) =>
        wasm.log_softmax(params, rows, classes, l.at, y.at, flagsOf(batch)),
      );
    },
    logSumExp(batch, x, out) {
      const { classes } = batch;
      const [l, y] = [port(x, classes), port(out, 1)];
      return run(arena, batch, [l], [y], (rows) =>
        wasm.log_sum_exp(rows, classes, l.at, y.at, flagsOf(batch)),
      );
    },
    gumbelMax(batch, x, noise, out) {
      const { classes } = batch;
      const [l, g] = [port(x, classes), port(noise, classes)];
      const [hard, index] = [port(out.sample, classes), port(out.index, 1)];
      const [logProb, logZ, entropy] = detailPorts(out.details, 1);
      const call: Call = (rows, params, scratch) =>
        wasm.gumbel_max(
          params,
          rows,
          classes,
          l.at,
          g.at,
          scratch,
          hard.at,
          index.at,
          logProb.at,
          logZ.at,
          entropy.at,
          flagsOf(batch),
        );
      const outputs = out.details ? [hard, index, logProb, logZ, entropy] : [hard, index];
      return runEdited(batch, [l, g], outputs, call, batch.weights ? 1 : 0);
    },
    gumbelSoftmax(batch, x, noise, out) {
      const { classes } = batch;
      const [l, g, soft] = [port(x, classes), port(noise, classes), port(out.soft, classes)];
      const [hard, index] = [port(out.sample, classes), port(out.index, 1)];
      const call: Call = (rows, params, scratch) =>
        wasm.gumbel_softmax(
          params,
          rows,
          classes,
          l.at,
          g.at,
          scratch,
          soft.at,
          hard.at,
          index.at,
          flagsOf(batch),
        );
      return run(arena, batch, [l, g], [soft, hard, index], call, batch.weights ? 1 : 0);
    },
    categorical(batch, x, draws, out, details) {
      const { rows, classes } = batch;
      if (draws <= MOST_DRAWS) return draw(batch, x, draws, 0, draws, out, details);
      for (let row = 0; row < rows; row++) {
        const one = rowOf(batch, row);
        const logits = x.subarray(row * classes, (row + 1) * classes);
        for (let made = 0; made < draws; made += MOST_DRAWS) {
          const count = Math.min(MOST_DRAWS, draws - made);
          const [start, end] = [row * draws + made, row * draws + made + count];
          const slice = out.subarray(start, end);
          const of = details && {
            logProb: details.logProb.subarray(start, end),
            logZ: details.logZ.subarray(row, row + 1),
            entropy: details.entropy.subarray(row, row + 1),
          };
          if (draw(one, logits, draws, made, count, slice, of) === 0) return row;
        }
      }
      return rows;
    },
    decode(halves, type, out) {
      const most = Math.min(halves.length, CHUNK_HALVES);
      arena.begin(0);
      const [from, to] = [arena.take(most / 2), arena.take(most)];
      arena.grow();
      const { floats } = arena;
      for (let start = 0; start < halves.length; start += most) {
        const chunk = halves.subarray(start, start + most);
        new Uint16Array(floats.buffer, from, chunk.length).set(chunk);
        wasm.decode(from, chunk.length, to, Number(type === "bfloat16"));
        const at = to / VALUE_BYTES;
        out.set(floats.subarray(at, at + chunk.length), start);
      }
    },
    packMask(mask, classes, bits) {
      const [rows, words] = [mask.length / classes, Math.ceil(classes / 32)];
      const most = rowsAtOnce(rows, classes / VALUE_BYTES);
      arena.begin(0);
      const from = arena.take((most * classes) / VALUE_BYTES);
      const to = arena.take(most * words);
      arena.grow();
      const { floats, ints } = arena;
      for (let row = 0; row < rows; row += most) {
        const chunk = mask.subarray(row * classes, (row + most) * classes);
        new Uint8Array(floats.buffer, from, chunk.length).set(chunk);
        const count = chunk.length / classes;
        wasm.pack_mask(count, classes, from, to);
        const at = to / VALUE_BYTES;
        bits.set(ints.subarray(at, at + count * words), row * words);
      }
    },
    filterTokens,
    sampleTokens: filterTokens,
    softmaxBackward(batch, y, v, out) {
      const { classes } = batch;
      const [soft, up, dx] = [port(y, classes), port(v, classes), port(out, classes)];
      run(arena, batch, [soft, up], [dx], (rows, params) =>
        wasm.softmax_backward(params, rows, classes, soft.at, up.at, dx.at),
      );
    },
    gumbelSoftmaxVjp(batch, x, noise, y, v, out, byTau) {
      const { classes } = batch;
      const [l, g] = [port(x, classes), port(byTau && noise, classes)];
      const [soft, up] = [port(y, classes), port(v, classes)];
      const [dx, dtau] = [port(out, classes), port(byTau, 1)];
      const call: Call = (rows, params, scratch) =>
        wasm.gumbel_softmax_vjp(
          params,
          rows,
          classes,
          l.at,
          g.at,
          soft.at,
          up.at,
          scratch,
          dx.at,
          dtau.at,
          flagsOf(batch),
        );
      const scratch = byTau === undefined ? 0 : batch.weights ? 2 : 1;
      run(arena, batch, [l, g, soft, up], [dx, dtau], call, scratch);
    },
    gumbelSoftmaxJvp(batch, x, noise, y, { input, tau }, out) {
      const { classes } = batch;
      const isRead = tau !== undefined || batch.weights;
      const [l, g] = [port(isRead ? x : undefined, classes), port(tau && noise, classes)];
      const [soft, dx, dtau] = [port(y, classes), port(input, classes), port(tau, 1)];
      const dy = port(out, classes);
      const call: Call = (rows, params, scratch) =>
        wasm.gumbel_softmax_jvp(
          params,
          rows,
          classes,
          l.at,
          g.at,
          soft.at,
          dx.at,
          dtau.at,
          scratch,
          dy.at,
          flagsOf(batch),
        );
      run(arena, batch, [l, g, soft, dx, dtau], [dy], call, tau === undefined ? 1 : 2);
    },
    logSoftmaxVjp(batch, value, v, out) {
      const { classes } = batch;
      const [y, up, dx] = [port(value, classes), port(v, classes), port(out, classes)];
      run(arena, batch, [y, up], [dx], (rows) =>
        wasm.log_softmax_vjp(rows, classes, y.at, up.at, dx.at),
      );
    },
    logSoftmaxJvp(batch, value, tangent, out) {
      const { classes } = batch;
      const [y, dx, dy] = [port(value, classes), port(tangent, classes), port(out, classes)];
      run(arena, batch, [y, dx], [dy], (rows) =>
        wasm.log_softmax_jvp(rows, classes, y.at, dx.at, dy.at),
      );
    },
    logSumExpVjp(batch, x, v, out) {
      const { classes } = batch;
      const [l, up, dx] = [port(x, classes), port(v, 1), port(out, classes)];
      run(arena, batch, [l, up], [dx], (rows) =>
        wasm.log_sum_exp_vjp(rows, classes, l.at, up.at, dx.at),
      );
    },
    logSumExpJvp(batch, x, tangent, out) {
      const { classes } = batch;
      const [l, dx, dy] = [port(x, classes), port(tangent, classes), port(out, 1)];
      const call: Call = (rows, _, scratch) =>
        wasm.log_sum_exp_jvp(rows, classes, l.at, dx.at, scratch, dy.at);
      run(arena, batch, [l, dx], [dy], call, 1);
    },
    gumbelTopK(batch, x, noise, k, out) {
      const { classes } = batch;
      const [l, g] = [port(x, classes), port(noise, classes)];
      const [index, score, logProb] = [
        port(out.index, k),
        port(out.score, k),
        port(out.logProb, k),
      ];
      const call: Call = (rows, params, scratch) =>
        wasm.gumbel_top_k(
          params,
          rows,
          classes,
          l.at,
          g.at,
          scratch,
          k,
          index.at,
          score.at,
          logProb.at,
          flagsOf(batch),
        );
      return runEdited(batch, [l, g], [index, score, logProb], call, batch.weights ? 2 : 1);
    },
    gumbelGivenMax(batch, x, noise, max, out) {
      const { classes } = batch;
      const [l, g, most, y] = [
        port(x, classes),
        port(noise, classes),
        port(max, 1),
        port(out, classes),
      ];
      const call: Call = (rows, params, scratch) =>
        wasm.gumbel_given_max(
          params,
          rows,
          classes,
          l.at,
          g.at,
          scratch,
          most.at,
          y.at,
          flagsOf(batch),
        );
      return run(arena, batch, [l, g, most], [y], call, batch.weights ? 1 : 0);
    },
    gumbelMaxPart(batch, x, max, { leader, index }) {
      const { classes } = batch;
      const [l, before, after] = [port(x, classes), port(leader, 2), port(leader, 2)];
      const place = port(index, 1);
      return run(arena, batch, [l, before], [after, place], (rows, params) =>
        wasm.gumbel_max_part(
          params,
          rows,
          classes,
          l.at,
          max,
          before.at,
          after.at,
          place.at,
          flagsOf(batch),
        ),
      );
    },
  };
}

const ABSENT = port(undefined, 0);
type DetailPorts = readonly [logProb: Port, logZ: Port, entropy: Port];
/** Made once: small calls would notice. */
const NO_DETAILS: DetailPorts = [ABSENT, ABSENT, ABSENT];

function detailPorts(details: DetailsOut | undefined, draws: number): DetailPorts {
  if (details === undefined) return NO_DETAILS;
  return [port(details.logProb, draws), port(details.logZ, 1), port(details.entropy, 1)];
}

/** Values of the running sums of a row: a double each, up to the next 16 bytes. */
function sumsOf(classes: number): number {
  return 4 * ((Math.ceil(classes / BLOCK) + 2) >>> 1);
}

/** One row of a batch as a batch. */
function rowOf(batch: Batch, row: number): Batch {
  const params: FillParams = (words, floats) => batch.params(words, floats, row, 1);
  return { ...batch, rows: 1, params, edits: batch.edits && editsOf(batch.edits, batch, row) };
}

/** The edits of one row. */
function editsOf({ bias, mask, each }: Edits, { classes }: Batch, row: number): Edits {
  return {
    bias: bias && rowFrom(bias, classes, row),
    mask: mask && rowFrom(mask, Math.ceil(classes / 32), row),
    each: each && ((x, at) => each(x, at, row)),
  };
}

function rowFrom<T extends Float32Array | Int32Array>(x: T, width: number, row: number): T {
  return x.length === width ? x : (x.subarray(row * width, (row + 1) * width) as T);
}
