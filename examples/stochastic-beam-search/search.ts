/**
 * Stochastic beam search (Kool, van Hoof & Welling, "Stochastic beams and where to find them", ICML 2019, algorithm 1):
 * k sentences without replacement, though only some of them are ever looked at.
 *
 * Each sentence has a score, its log-probability and Gumbel noise; the k best scores are the sample. A sentence that is
 * only begun has the best score of all that continue it, which is a Gumbel variable as well, with the log-probability
 * of its beginning. So scores are drawn from the top down: given its own, those of its continuations are drawn with
 * that maximum, and what isn't among the k best can be dropped with everything that would follow.
 */

import { gumbelGivenMax, gumbelNoise, gumbelTopK, type Rng } from "gumbel";
import { isComplete, nextLogProbs, type Sentence, WORDS } from "./sentences.ts";

/** A sentence, or how it begins, with its score. */
export interface Scored extends Sentence {
  readonly score: number;
}

/** Draws k sentences without replacement, in order of falling score. */
export function stochasticBeamSearch(k: number, rng: Rng): Scored[] {
  let beam: Scored[] = [{ words: [], logProb: 0, score: gumbelNoise(1, 1, { rng })[0] }];
  while (!beam.every(({ words }) => isComplete(words))) {
    const complete = beam.filter(({ words }) => isComplete(words));
    const begun = beam.filter(({ words }) => !isComplete(words));
    beam = best(k, [...complete, ...continuations(begun, rng)]);
  }
  return beam;
}

/** One word more, in every way that there is. */
function continuations(begun: readonly Scored[], rng: Rng): Scored[] {
  const logProbs = begun.map(({ words, logProb }) =>
    nextLogProbs(words).map((log) => logProb + log),
  );
  const scores = gumbelGivenMax(
    logProbs,
    begun.map(({ score }) => score),
    { rng },
  );
  const all = begun.flatMap(({ words }, row) =>
    WORDS.map((word, i) => ({
      words: [...words, word],
      logProb: logProbs[row][i],
      score: scores[row * WORDS.length + i],
    })),
  );
  return all.filter(({ score }) => score > -Infinity);
}

/** The k with the best scores. The noise is in the scores: at temperature 0 the largest are taken as they are. */
function best(k: number, candidates: readonly Scored[]): Scored[] {
  const scores = candidates.map(({ score }) => score);
  const { index } = gumbelTopK(scores, Math.min(k, scores.length), { temperature: 0, seed: 0 });
  return Array.from(index, (i) => candidates[i]);
}
