/** The text model: what follows what in a novel. */

import { readFileSync } from "node:fs";

const NOVEL = new URL("../text/pride-and-prejudice.txt", import.meta.url);

/** The longest context that is looked at, in characters. */
const LONGEST = 7;
/** How much a place counts that shares so many characters with the context: about 20 times more for each one. */
const VOTES = Array.from({ length: LONGEST + 1 }, (_, shared) => (20 ** shared - 1) / 19);

export class Novel {
  readonly text: string;
  /** The characters that occur, in code order: the classes of the next character. */
  readonly alphabet: readonly string[];
  /** The text as positions in the alphabet. */
  readonly #classes: Uint8Array;
  /** For each class the places where it has just been read. */
  readonly #placesAfter: readonly (readonly number[])[];

  constructor(text: string = readFileSync(NOVEL, "utf8")) {
    this.text = text;
    this.alphabet = [...new Set(text)].sort();
    const classOf = new Map(this.alphabet.map((character, index) => [character, index]));
    this.#classes = Uint8Array.from(text, (character) => classOf.get(character) as number);
    this.#placesAfter = findPlacesAfter(this.#classes, this.alphabet.length);
  }

  /** How often a phrase occurs. */
  count(phrase: string): number {
    return this.text.split(phrase).length - 1;
  }

  /**
   * A weight for each character of the alphabet to come next. Every place in the novel where the context's last
   * character occurs votes for the character that follows it there, and votes more the more of the context it shares.
   */
  nextWeights(context: string): Float64Array {
    const weights = new Float64Array(this.alphabet.length);
    const recent = Array.from(context.slice(-LONGEST), (character) =>
      this.alphabet.indexOf(character),
    ).reverse();
    for (const place of this.#placesAfter[recent[0]] ?? []) {
      let shared = 1;
      while (shared < recent.length && this.#classes[place - 1 - shared] === recent[shared])
        shared++;
      weights[this.#classes[place]] += VOTES[shared];
    }
    return weights;
  }
}

/** For each class the places right after it where something follows. */
function findPlacesAfter(classes: Uint8Array, count: number): number[][] {
  const places = Array.from({ length: count }, (): number[] => []);
  for (let place = 1; place < classes.length; place++) places[classes[place - 1]].push(place);
  return places;
}
