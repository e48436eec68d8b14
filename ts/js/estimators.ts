/** The kernels of estimators and relaxed laws in TypeScript, batch by batch. */

import type { BinaryOut, EstimatorKernels } from "../estimators/kernels.ts";
import type { Batch } from "../kernels.ts";
import { binaryConcrete, Logistic } from "./binary.ts";
import { Drawn } from "./gumbel.ts";
import { logGumbelSoftmax } from "./log-relaxed.ts";
import { Noise } from "./relaxed.ts";
import { Params, scratchOf } from "./row.ts";
import { each, markRow, Rows } from "./rows.ts";

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

  /** Has scratch for rows of so many classes. */
  #reserve(classes: number): void {
    if (classes <= this.#a.length) return;
    this.#logits = scratchOf(Float32Array, classes);
    this.#a = scratchOf(Float32Array, classes);
    this.#b = scratchOf(Float32Array, classes);
  }
}
