/** Whether samplers draw from the same law: a comparison of speeds means nothing where they don't. */

import { softmax } from "gumbel";

/** Writes soft samples of many equal rows to `out`. */
export type SoftSampler = (out: Float32Array) => void;

export interface Agreement {
  /**
   * How far the winners are from softmax(logits): chi-square for each degree of freedom, 1 on average where the law is
   * right, with a standard deviation of √(2 / (classes − 1)).
   */
  readonly chiSquare: number;
  /** The mean of a row's largest share, which says how soft the samples are, and its standard error. */
  readonly largestShare: number;
  readonly error: number;
}

/** Holds the samples of `calls` calls against the law that the logits of every row give. */
export function agreement(
  sample: SoftSampler,
  logits: Float32Array,
  { rows, calls }: { rows: number; calls: number },
): Agreement {
  const classes = logits.length;
  const wins = new Float64Array(classes);
  const out = new Float32Array(rows * classes);
  let shares = 0;
  let squares = 0;
  for (let call = 0; call < calls; call++) {
    sample(out);
    for (let start = 0; start < out.length; start += classes) {
      const winner = argmax(out, start, start + classes);
      wins[winner - start]++;
      shares += out[winner];
      squares += out[winner] ** 2;
    }
  }
  const draws = calls * rows;
  const expected = Float64Array.from(softmax(logits), (p) => p * draws);
  const chiSquare = wins.reduce((sum, won, i) => sum + (won - expected[i]) ** 2 / expected[i], 0);
  const largestShare = shares / draws;
  const error = Math.sqrt((squares / draws - largestShare ** 2) / draws);
  return { chiSquare: chiSquare / (classes - 1), largestShare, error };
}

/** Whether two samplers keep to the same law: both measures within five standard deviations (of 1,000 classes). */
export function agree(a: Agreement, b: Agreement): boolean {
  const lawful = [a, b].every(({ chiSquare }) => Math.abs(chiSquare - 1) < 0.25);
  return lawful && Math.abs(a.largestShare - b.largestShare) < 5 * Math.hypot(a.error, b.error);
}

function argmax(values: Float32Array, start: number, end: number): number {
  let winner = start;
  for (let i = start + 1; i < end; i++) if (values[i] > values[winner]) winner = i;
  return winner;
}
