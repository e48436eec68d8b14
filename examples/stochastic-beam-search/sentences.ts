/** The model: sentences, word by word, each word's weights given by the word before. Small enough to count them all. */

/** What may follow a word, and with which weight; a sentence begins after "" and ends with "." */
const NEXT: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "": { she: 5, he: 4, Elizabeth: 3, Darcy: 2, nobody: 0.1 },
  she: { smiled: 3, was: 4, danced: 2 },
  he: { bowed: 3, was: 4, danced: 1 },
  Elizabeth: { smiled: 4, was: 3, danced: 3 },
  Darcy: { bowed: 5, was: 3, danced: 0.5 },
  nobody: { smiled: 1, danced: 1 },
  was: { not: 2, very: 3, proud: 2, amiable: 2 },
  not: { very: 2, proud: 3, amiable: 1 },
  very: { proud: 2, amiable: 3, rich: 1 },
  smiled: { ".": 3, again: 1 },
  bowed: { ".": 4, again: 1 },
  danced: { ".": 2, again: 1, "with Jane": 1 },
  proud: { ".": 1 },
  amiable: { ".": 1 },
  rich: { ".": 1 },
  again: { ".": 1 },
  "with Jane": { ".": 1 },
};

export const WORDS: readonly string[] = [
  ...new Set(Object.values(NEXT).flatMap((next) => Object.keys(next))),
];

/** log p of each of `WORDS` to come after the sentence so far; −∞ where it can't. */
export function nextLogProbs(words: readonly string[]): number[] {
  const weights = NEXT[words.at(-1) ?? ""];
  const sum = Object.values(weights).reduce((a, b) => a + b);
  return WORDS.map((word) => Math.log((weights[word] ?? 0) / sum));
}

export function isComplete(words: readonly string[]): boolean {
  return words.at(-1) === ".";
}

export function text(words: readonly string[]): string {
  return words.join(" ").replace(" .", ".");
}

export interface Sentence {
  readonly words: readonly string[];
  readonly logProb: number;
}

/** All sentences there are, the likeliest first. */
export function allSentences(): Sentence[] {
  const complete: Sentence[] = [];
  const grow = ({ words, logProb }: Sentence): void => {
    if (isComplete(words)) complete.push({ words, logProb });
    else {
      nextLogProbs(words).forEach((log, i) => {
        if (log > -Infinity) grow({ words: [...words, WORDS[i]], logProb: logProb + log });
      });
    }
  };
  grow({ words: [], logProb: 0 });
  return complete.sort((a, b) => b.logProb - a.logProb);
}
