/** What samples without replacement must be like, by enumeration, and what they turn out to be. */

import type { Rng } from "gumbel";
import { type Scored, stochasticBeamSearch } from "./search.ts";
import { allSentences, type Sentence, text } from "./sentences.ts";

export interface Shares {
  readonly sentence: Sentence;
  /** Of samples in which it comes first: its probability; and in which it is among the k. */
  readonly exact: { readonly first: number; readonly among: number };
  readonly drawn: { readonly first: number; readonly among: number };
}

export interface Check {
  readonly shares: readonly Shares[];
  /** How far the shares are from the exact ones, in standard errors, at most. */
  readonly deviation: number;
}

/** How often each sentence comes first, and among three, in so many samples. */
export function checkThree(samples: number, rng: Rng): Check {
  const sentences = allSentences();
  const among = amongThree(sentences.map(({ logProb }) => Math.exp(logProb)));
  const place = new Map(sentences.map(({ words }, i) => [text(words), i]));
  const [firsts, alls] = [sentences.map(() => 0), sentences.map(() => 0)];
  for (let sample = 0; sample < samples; sample++) {
    for (const [rank, { words }] of stochasticBeamSearch(3, rng).entries()) {
      const i = place.get(text(words)) as number;
      alls[i]++;
      if (rank === 0) firsts[i]++;
    }
  }
  const shares = sentences.map((sentence, i) => ({
    sentence,
    exact: { first: Math.exp(sentence.logProb), among: among[i] },
    drawn: { first: firsts[i] / samples, among: alls[i] / samples },
  }));
  const off = (p: number, share: number) =>
    Math.abs(share - p) / Math.sqrt((p * (1 - p)) / samples);
  // With fewer than ten expected a standard error says little.
  const deviations = shares.flatMap(({ exact, drawn }) => [
    exact.first * samples < 10 ? 0 : off(exact.first, drawn.first),
    exact.among * samples < 10 ? 0 : off(exact.among, drawn.among),
  ]);
  return { shares, deviation: Math.max(...deviations) };
}

/** The probability of each to be among three drawn without replacement: a sum over all orders. */
export function amongThree(p: readonly number[]): number[] {
  const among = p.map(() => 0);
  for (let a = 0; a < p.length; a++) {
    for (let b = 0; b < p.length; b++) {
      if (b === a) continue;
      const two = (p[a] * p[b]) / (1 - p[a]);
      for (let c = 0; c < p.length; c++) {
        if (c === a || c === b) continue;
        const three = (two * p[c]) / (1 - p[a] - p[b]);
        among[a] += three;
        among[b] += three;
        among[c] += three;
      }
    }
  }
  return among;
}

/**
 * The mean of `value` over all sentences, estimated from a sample without replacement (Kool et al. 2019, §4.2): of
 * k + 1 sentences the last gives a threshold, and each of the others weighs its probability over that of passing it.
 */
export function estimateMean(sample: readonly Scored[], value: (s: Sentence) => number): number {
  const threshold = sample[sample.length - 1].score;
  let [sum, total] = [0, 0];
  for (const sentence of sample.slice(0, -1)) {
    const passes = -Math.expm1(-Math.exp(sentence.logProb - threshold));
    const weight = Math.exp(sentence.logProb) / passes;
    sum += weight * value(sentence);
    total += weight;
  }
  return sum / total;
}

export interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1);
  return { mean, deviation: Math.sqrt(variance) };
}
