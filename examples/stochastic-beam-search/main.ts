/** `npm run beam`: sentences drawn without replacement, and checked against all there are. */

import { categorical, Rng } from "gumbel";
import { bar, fixed, grouped, wrap } from "../demo/pictures.ts";
import { heading, paintFor, WIDTH } from "../demo/terminal.ts";
import { checkThree, estimateMean, spreadOf } from "./check.ts";
import { stochasticBeamSearch } from "./search.ts";
import { allSentences, type Sentence, text } from "./sentences.ts";

const SAMPLES = 20_000;
const SHOWN = 8;
const BEAM = 10;

const paint = paintFor(process.stdout, process.env);
const print = (line = "") => process.stdout.write(`${line}\n`);
const say = (words: string) => wrap(words, WIDTH).forEach(print);
const percent = (share: number) => `${fixed(100 * share, 2).padStart(6)} %`;

const rng = new Rng(1);
const sentences = allSentences();

print(heading("1. Ten sentences, no two the same", paint));
say(
  `The model knows ${sentences.length} sentences. Stochastic beam search draws ten of them without replacement and ` +
    "looks only at the ten best beginnings of each length. Scores are log-probabilities with Gumbel noise:",
);
print();
for (const { words, logProb, score } of stochasticBeamSearch(BEAM, rng)) {
  print(
    `  ${text(words).padEnd(34)} p = ${percent(Math.exp(logProb))}   score ${fixed(score, 3).padStart(7)}`,
  );
}

print();
print(heading("2. Drawn three at a time, beside all orders that there are", paint));
const { shares, deviation } = checkThree(SAMPLES, rng);
say(
  `${grouped(SAMPLES)} samples of three; the exact shares are sums over all ordered triples. Off by at most ` +
    `${fixed(deviation, 1)} standard errors in ${2 * sentences.length} shares (chance: seldom above 4).`,
);
print();
print(`  ${"".padEnd(30)}   first     exact   ${"among the three".padEnd(20)}     exact`);
for (const { sentence, exact, drawn } of shares.slice(0, SHOWN)) {
  const name = text(sentence.words).padEnd(30);
  const picture = paint.picture(bar(drawn.among, 16));
  print(
    `  ${name}${percent(drawn.first)} ${percent(exact.first)}   ${picture} ${percent(drawn.among)} ${percent(exact.among)}`,
  );
}

print();
print(heading("3. What a sample without replacement is good for", paint));
const length = ({ words }: Sentence) => words.length - 1;
const weights = sentences.map(({ logProb }) => Math.exp(logProb));
const exact = sentences.reduce((sum, s, i) => sum + weights[i] * length(s), 0);
const without = spreadOf(
  Array.from({ length: 2000 }, () => estimateMean(stochasticBeamSearch(BEAM + 1, rng), length)),
);
const drawn = categorical(weights, { from: "weights", draws: 2000 * BEAM, rng });
const withReplacement = spreadOf(
  Array.from({ length: 2000 }, (_, i) => {
    const ten = drawn.subarray(i * BEAM, (i + 1) * BEAM);
    return ten.reduce((sum, index) => sum + length(sentences[index]), 0) / BEAM;
  }),
);
say(
  `The mean length of a sentence is ${fixed(exact, 4)} words. 2,000 estimates from ten sentences each, drawn without ` +
    "replacement and weighted by how likely each was to be drawn, and drawn independently:",
);
print();
for (const [name, { mean, deviation }] of [
  ["without replacement", without],
  ["independent draws", withReplacement],
] as const) {
  const error = deviation / Math.sqrt(2000);
  print(
    `  ${name.padEnd(22)} mean ${fixed(mean, 4)} ± ${fixed(error, 4)}   one estimate is off by ${fixed(deviation, 3)}`,
  );
}
