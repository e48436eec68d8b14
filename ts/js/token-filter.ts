/**
 * Filters on the logits of a row, as language models are sampled with: what a filter drops becomes
 * −∞. Each keeps classes by value, never by rank. See `crates/kernels/src/tokens/mod.rs`.
 */

import { type Program, Step } from "../kernels.ts";
import { keepOnly } from "./drop.ts";
import { topK } from "./keep-top-k.ts";
import { RATE } from "./math.ts";
import { minP } from "./min-p.ts";
import { NearestRoom, topP, typicalP } from "./nearest.ts";
import { argmax, inspect, isFixed, type Params } from "./row.ts";
import { Bins, List } from "./select.ts";

/** Filters rows in place; keeps its room from row to row. */
export class TokenFilter {
  readonly #room = new NearestRoom();
  readonly #list = new List();
  readonly #bins = new Bins();

  /**
   * Filters the row `row` of a batch, whose logits are the first ones of `logits`. Returns whether
   * it is valid; if not, nothing is written.
   */
  run(
    logits: Float32Array,
    classes: number,
    params: Params,
    program: Program,
    row: number,
  ): boolean {
    let max = inspect(logits, 0, classes);
    if (Number.isNaN(max)) return false;
    if (isFixed(max, params)) {
      keepOnly(logits, classes, argmax(logits, 0, classes));
      return true;
    }
    this.#room.reserve(classes);
    const [room, list, bins] = [this.#room, this.#list, this.#bins];
    const { steps, values } = program;
    let rate = RATE;
    for (let i = 0; i < steps.length; i++) {
      const value = values[row * steps.length + i];
      switch (steps[i]) {
        case Step.temperature:
          rate = params.rate;
          break;
        case Step.topK:
          if (value >= 1) topK(logits, classes, value, list, bins);
          break;
        case Step.topP:
          if (value < 1) topP(logits, classes, max, rate, value, room, list, bins);
          break;
        case Step.minP:
          if (value > 0) minP(logits, classes, max, rate, value);
          break;
        case Step.typicalP:
          if (value < 1) {
            typicalP(logits, classes, max, rate, value, room, list, bins);
            max = inspect(logits, 0, classes);
          }
          break;
      }
    }
    return true;
  }
}
