/** The example's modules: what stochastic beam search draws, against all sentences there are. */

import { Rng } from "gumbel";
import { describe, expect, test } from "vitest";
import {
  amongThree,
  checkThree,
  estimateMean,
  spreadOf,
} from "../examples/stochastic-beam-search/check.ts";
import { stochasticBeamSearch } from "../examples/stochastic-beam-search/search.ts";
import { allSentences, text } from "../examples/stochastic-beam-search/sentences.ts";
import { chiSquareRatio, ksRatio } from "./support/api-stats.ts";

const sentences = allSentences();
const probabilities = sentences.map(({ logProb }) => Math.exp(logProb));

test("the sentences are all there are", () => {
  expect(new Set(sentences.map(({ words }) => text(words))).size).toBe(sentences.length);
  expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
});

describe("stochastic beam search", () => {
  test("draws different sentences with their log-probabilities, in order of falling score", () => {
    const exact = new Map(sentences.map(({ words, logProb }) => [text(words), logProb]));
    for (const k of [1, 2, 7, sentences.length]) {
      const beam = stochasticBeamSearch(k, new Rng(k));
      expect(new Set(beam.map(({ words }) => text(words))).size).toBe(k);
      beam.forEach(({ words, logProb, score }, i) => {
        expect(logProb).toBeCloseTo(exact.get(text(words)) as number, 12);
        if (i > 0) expect(score).toBeLessThanOrEqual(beam[i - 1].score);
      });
    }
  });

  test("for the same seed the same, for another another", () => {
    const draw = (seed: number) => stochasticBeamSearch(5, new Rng(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(2)).not.toEqual(draw(1));
  });

  test("first and among three: n = 10,000, within 5 standard errors of the exact shares (130 of them: 10^-4)", () => {
    const { shares, deviation } = checkThree(10_000, new Rng(3));
    expect(deviation).toBeLessThan(5);
    // The likely ones first, the others together: chi-square, 9 degrees, 33.72.
    const [likely, rest] = [shares.slice(0, 9), shares.slice(9)];
    const total = (part: "exact" | "drawn") =>
      rest.reduce((sum, share) => sum + share[part].first, 0);
    const counts = [...likely.map(({ drawn }) => drawn.first), total("drawn")].map(
      (x) => 10_000 * x,
    );
    const law = [...likely.map(({ exact }) => exact.first), total("exact")];
    expect(chiSquareRatio(counts, law)).toBeLessThan(1);
  });

  test("the best score is a standard Gumbel variable: n = 10,000, sqrt(n)·D < 2.2253 (10^-4)", () => {
    const rng = new Rng(4);
    const best = Float64Array.from({ length: 10_000 }, () => stochasticBeamSearch(1, rng)[0].score);
    expect(ksRatio(best.map((g) => Math.exp(-Math.exp(-g))))).toBeLessThan(1);
  });
});

test("the probability to be among three sums to three, and is the first draw's for a certain one", () => {
  expect(amongThree(probabilities).reduce((a, b) => a + b)).toBeCloseTo(3, 10);
  expect(amongThree([0.5, 0.3, 0.2])).toEqual([1, 1, 1].map((p) => expect.closeTo(p, 12)));
});

test("the estimate of a mean is near it, the more so the larger the sample", () => {
  const length = ({ words }: { words: readonly string[] }) => words.length;
  const exact = sentences.reduce((sum, s, i) => sum + probabilities[i] * length(s), 0);
  const rng = new Rng(5);
  const [few, many] = [8, 40].map((k) =>
    spreadOf(
      Array.from({ length: 500 }, () => estimateMean(stochasticBeamSearch(k + 1, rng), length)),
    ),
  );
  expect(Math.abs(few.mean - exact)).toBeLessThan(0.1);
  expect(Math.abs(many.mean - exact)).toBeLessThan(0.02);
  expect(many.deviation).toBeLessThan(few.deviation / 3);
});
