/** The kernels of estimators and relaxed laws in TypeScript, batch by batch. */

import type { BinaryOut, EstimatorKernels } from "../estimators/kernels.ts";
import type { Batch } from "../kernels.ts";
import { binaryConcrete, Logistic } from "./binary.ts";
import { Drawn } from "./gumbel.ts";
import { logGumbelSoftmax } from "./log-relaxed.ts";
import { gumbelRao } from "./rao.ts";
import { Noise } from "./relaxed.ts";
import { BLOCK, Params, scratchOf } from "./row.ts";
import { each, markRow, Rows } from "./rows.ts";
import { divide } from "./weights.ts";

/** Makes the kernels, with the table of noise and scratch of their own. */
export function createJsEstimatorKernels(): EstimatorKernels {
  return new JsEstimatorKernels();
}

class JsEstimatorKernels implements EstimatorKernels {
  readonly #drawn = new Drawn();
  readonly #params = new Params();
  // Scratch rows, grown as needed.
  #logits = new Float32Array(0);
  #a = new Float32Array(0);
  #b = new Float32Array(0);
  #sums = new Float64Array(0);

  logGumbelSoftmax(
    batch: Batch,
    x: Float32Array,
    noise: Float32Array | undefined,
    out: Float32Array,
  ): number {
    const { classes } = batch;
    const rows = this.#rows(batch, x, noise);
    const room = [this.#a, this.#b] as const;
    return each(
      batch,
      (row) => {
        rows.seek(row);
        const { input, params } = rows;
        const to = row * classes;
        return logGumbelSoftmax(input, classes, params, rows.noise, room, out, to);
      },
      (row) => markRow(out, row, classes),
    );
  }

  gumbelRao(
    batch: Batch,
    x: Float32Array,
    index: Int32Array,
    v: Float32Array,
    replicas: number,
    out: Float32Array,
  ): void {
    const { classes } = batch;
    const rows = this.#rows(batch, x, undefined);
    const room = { sums: this.#sums, exponentials: this.#b };
    for (let row = 0; row < batch.rows; row++) {
      rows.seek(row);
      const { input, params } = rows;
      const at = row * classes;
      const asked = { input, classes, params, index: index[row], v, vAt: at, replicas };
      if (!gumbelRao(asked, this.#drawn, room, out, at)) markRow(out, row, classes);
      else if (batch.weights) divide(out, at, input.given, input.givenAt, classes);
    }
  }

  binaryConcrete(
    batch: Batch,
    x: Float32Array,
    noise: Float32Array | undefined,
    out: BinaryOut,
  ): number {
    const { classes } = batch;
    this.#reserve(classes);
    const params = this.#params;
    const logistic = new Logistic(this.#drawn, noise, params);
    const room = [this.#a, this.#b] as const;
    return each(
      batch,
      (row) => {
        params.seek(batch, row);
        return binaryConcrete(x, row, classes, params, logistic, room, out);
      },
      (row) => {
        for (const result of [out.soft, out.logit, out.hard]) {
          if (result !== undefined) markRow(result, row, classes);
        }
      },
    );
  }

  #rows(batch: Batch, x: Float32Array, noise: Float32Array | undefined): Rows {
    this.#reserve(batch.classes);
    const params = this.#params;
    return new Rows(batch, x, this.#logits, this.#a, params, new Noise(this.#drawn, noise, params));
  }

  /** Has scratch for rows of so many classes, and for a block. */
  #reserve(classes: number): void {
    if (classes <= this.#a.length) return;
    const length = classes < BLOCK ? BLOCK : classes;
    this.#logits = scratchOf(Float32Array, length);
    this.#a = scratchOf(Float32Array, length);
    this.#b = scratchOf(Float32Array, length);
    this.#sums = scratchOf(Float64Array, length);
  }
}
