/** A law that is kept: worked out once, drawn from as often as one likes. */

import { type Batch, guideBits, type KeptLaw } from "../kernels.ts";
import { Cumulative } from "./categorical.ts";
import { argmax, BLOCK, blockEnd, inspect, isFixed, Params, scratchOf } from "./row.ts";
import { certain } from "./softmax.ts";
import { toLogits } from "./weights.ts";

export class JsKeptLaw implements KeptLaw {
  readonly #classes: number;
  readonly #law = new Cumulative();
  readonly #params = new Params();

  constructor(classes: number) {
    this.#classes = classes;
  }

  set(batch: Batch, x: Float32Array): number {
    const classes = this.#classes;
    const params = this.#params;
    params.seek(batch, 0);
    let logits = x;
    if (batch.weights) {
      logits = scratchOf(Float32Array, classes);
      toLogits(x, 0, classes, logits);
    }
    const max = inspect(logits, 0, classes);
    if (Number.isNaN(max)) return 0;
    if (isFixed(max, params)) {
      // A law with nothing else in it, so that draws needn't know.
      const only = scratchOf(Float32Array, classes);
      certain(argmax(x, 0, classes), only, 0, classes);
      this.#law.set(only, 0, classes, 0, 1);
    } else {
      this.#law.set(logits, 0, classes, max, params.rate);
    }
    this.#law.setGuide(guideBits(classes));
    return 1;
  }

  draw(batch: Batch, made: number, out: Int32Array): void {
    const params = this.#params;
    params.seek(batch, 0);
    // Words come in fours: the first ones may belong to a draw before this one.
    const skip = (params.first + made) % 4;
    const end = skip + out.length;
    for (let start = 0; start < end; start += BLOCK) {
      this.#law.drawBlock(params, made, start - skip, blockEnd(start, end) - skip, out, 0);
    }
  }
}
