/**
 * The kernels in TypeScript: bit for bit those of `crates/kernels`, for reading, for checking, and
 * for places where WebAssembly isn't to be had.
 *
 * Here and in `estimators.ts` batches are cut into rows (`rows.ts`), as `crates/wasm/src/lib.rs` does;
 * the other files know one row, and `row.ts` the records. Only words and noise of short rows are drawn for all rows whose records
 * are at hand. An output may be an input: whatever a row needs is read before anything of it is written.
 */

import type {
  Batch,
  DetailsOut,
  DrawOut,
  HalfType,
  IndexOut,
  KeptLaw,
  Kernels,
  LeaderState,
  NoisePurpose,
  Program,
  SoftOut,
  Tangent,
  TopKOut,
} from "../kernels.ts";
import { Cumulative, categorical, FirstWords } from "./categorical.ts";
import { gumbelGivenMax } from "./conditional.ts";
import { details, markDetails } from "./details.ts";
import { Drawn } from "./gumbel.ts";
import { decode } from "./half.ts";
import { JsKeptLaw } from "./kept-law.ts";
import { packMask } from "./pack-mask.ts";
import { gumbelMax, gumbelSoftmax, Noise } from "./relaxed.ts";
import { BLOCK, blockEnd, oneHot, Params, SHORT, scratchOf } from "./row.ts";
import { copyRow, each, markRow, Rows } from "./rows.ts";
import { logSoftmax, logSumExp, softmax } from "./softmax.ts";
import { gumbelMaxPart } from "./stream.ts";
import { addTangent, finishGradient, relativeScores } from "./tau.ts";
import { TokenFilter } from "./token-filter.ts";
import { gumbelTopK, Leaders } from "./top-k.ts";
import * as vjp from "./vjp.ts";
import { divide } from "./weights.ts";

/** Makes the kernels, with the table of noise and scratch of their own. */
export function createKernels(): Kernels {
  return new JsKernels();
}

/** Makes a law of so many classes to keep. */
export function createKeptLaw(classes: number): KeptLaw {
  return new JsKeptLaw(classes);
}

class JsKernels implements Kernels {
  readonly #drawn = new Drawn();
  readonly #params = new Params();
  readonly #law = new Cumulative();
  readonly #firstWords = new FirstWords();
  readonly #leaders = new Leaders();
  readonly #tokens = new TokenFilter();
  // Scratch rows, grown as needed.
  #logits = new Float32Array(BLOCK);
  #scores = new Float32Array(BLOCK);
  #tangent = new Float32Array(BLOCK);
  #edited = new Float32Array(BLOCK);

  noise(batch: Batch, out: Float32Array, purpose?: NoisePurpose): void {
    const { rows, classes } = batch;
    const params = this.#params;
    for (let row = 0; row < rows; row++) {
      params.seek(batch, row);
      if (classes <= SHORT) {
        if (params.chunk === row) this.#drawn.rows(params, classes, out, row * classes, purpose);
        continue;
      }
      for (let start = 0; start < classes; start += BLOCK) {
        const count = blockEnd(start, classes) - start;
        this.#drawn.block(params, start, count, out, row * classes + start, purpose);
      }
    }
  }

  softmax(batch: Batch, x: Float32Array, out: Float32Array): number {
    const { classes } = batch;
    const params = this.#params;
    return each(
      batch,
      (row) => {
        params.seek(batch, row);
        return softmax(x, row * classes, classes, params, out);
      },
      (row) => markRow(out, row, classes),
    );
  }

