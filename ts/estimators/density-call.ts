/** What the log-densities of both relaxed laws are called with, and how gradients by it are had. */

import {
  type Kept,
  type Matrix,
  type PerRow,
  type Rows,
  readGiven,
  readGivenLike,
  rowsOf,
} from "../arrays.ts";
import { gather, type ShapeOptions } from "../axis.ts";
import { type OnInvalidRow, readOnInvalidRow } from "../batch.ts";
import { choice } from "../check.ts";
import { readTau } from "../rate.ts";
import { backwardOf } from "./outs.ts";

interface DensityOptions extends ShapeOptions {
  classes?: number | undefined;
  tau?: PerRow<number> | undefined;
  space?: string | undefined;
  onInvalidRow?: OnInvalidRow | undefined;
}

/** The arguments of a call, checked, as they were given. */
export interface DensityCall<Space extends string> {
  readonly sample: Rows;
  readonly logits: Float32Array;
  readonly tau: number | number[];
  readonly space: Space;
  readonly onInvalidRow: OnInvalidRow;
}

/** Reads them; the first of `spaces` is the default. */
export function readDensityCall<Space extends string>(
  sample: unknown,
  logits: unknown,
  { classes, shape, axis, tau, space, onInvalidRow }: DensityOptions,
  spaces: readonly [Space, ...Space[]],
): DensityCall<Space> {
  const points = readGiven("sample", sample, classes, shape, axis);
  return {
    sample: points,
    logits: readGivenLike("logits", logits, points),
    tau: readTau(tau, points.rows),
    space: space === undefined ? spaces[0] : choice("space", space, spaces),
    onInvalidRow: readOnInvalidRow(onInvalidRow),
  };
}

/** The same row after row. */
export function gathered<Space extends string>(call: DensityCall<Space>): DensityCall<Space> {
  const { sample, logits } = call;
  return { ...call, sample: rowsOf(sample), logits: gather(logits, sample) };
}

interface Gradients {
  readonly sample: Float32Array;
  readonly input: Float32Array;
  readonly tau: Float32Array;
}

/** The backward product: `read` checks the upstream gradient, `write` fills the gradients of the gathered call as rows. */
export function densityVjp<Space extends string, V extends Matrix | PerRow<number>>(
  call: DensityCall<Space>,
  read: (v: V) => Float32Array,
  write: (call: DensityCall<Space>, upstream: Float32Array, rooms: Gradients) => void,
): (v: V, options?: { out?: unknown }) => Gradients {
  const { sample, logits } = call;
  const { length } = sample.data;
  const kept: Kept[] = [
    ["sample", sample.data, length],
    ["logits", logits, length],
  ];
  const lengths = { sample: length, input: length, tau: sample.rows };
  const layouts = { sample, input: sample };
  return backwardOf<V, Gradients>(kept, { lengths, layouts }, read, (upstream, rooms) =>
    write(gathered(call), upstream, rooms),
  );
}
