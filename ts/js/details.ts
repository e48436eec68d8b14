/**
 * What is known of a draw besides its class, in nats, under the law softmax(l/T) that it was made from:
 * log Z = log Σ exp(l/T), the entropy −Σ p·log p, and log-probabilities.
 *
 * With z = (l − max l)/T ≤ 0 and S = Σ exp z: log Z = max l/T + log S, log p = z − log S, and the
 * entropy is log S − Σ exp(z)·z/S, whose terms don't cancel.
 */

import type { DetailsOut } from "../kernels.ts";
import type { Cumulative } from "./categorical.ts";
import { logF64 } from "./math.ts";
import { sumTimesZ } from "./reduce.ts";
import { argmax, type Input, inspect, isFixed, type Params } from "./row.ts";

/**
 * Writes the details of a row, which is a law, and of the draws that `drawn` has of it. `isKept` says whether `law` is
 * the row's already; else it is worked out.
 */
export function details(
  input: Input,
  classes: number,
  params: Params,
  law: Cumulative,
  isKept: boolean,
  drawn: Int32Array,
  draws: number,
  row: number,
  out: DetailsOut,
): void {
  const { logits, at } = input;
  const { logProb, logZ, entropy } = out;
  const [from, to] = [row * draws, (row + 1) * draws];
  const max = inspect(logits, at, classes);
  if (isFixed(max, params)) {
    // At a temperature of 0 log Z is what max l/T tends to.
    const logit = logits[at + argmax(input.given, input.givenAt, classes)];
    logZ[row] = logit === 0 ? 0 : logit * Number.POSITIVE_INFINITY;
    entropy[row] = 0;
    logProb.fill(0, from, to);
    return;
  }
  const { scale, rate } = params;
  if (!isKept) law.set(logits, at, classes, max, rate);
  const { weights, total } = law;
  const zSum = sumTimesZ(weights, logits, at, classes, max, scale);
  const logSum = logF64(total);
  logZ[row] = max * scale + logSum;
  entropy[row] = logSum - zSum / total;
  for (let i = from; i < to; i++) logProb[i] = (logits[at + drawn[i]] - max) * scale - logSum;
}

/** Marks those of a row that is no law. */
export function markDetails(
  { logProb, logZ, entropy }: DetailsOut,
  draws: number,
  row: number,
): void {
  logProb.fill(Number.NaN, row * draws, (row + 1) * draws);
  logZ[row] = Number.NaN;
  entropy[row] = Number.NaN;
}