  logSoftmax(batch: Batch, x: Float32Array, out: Float32Array): number {
    const { classes } = batch;
    const params = this.#params;
    this.#reserve(classes);
    return each(
      batch,
      (row) => {
        params.seek(batch, row);
        return logSoftmax(x, row * classes, classes, params, this.#scores, out);
      },
      (row) => markRow(out, row, classes),
    );
  }

  logSumExp(batch: Batch, x: Float32Array, out: Float32Array): number {
    const { classes } = batch;
    this.#reserve(classes);
    return each(
      batch,
      (row) => {
        const value = logSumExp(x, row * classes, classes, this.#scores);
        if (Number.isNaN(value)) return false;
        out[row] = value;
        return true;
      },
      (row) => markRow(out, row, 1),
    );
  }

  gumbelMax(batch: Batch, x: Float32Array, noise: Float32Array | undefined, out: DrawOut): number {
    const { classes } = batch;
    const rows = this.#rows(batch, x, noise);
    const { input, params } = rows;
    return each(
      batch,
      (row) => {
        rows.seek(row);
        const column = gumbelMax(input, classes, params, rows.noise, this.#scores);
        if (column < 0) return false;
        writeIndex(out, row, column, classes);
        if (out.index !== undefined && out.details !== undefined) {
          details(input, classes, params, this.#law, false, out.index, 1, row, out.details);
        }
        return true;
      },
      (row) => {
        markIndex(out, row, classes);
        if (out.details !== undefined) markDetails(out.details, 1, row);
      },
    );
  }

  gumbelSoftmax(
    batch: Batch,
    x: Float32Array,
    noise: Float32Array | undefined,
    out: SoftOut,
  ): number {
    const { classes } = batch;
    const { soft } = out;
    const rows = this.#rows(batch, x, noise);
    return each(
      batch,
      (row) => {
        rows.seek(row);
        const at = row * classes;
        const { input, params } = rows;
        const column = gumbelSoftmax(input, classes, params, rows.noise, this.#scores, soft, at);
        return column >= 0 && writeIndex(out, row, column, classes);
      },
      (row) => {
        markRow(soft, row, classes);
        markIndex(out, row, classes);
      },
    );
  }

  categorical(
    batch: Batch,
    x: Float32Array,
    draws: number,
    out: Int32Array,
    more?: DetailsOut,
  ): number {
    const { classes } = batch;
    const rows = this.#rows(batch, x, undefined);
    const { input, params } = rows;
    const law = this.#law;
    const first = this.#firstWords;
    first.start();
    return each(
      batch,
      (row) => {
        rows.seek(row);
        const [keepsLaw, to] = [more !== undefined, row * draws];
        if (!categorical(input, classes, params, law, first, keepsLaw, draws, out, to))
          return false;
        if (more !== undefined) details(input, classes, params, law, true, out, draws, row, more);
        return true;
      },
      (row) => {
        out.fill(-1, row * draws, (row + 1) * draws);
        if (more !== undefined) markDetails(more, draws, row);
      },
    );
  }

  decode(halves: Uint16Array, type: HalfType, out: Float32Array): void {
    decode(halves, type, out);
  }

  packMask(mask: Uint8Array, classes: number, bits: Int32Array): void {
    packMask(mask, classes, bits);
  }

  filterTokens(batch: Batch, x: Float32Array, program: Program, out: Float32Array): number {
    const { classes } = batch;
    const rows = this.#rows(batch, x, undefined);
    return each(
      batch,
      (row) => {
        if (!this.#filter(rows, program, row)) return false;
        for (let i = 0; i < classes; i++) out[row * classes + i] = this.#edited[i];
        return true;
      },
      (row) => markRow(out, row, classes),
    );
  }

  sampleTokens(batch: Batch, x: Float32Array, program: Program, out: Int32Array): number {
    const { classes } = batch;
    const rows = this.#rows(batch, x, undefined);
    const { input, params } = rows;
    const first = this.#firstWords;
    first.start();
    return each(
      batch,
      (row) =>
        this.#filter(rows, program, row) &&
        categorical(input, classes, params, this.#law, first, false, 1, out, row),
      (row) => {
        out[row] = -1;
      },
    );
  }

  /** Filters a copy of a row. */
  #filter(rows: Rows, program: Program, row: number): boolean {
    rows.seek(row);
    rows.own();
    return this.#tokens.run(this.#edited, rows.batch.classes, rows.params, program, row);
  }

  softmaxBackward(batch: Batch, y: Float32Array, v: Float32Array, out: Float32Array): void {
    const { rows, classes } = batch;
    const params = this.#params;
    for (let row = 0; row < rows; row++) {
      params.seek(batch, row);
      const at = row * classes;
      vjp.softmaxBackward(y, v, at, params.scale, out, at, classes);
    }
  }

  gumbelSoftmaxVjp(
    batch: Batch,
    x: Float32Array,
    noise: Float32Array | undefined,
    y: Float32Array,
    v: Float32Array,
    out: Float32Array,
    byTau: Float32Array | undefined,
  ): void {
    const { classes } = batch;
    const rows = this.#rows(batch, x, noise);
    const { params } = rows;
    const relative = this.#scores;
    for (let row = 0; row < batch.rows; row++) {
      const at = row * classes;
      let valid = !vjp.isMarked(y, at);
      let tau = Number.NaN;
      if (byTau === undefined || !valid) {
        params.seek(batch, row);
        vjp.softmaxBackward(y, v, at, params.scale, out, at, classes);
      } else {
        rows.seek(row);
        valid = relativeScores(rows.input, classes, params, rows.noise, relative);
        vjp.softmaxBackward(y, v, at, 1, out, at, classes);
        // A row that was made invalid since the sample was drawn has no gradient.
        if (valid) tau = finishGradient(out, at, classes, relative, params);
        else out.fill(Number.NaN, at, at + classes);
      }
      if (batch.weights && valid) divide(out, at, x, at, classes);
      if (byTau !== undefined) byTau[row] = tau;
    }
  }

  gumbelSoftmaxJvp(
    batch: Batch,
    x: Float32Array,
    noise: Float32Array | undefined,
    y: Float32Array,
    tangent: Tangent,
    out: Float32Array,
  ): void {
    const { classes } = batch;
    const rows = this.#rows(batch, x, noise);
    const { params } = rows;
    const relative = this.#scores;
    const sum = this.#tangent;
    for (let row = 0; row < batch.rows; row++) {
      const at = row * classes;
      params.seek(batch, row);
      if (tangent.input === undefined) sum.fill(0, 0, classes);
      else copyRow(tangent.input, at, sum, classes);
      if (tangent.input !== undefined && batch.weights) divide(sum, 0, x, at, classes);
      if (tangent.tau !== undefined && !vjp.isMarked(y, at)) {
        rows.seek(row);
        if (relativeScores(rows.input, classes, params, rows.noise, relative)) {
          addTangent(sum, classes, relative, tangent.tau[row]);
        } else {
          sum.fill(Number.NaN, 0, classes);
        }
      }
      vjp.softmaxBackward(y, sum, 0, params.scale, out, at, classes);
    }
  }

  logSoftmaxVjp(batch: Batch, value: Float32Array, v: Float32Array, out: Float32Array): void {
    const { rows, classes } = batch;
    for (let row = 0; row < rows; row++) {
      vjp.logSoftmaxVjp(value, v, out, row * classes, classes);
    }
  }

  logSoftmaxJvp(batch: Batch, value: Float32Array, tangent: Float32Array, out: Float32Array): void {
    const { rows, classes } = batch;
    this.#reserve(classes);
    for (let row = 0; row < rows; row++) {
      vjp.logSoftmaxJvp(value, tangent, this.#scores, out, row * classes, classes);
    }
  }

  logSumExpVjp(batch: Batch, x: Float32Array, v: Float32Array, out: Float32Array): void {
    const { rows, classes } = batch;
    for (let row = 0; row < rows; row++) {
      const valid = vjp.logSumExpVjp(x, v[row], out, row * classes, classes);
      if (!valid) markRow(out, row, classes);
    }
  }

  logSumExpJvp(batch: Batch, x: Float32Array, tangent: Float32Array, out: Float32Array): void {
    const { rows, classes } = batch;
    this.#reserve(classes);
    for (let row = 0; row < rows; row++) {
      out[row] = vjp.logSumExpJvp(x, tangent, row * classes, classes, this.#scores);
    }
  }

  gumbelTopK(
    batch: Batch,
    x: Float32Array,
    noise: Float32Array | undefined,
    k: number,
    { index, score, logProb }: TopKOut,
  ): number {
    const { classes } = batch;
    const rows = this.#rows(batch, x, noise);
    const { input, params } = rows;
    const [leaders, room] = [this.#leaders, this.#scores];
    return each(
      batch,
      (row) => {
        rows.seek(row);
        const to = row * k;
        return gumbelTopK(
          input,
          classes,
          params,
          rows.noise,
          leaders,
          k,
          room,
          index,
          score,
          logProb,
          to,
        );
      },
      (row) => {
        index.fill(-1, row * k, (row + 1) * k);
        markRow(score, row, k);
        markRow(logProb, row, k);
      },
    );
  }

  gumbelGivenMax(
    batch: Batch,
    x: Float32Array,
    noise: Float32Array | undefined,
    max: Float32Array,
    out: Float32Array,
  ): number {
    const { classes } = batch;
    const rows = this.#rows(batch, x, noise);
    const room = this.#scores;
    return each(
      batch,
      (row) => {
        rows.seek(row);
        const { input, params } = rows;
        const to = row * classes;
        return gumbelGivenMax(input, classes, params, max[row], rows.noise, room, out, to);
      },
      (row) => markRow(out, row, classes),
    );
  }

  gumbelMaxPart(
    batch: Batch,
    x: Float32Array,
    max: number,
    { leader, index }: LeaderState,
  ): number {
    const { classes } = batch;
    const params = this.#params;
    return each(
      batch,
      (row) => {
        params.seek(batch, row);
        const at = row * classes;
        const column = gumbelMaxPart(x, at, classes, params, max, this.#drawn, leader, 2 * row);
        if (column < -1) return false;
        index[row] = column;
        return true;
      },
      (row) => {
        markRow(leader, row, 2);
        index[row] = -1;
      },
    );
  }

  #rows(batch: Batch, x: Float32Array, noise: Float32Array | undefined): Rows {
    this.#reserve(batch.classes);
    return new Rows(
      batch,
      x,
      this.#logits,
      this.#edited,
      this.#params,
      new Noise(this.#drawn, noise, this.#params),
    );
  }

  /** Has scratch for rows of so many classes. */
  #reserve(classes: number): void {
    if (classes <= this.#scores.length) return;
    this.#logits = scratchOf(Float32Array, classes);
    this.#scores = scratchOf(Float32Array, classes);
    this.#tangent = scratchOf(Float32Array, classes);
    this.#edited = scratchOf(Float32Array, classes);
  }
}

function writeIndex(out: IndexOut, row: number, column: number, classes: number): true {
  if (out.sample !== undefined) oneHot(column, out.sample, row * classes, classes);
  if (out.index !== undefined) out.index[row] = column;
  return true;
}

function markIndex(out: IndexOut, row: number, classes: number): void {
  if (out.sample !== undefined) markRow(out.sample, row, classes);
  if (out.index !== undefined) out.index[row] = -1;
}
