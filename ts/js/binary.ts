/**
 * Relaxed Bernoulli variables, each entry of a row for itself (Maddison, Mnih & Teh 2017, appendix B: Binary Concrete).
 *
 * y = σ((l + L)/τ) with logistic noise L = G − G', the difference of the Gumbel variables of the two outcomes: a Concrete
 * variable of two classes whose scores are l + G and G'. Either tail of L is as deep as that of G. The outcome itself is
 * l + L > 0.
 */

import type { BinaryOut } from "../estimators/kernels.ts";
import type { Drawn } from "./gumbel.ts";
import { exps } from "./math.ts";
import { Purpose } from "./philox.ts";
import { BLOCK, blockEnd, CHUNK, type Params, SHORT } from "./row.ts";

const fround = Math.fround;

/** Values drawn at a time: a block of a long row, or a chunk of short rows. */
const ROOM = CHUNK * SHORT > BLOCK ? CHUNK * SHORT : BLOCK;

/** The logistic noise of a row, drawn or given, block by block; drawn for short rows, a chunk of them at once. */
export class Logistic {
  /** The noise of the block at hand begins at `values[at]`. */
  values: Float32Array;
  at = 0;
  readonly #drawn: Drawn;
  readonly #given: boolean;
  readonly #params: Params;
  readonly #opposite = new Float32Array(ROOM);
  /** The first row of the chunk that is drawn. */
  #chunk = -1;

  constructor(drawn: Drawn, given: Float32Array | undefined, params: Params) {
    this.values = given ?? new Float32Array(ROOM);
    this.#drawn = drawn;
    this.#given = given !== undefined;
    this.#params = params;
  }

  /** Has the noise of `count` columns from `column` on ready, in row `row` of so many classes. */
  block(row: number, column: number, count: number, classes: number): void {
    const params = this.#params;
    const { values } = this;
    const opposite = this.#opposite;
    if (this.#given) {
      this.at = row * classes + column;
    } else if (classes > SHORT) {
      this.#drawn.block(params, column, count, values, 0);
      this.#drawn.block(params, column, count, opposite, 0, Purpose.opposite);
      this.#subtract(count);
    } else {
      if (params.chunk !== this.#chunk) {
        this.#drawn.rows(params, classes, values, 0);
        this.#drawn.rows(params, classes, opposite, 0, Purpose.opposite);
        this.#subtract(params.count * classes);
        this.#chunk = params.chunk;
      }
      this.at = params.place * classes;
    }
  }

  #subtract(count: number): void {
    const { values } = this;
    const opposite = this.#opposite;
    for (let i = 0; i < count; i++) values[i] -= opposite[i]; // rounded by the array
  }
}

/**
 * Writes what is wanted of row `row` at the temperature τ of `params`. Returns whether the row is valid: whether each
 * logit and its noise add up to a number. The rooms are room for a row.
 */
export function binaryConcrete(
  x: Float32Array,
  row: number,
  classes: number,
  params: Params,
  noise: Logistic,
  [scores, room]: readonly [Float32Array, Float32Array],
  { soft, logit, hard }: BinaryOut,
): boolean {
  const at = row * classes;
  if (!fillScores(x, row, classes, noise, scores)) return false;
  if (soft !== undefined) sigmoid(scores, classes, params.rate, room, soft, at);
  if (logit !== undefined) {
    const { scale } = params;
    for (let i = 0; i < classes; i++) logit[at + i] = scores[i] * scale;
  }
  if (hard !== undefined) {
    for (let i = 0; i < classes; i++) hard[at + i] = scores[i] > 0 ? 1 : 0;
  }
  return true;
}

/** Writes l + L, and returns whether these are numbers. */
function fillScores(
  x: Float32Array,
  row: number,
  classes: number,
  noise: Logistic,
  scores: Float32Array,
): boolean {
  const at = row * classes;
  let isValid = true;
  for (let start = 0; start < classes; start += BLOCK) {
    const end = blockEnd(start, classes);
    noise.block(row, start, end - start, classes);
    const { values } = noise;
    const from = noise.at - start;
    for (let i = start; i < end; i++) {
      const s = fround(x[at + i] + values[from + i]);
      if (Number.isNaN(s)) isValid = false;
      scores[i] = s;
    }
  }
  return isValid;
}

/** 1/(1 + e^−t) with t = s/τ, on either side by e^−|t|, so that small results keep their digits. */
function sigmoid(
  scores: Float32Array,
  classes: number,
  rate: number,
  room: Float32Array,
  out: Float32Array,
  to: number,
): void {
  for (let i = 0; i < classes; i++) {
    const s = scores[i];
    room[i] = s < 0 ? s : 0 - s;
  }
  exps(room, 0, room, 0, classes, 0, rate);
  for (let i = 0; i < classes; i++) {
    const e = room[i];
    out[to + i] = (scores[i] < 0 ? e : 1) / fround(1 + e);
  }
}
