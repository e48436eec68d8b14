/**
 * The backward pass of Gumbel-Rao (Paulus, Maddison & Krause, "Rao-Blackwellizing the straight-through
 * Gumbel-Softmax gradient estimator", ICLR 2021, §4): the gradient of the soft sample, averaged over
 * replicas of the noise given the class that was drawn.
 *
 * Given that class i is the argmax, the largest perturbed logit is log Σ e^l + G_i, whatever the others
 * are, and these are Gumbel variables below it. Relative to it, the one of class i is 0, and another
 * −log(1 + e^-d), where d = (l + G) − (log Σ e^l + G_i). So class i has the largest exponential, which
 * is 1.
 *
 * Replica r has the noise of the columns from r·(classes rounded up to a multiple of 4) on. Its terms
 * y·(v − ⟨y, v⟩) are float32, and are added in float64, replica after replica.
 */

import type { Drawn } from "./gumbel.ts";
import { canonical, exps, logF64, RATE, subtractLog1p } from "./math.ts";
import { Purpose } from "./philox.ts";
import { dot, expSum, rowSum } from "./reduce.ts";
import { BLOCK, blockEnd, type Input, inspect, type Params } from "./row.ts";

const fround = Math.fround;

/** A row, and what is asked of it. */
export interface Asked {
  readonly input: Input;
  readonly classes: number;
  readonly params: Params;
  /** The class that was drawn; −1 for a row that was marked as invalid. */
  readonly index: number;
  /** The upstream gradient, which begins at `vAt`. */
  readonly v: Float32Array;
  readonly vAt: number;
  readonly replicas: number;
}

/** Room for a row, and for a block at least. */
export interface Room {
  readonly sums: Float64Array;
  readonly exponentials: Float32Array;
}

/** Writes the gradient by the logits. Returns whether the row is valid; if not, nothing is written. */
export function gumbelRao(
  asked: Asked,
  drawn: Drawn,
  room: Room,
  out: Float32Array,
  to: number,
): boolean {
  const { input, classes, params, index, v, vAt, replicas } = asked;
  if (!(index >= 0 && index < classes)) return false;
  const max = inspect(input.logits, input.at, classes);
  if (Number.isNaN(max)) return false;
  if (max === Number.POSITIVE_INFINITY) {
    // y is one-hot whatever the noise: there is no gradient but what isn't finite in the upstream.
    out.fill(0, to, to + classes);
    out[to + index] = Number.isFinite(v[vAt + index]) ? 0 : Number.NaN;
    return true;
  }
  addReplicas(asked, max, drawn, room);
  const factor = params.scale / replicas;
  for (let i = 0; i < classes; i++) out[to + i] = canonical(fround(room.sums[i] * factor));
  return true;
}

/** The sums of the terms of all replicas. */
function addReplicas(asked: Asked, max: number, drawn: Drawn, room: Room): void {
  const { input, classes, params, index, v, vAt, replicas } = asked;
  const { sums, exponentials } = room;
  const logSum = fround(
    logF64(expSum(input.logits, input.at, exponentials, 0, classes, max, RATE)),
  );
  const columns = (classes + 3) & ~3;
  // Of a short row, as many replicas as fill a block.
  const most = columns > BLOCK ? 1 : (BLOCK / columns) | 0;
  for (let i = 0; i < classes; i++) sums[i] = 0;
  for (let first = 0; first < replicas; first += most) {
    const count = first + most > replicas ? replicas - first : most;
    const start = first * columns;
    if (columns > BLOCK) drawLong(input, classes, max, logSum, index, start, params, drawn, room);
    else drawShort(input, classes, max, logSum, index, count, start, params, drawn, room);
    for (let at = 0; at < count * classes; at += classes) {
      // Whatever rounding made of it.
      exponentials[at + index] = 1;
      const sum = rowSum(exponentials, at, classes);
      const inverse = fround(1 / sum);
      const mean = fround(dot(exponentials, at, v, vAt, classes) * inverse);
      for (let i = 0; i < classes; i++) {
        const e = exponentials[at + i];
        if (e !== 0) sums[i] += fround(fround(e * inverse) * fround(v[vAt + i] - mean));
      }
    }
  }
}

const noise = /* @__PURE__ */ new Float32Array(BLOCK);

/** The d of a block, which becomes min(d, 0), and −|d|, which becomes its exponential. */
const low = /* @__PURE__ */ new Float32Array(BLOCK);
const lowBits = /* @__PURE__ */ new Int32Array(low.buffer);
const far = /* @__PURE__ */ new Float32Array(BLOCK);
const farBits = /* @__PURE__ */ new Int32Array(far.buffer);

/** Writes the exponentials of `count` replicas, relative to the largest one of each. */
function drawShort(
  { logits, at }: Input,
  classes: number,
  max: number,
  logSum: number,
  index: number,
  count: number,
  start: number,
  params: Params,
  drawn: Drawn,
  { exponentials }: Room,
): void {
  const columns = (classes + 3) & ~3;
  drawn.block(params, start, count * columns, noise, 0, Purpose.replica);
  let to = 0;
  for (let first = 0; first < count * columns; first += columns) {
    const top = fround(logSum + noise[first + index]);
    for (let i = 0; i < classes; i++) {
      low[to++] = fround(fround(logits[at + i] - max) + noise[first + i]) - top;
    }
  }
  exponentiate(to, params.rate, exponentials, 0);
}

/** The same of one replica, block by block. */
function drawLong(
  { logits, at }: Input,
  classes: number,
  max: number,
  logSum: number,
  index: number,
  start: number,
  params: Params,
  drawn: Drawn,
  { exponentials }: Room,
): void {
  drawn.block(params, start + (index & ~3), 4, noise, 0, Purpose.replica);
  const top = fround(logSum + noise[index & 3]);
  for (let block = 0; block < classes; block += BLOCK) {
    const count = blockEnd(block, classes) - block;
    drawn.block(params, start + block, count, noise, 0, Purpose.replica);
    for (let i = 0; i < count; i++) {
      low[i] = fround(fround(logits[at + block + i] - max) + noise[i]) - top;
    }
    exponentiate(count, params.rate, exponentials, block);
  }
}

/** The exponentials of −log(1 + e^-d) = min(d, 0) − log(1 + e^-|d|), over τ, of the d in `low`. */
function exponentiate(count: number, rate: number, out: Float32Array, to: number): void {
  for (let i = 0; i < count; i++) {
    // By bits: the sign of d has no pattern, and a branch would be taken wrongly half of the time.
    const d = lowBits[i];
    farBits[i] = d | 0x80000000;
    lowBits[i] = d & (d >> 31);
  }
  exps(far, 0, far, 0, count, 0, RATE);
  subtractLog1p(far, low, out, to, count);
  exps(out, to, out, to, count, 0, rate);
}
