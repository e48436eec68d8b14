/** What came out, beside what was promised. */

import type { Entry } from "./entries.ts";
import type { Measured } from "./measure.ts";
import { CRITICAL, type Distance, distance, hotelling, type Moments } from "./moments.ts";
import { type Loss, QUADRATIC } from "./problem.ts";

export interface Finding {
  readonly entry: Entry;
  /** From the mean of the gradients to the gradient of the mean. */
  readonly bias: Distance;
  readonly variance: number;
  readonly microseconds: number;
  /** What the promise comes to here, with its figures; undefined where nothing is promised. */
  readonly verdict: Verdict | undefined;
}

export interface Verdict {
  readonly kept: boolean;
  readonly says: string;
}

export function findings(
  measured: readonly Measured[],
  loss: Loss,
  exact: readonly number[],
): Finding[] {
  return measured.map((one) => {
    return {
      entry: one.entry,
      bias: distance(one.moments, exact),
      variance: one.moments.variance,
      microseconds: one.microseconds,
      verdict: judge(one, exact, loss, measured),
    };
  });
}

function judge(
  { entry, moments }: Measured,
  exact: readonly number[],
  loss: Loss,
  all: readonly Measured[],
): Verdict | undefined {
  switch (entry.promise) {
    case "none":
      return undefined;
    case "unbiased if quadratic":
      return loss === QUADRATIC ? unbiased(moments, exact) : undefined;
    case "unbiased":
      return unbiased(moments, exact);
    case "as ST Gumbel, less variance": {
      const plain = all.find(
        (other) => other.entry.family === "ST Gumbel" && other.entry.tau === entry.tau,
      );
      if (plain === undefined) throw new Error(`no ST Gumbel at τ = ${entry.tau}`);
      const t2 = hotelling(moments, plain.moments);
      const part = moments.variance / plain.moments.variance;
      return {
        kept: t2 < CRITICAL && part < 1,
        says: `mean of ST Gumbel: T² = ${t2.toFixed(1)}; ${(100 * part).toPrecision(3)} % of its variance`,
      };
    }
  }
}

function unbiased(moments: Moments, exact: readonly number[]): Verdict {
  const t2 = hotelling(moments, exact);
  return { kept: t2 < CRITICAL, says: `unbiased: T² = ${t2.toFixed(1)}` };
}
