/**
 * Gumbel-Max of a row that comes in pieces, with a state of two numbers.
 *
 * Where the largest logit is known from the start, scores are those of the whole row. Where it
 * isn't, each column is compared with the leader itself, (l − l_leader)/T + (G − G_leader) > 0 in
 * float64: nothing is relative to a maximum that later columns may change, and large logits don't
 * eat the noise.
 */

import type { Drawn } from "./gumbel.ts";
import { argmax, blockEnd, inspect, type Params } from "./row.ts";
import { isEmptyLaw } from "./softmax.ts";

const fround = Math.fround;

/** What {@link gumbelMaxPart} returns where an earlier column still leads, and for an invalid row. */
const EARLIER = -1;
const INVALID = -2;

/**
 * Takes the logits of the columns from `params.first` on. Returns which of them leads now, −1 where
 * an earlier one does, −2 where the row is invalid. `max` is NaN, or the row's largest logit. The
 * state is the two values of `leader` from `stateAt` on: see `LeaderState`.
 */
export function gumbelMaxPart(
  logits: Float32Array,
  at: number,
  classes: number,
  params: Params,
  max: number,
  drawn: Drawn,
  leader: Float32Array,
  stateAt: number,
): number {
  // + 0 turns −0 into 0: which of them is the largest depends on the order of the comparisons.
  const largest = inspect(logits, at, classes) + 0;
  if (Number.isNaN(largest)) return isEmptyLaw(logits, at, classes) ? EARLIER : INVALID;
  if (max < largest) return INVALID;
  const logit = leader[stateAt];
  if (largest === Number.POSITIVE_INFINITY || params.scale === Number.POSITIVE_INFINITY) {
    if (largest <= logit) return largest < Number.POSITIVE_INFINITY ? EARLIER : INVALID;
    leader[stateAt] = largest;
    return argmax(logits, at, classes);
  }
  if (logit === Number.POSITIVE_INFINITY) return EARLIER;
  if (!Number.isNaN(max)) {
    if (logit < largest) leader[stateAt] = largest;
    return best(logits, at, classes, params, max, drawn, leader, stateAt + 1);
  }
  // With noise of −∞ a leader at the largest logit is behind every possible class.
  if (logit === Number.NEGATIVE_INFINITY) leader[stateAt] = largest;
  return duel(logits, at, classes, params, drawn, leader, stateAt);
}

/** The column whose score is above `value[valueAt]` and all others, if there is one. */
function best(
  logits: Float32Array,
  at: number,
  classes: number,
  params: Params,
  max: number,
  drawn: Drawn,
  value: Float32Array,
  valueAt: number,
): number {
  const { scale } = params;
  const noise = drawn.room;
  let score = value[valueAt];
  let column = EARLIER;
  for (let start = 0; start < classes; start = nextBlock(start, params, classes)) {
    const end = nextBlock(start, params, classes);
    const shift = drawFrom(start, end, params, drawn);
    for (let i = start; i < end; i++) {
      const s = fround(fround(fround(logits[at + i] - max) * scale) + noise[i + shift]);
      if (score < s) {
        score = s;
        column = i;
      }
    }
  }
  value[valueAt] = score;
  return column;
}

/** The column that is ahead of the leader and all others, if there is one. */
function duel(
  logits: Float32Array,
  at: number,
  classes: number,
  params: Params,
  drawn: Drawn,
  leader: Float32Array,
  stateAt: number,
): number {
  const { scale } = params;
  const noise = drawn.room;
  let logit = leader[stateAt];
  let value = leader[stateAt + 1];
  let column = EARLIER;
  for (let start = 0; start < classes; start = nextBlock(start, params, classes)) {
    const end = nextBlock(start, params, classes);
    const shift = drawFrom(start, end, params, drawn);
    for (let i = start; i < end; i++) {
      const [l, g] = [logits[at + i], noise[i + shift]];
      if ((l - logit) * scale + (g - value) > 0) {
        logit = l;
        value = g;
        column = i;
      }
    }
  }
  leader[stateAt] = logit;
  leader[stateAt + 1] = value;
  return column;
}

/** Where the columns end that are drawn with column `start`, each counted from the first. */
function nextBlock(start: number, { first }: Params, classes: number): number {
  // Words come in fours: the first ones may belong to columns before these.
  return blockEnd(start - ((first + start) % 4), classes);
}

/** Draws the noise of a block's columns; that of column i is then at i and what this returns. */
function drawFrom(start: number, end: number, params: Params, drawn: Drawn): number {
  const column = params.first + start;
  const skip = column % 4;
  drawn.block(params, column - skip, skip + end - start, drawn.room, 0);
  return skip - start;
}
