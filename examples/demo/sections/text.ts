/** 1: text, drawn by Gumbel-Max from counts. */

import { gumbelMax, type Rng } from "gumbel";
import type { Novel } from "../novel.ts";
import { bar, fixed, grouped, wrap } from "../pictures.ts";
import { WIDTH } from "../terminal.ts";
import type { Section } from "./section.ts";

const OPENING =
  "It is a truth universally acknowledged, that a single man in possession of a good fortune, must be ";
const LENGTH = 300;
const TEMPERATURES = [
  { temperature: 0.3, effect: "plays safe, and goes round in circles" },
  { temperature: 1, effect: "the weights as they are" },
  { temperature: 1.7, effect: "late at the ball, when anything goes" },
] as const;

const EXAMPLE = "Mr. ";
const SHOWN = 5;
const BAR = 60;

/** Draws `length` characters to follow the opening, each from the weights that those before it give. */
export function continueText(
  novel: Novel,
  opening: string,
  options: { length: number; temperature: number; rng: Rng },
): string {
  const { length, temperature, rng } = options;
  let text = opening;
  while (text.length < opening.length + length) {
    const [next] = gumbelMax(novel.nextWeights(text), { from: "weights", temperature, rng });
    text += novel.alphabet[next];
  }
  return text.slice(opening.length);
}

/** The likeliest next characters and their shares of all the weight. */
export function likeliest(novel: Novel, context: string): { character: string; share: number }[] {
  const weights = novel.nextWeights(context);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return novel.alphabet
    .map((character, index) => ({ character, share: weights[index] / total }))
    .sort((a, b) => b.share - a.share)
    .slice(0, SHOWN);
}

/** Indented lines, without the word that was cut off at the end. */
function layOut(text: string): string[] {
  const whole = text.slice(0, text.lastIndexOf(" "));
  return wrap(`… ${whole} …`, WIDTH - 4).map((line) => `  ${line}`);
}

export const textSection: Section = {
  title: "1. A novel, one character at a time: Gumbel-Max",
  *lines({ novel, rng, paint, progress }) {
    yield* wrap(
      `Each of ${novel.alphabet.length} characters gets a weight: how often it comes next, in the ` +
        `${grouped(novel.text.length)} characters of Pride and Prejudice, after the same few letters. Gumbel-Max draws ` +
        "one: the largest of (log weight) / temperature + Gumbel noise.",
      WIDTH,
    );
    yield "";
    yield `After "${EXAMPLE}":`;
    for (const { character, share } of likeliest(novel, EXAMPLE)) {
      yield `  ${character}  ${paint.picture(bar(share, BAR))}${fixed(100 * share, 1).padStart(5)} %`;
    }
    yield "";
    yield* wrap(`And after "${OPENING}…"`, WIDTH);
    for (const { temperature, effect } of TEMPERATURES) {
      progress(`drawing ${LENGTH} characters at temperature ${temperature}`);
      const text = continueText(novel, OPENING, { length: LENGTH, temperature, rng });
      yield "";
      yield `${paint.strong(`temperature ${temperature}`)}: ${effect}`;
      yield* layOut(text);
    }
  },
};
