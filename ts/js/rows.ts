/** A batch cut into rows: what is at hand of one, and how a kernel is run on all. */

import type { Batch } from "../kernels.ts";
import type { Noise } from "./relaxed.ts";
import { edit } from "./restrict.ts";
import { Input, type Params } from "./row.ts";
import { toLogits } from "./weights.ts";

/** The rows of a batch that are sampled from: parameters, input and noise, one row at a time. */
export class Rows {
  readonly input: Input;

  constructor(
    readonly batch: Batch,
    readonly x: Float32Array,
    logits: Float32Array,
    readonly edited: Float32Array,
    readonly params: Params,
    readonly noise: Noise,
  ) {
    this.input = new Input(batch.weights ? logits : x, x);
  }

  seek(row: number): void {
    const { batch, input } = this;
    const at = row * batch.classes;
    this.params.seek(batch, row);
    this.noise.seek(at);
    input.given = this.x;
    input.givenAt = at;
    if (batch.edits !== undefined) {
      this.#copy();
      edit(batch, batch.edits, row, this.edited);
    }
    if (batch.weights) toLogits(input.given, input.givenAt, batch.classes, input.logits);
    else this.#setLogits();
  }

  /** Makes the logits at hand a copy in `edited`, which may be changed. */
  own(): void {
    if (this.input.given === this.edited) return;
    this.#copy();
    this.#setLogits();
  }

  #copy(): void {
    const { batch, input, edited } = this;
    copyRow(input.given, input.givenAt, edited, batch.classes);
    input.given = edited;
    input.givenAt = 0;
  }

  #setLogits(): void {
    const { input } = this;
    input.logits = input.given;
    input.at = input.givenAt;
  }
}

/** Runs `kernel` on each row until one is invalid; where the batch says so, marks it and goes on. */
export function each(
  batch: Pick<Batch, "rows" | "mark">,
  kernel: (row: number) => boolean,
  mark: (row: number) => void,
): number {
  for (let row = 0; row < batch.rows; row++) {
    if (kernel(row)) continue;
    if (!batch.mark) return row;
    mark(row);
  }
  return batch.rows;
}

/** Fills a row with NaN. */
export function markRow(x: Float32Array, row: number, classes: number): void {
  x.fill(Number.NaN, row * classes, (row + 1) * classes);
}

// Not `subarray`: a view costs more than a short row.
export function copyRow(x: Float32Array, at: number, to: Float32Array, classes: number): void {
  for (let i = 0; i < classes; i++) to[i] = x[at + i];
}
