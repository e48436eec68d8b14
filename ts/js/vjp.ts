/**
 * Backward and forward products of one row.
 *
 * The Jacobian of the softmax is symmetric, J v = y ⊙ (v − ⟨y, v⟩), so one kernel serves both
 * directions. Where y = 0 the result is exactly 0 whatever `v` holds there. NaN that come in by `v`
 * go out as the one NaN. `out` may be any of the inputs.
 */

import { canonical, exps, RATE } from "./math.ts";
import { dot, expSum, sumOfPossible } from "./reduce.ts";
import { BLOCK, blockEnd, inspect } from "./row.ts";
import { isEmptyLaw, softmaxFrom } from "./softmax.ts";

const fround = Math.fround;

/** `out = scale · y ⊙ (v − ⟨y, v⟩)`; `y` and `out` begin at `at`. */
export function softmaxBackward(
  y: Float32Array,
  v: Float32Array,
  vAt: number,
  scale: number,
  out: Float32Array,
  at: number,
  classes: number,
): void {
  if (isMarked(y, at)) {
    out.fill(Number.NaN, at, at + classes);
    return;
  }
  const mean = dot(y, at, v, vAt, classes);
  const shift = vAt - at;
  for (let i = at; i < at + classes; i++) {
    const p = y[i];
    out[i] = p === 0 ? 0 : fround(fround(p * fround(v[i + shift] - mean)) * scale);
  }
  if (!Number.isFinite(mean)) fixNaNs(out, at, classes);
}

/** Whether a row was marked as invalid: its sample is NaN throughout. */
export function isMarked(y: Float32Array, at: number): boolean {
  return Number.isNaN(y[at]);
}

/** The one NaN for any other. */
export function fixNaNs(x: Float32Array, at: number, classes: number): void {
  for (let i = at; i < at + classes; i++) x[i] = canonical(x[i]);
}

/** Gradient of log-softmax from its value: `v − y·Σv` over the possible classes, 0 in the others. */
export function logSoftmaxVjp(
  value: Float32Array,
  v: Float32Array,
  out: Float32Array,
  at: number,
  classes: number,
): void {
  if (isMarked(value, at)) {
    out.fill(Number.NaN, at, at + classes);
    return;
  }
  const sum = sumOfPossible(value, v, at, classes);
  for (let start = at; start < at + classes; start += BLOCK) {
    const end = blockEnd(start, at + classes);
    probabilities(value, start, block, end - start);
    for (let i = start; i < end; i++) {
      const isPossible = value[i] !== Number.NEGATIVE_INFINITY;
      out[i] = isPossible ? canonical(fround(v[i] - fround(block[i - start] * sum))) : 0;
    }
  }
}

const block = /* @__PURE__ */ new Float32Array(BLOCK);

/** y of log-softmax values, 0 where one is −∞. */
function probabilities(value: Float32Array, at: number, out: Float32Array, count: number): void {
  exps(value, at, out, 0, count, 0, RATE);
}

/**
 * Tangent of log-softmax from its value: `t − ⟨y, t⟩`, 0 for the impossible classes. `room` takes y.
 */
export function logSoftmaxJvp(
  value: Float32Array,
  t: Float32Array,
  room: Float32Array,
  out: Float32Array,
  at: number,
  classes: number,
): void {
  if (isMarked(value, at)) {
    out.fill(Number.NaN, at, at + classes);
    return;
  }
  probabilities(value, at, room, classes);
  const mean = dot(room, 0, t, at, classes);
  for (let i = at; i < at + classes; i++) {
    out[i] = value[i] === Number.NEGATIVE_INFINITY ? 0 : canonical(fround(t[i] - mean));
  }
}

/**
 * Gradient of log-sum-exp: `v·y`. 0 for a row of nothing but −∞, and for one with a +∞. Returns
 * whether the row is valid; if not, nothing is written.
 */
export function logSumExpVjp(
  x: Float32Array,
  v: number,
  out: Float32Array,
  at: number,
  classes: number,
): boolean {
  const max = inspect(x, at, classes);
  if (Number.isNaN(max) && !isEmptyLaw(x, at, classes)) return false;
  if (!Number.isFinite(max)) {
    out.fill(0, at, at + classes);
    return true;
  }
  const sum = expSum(x, at, out, at, classes, max, RATE);
  const inverse = fround(1 / sum);
  for (let i = at; i < at + classes; i++) {
    const e = out[i];
    out[i] = e === 0 ? 0 : canonical(fround(fround(e * inverse) * v));
  }
  return true;
}

/** Tangent of log-sum-exp: ⟨y, t⟩, with `room` for y. 0 where the gradient is; NaN if invalid. */
export function logSumExpJvp(
  x: Float32Array,
  t: Float32Array,
  at: number,
  classes: number,
  room: Float32Array,
): number {
  const max = inspect(x, at, classes);
  if (Number.isNaN(max) && !isEmptyLaw(x, at, classes)) return Number.NaN;
  if (!Number.isFinite(max)) return 0;
  softmaxFrom(x, at, classes, max, RATE, room, 0);
  return canonical(dot(room, 0, t, at, classes));
}
