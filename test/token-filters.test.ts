/**
 * Filters against their definitions in float64 with a full sort (support/token-reference.ts), row by row.
 *
 * topK and minP must keep the very same classes. topP and typicalP sum float32 probabilities: there the same classes,
 * or else a set that the definition would give for laws within the stated error, which is checked class by class; and
 * nearly all rows must be of the first kind.
 */

import { filterTokens, type TokenFilterOptions } from "gumbel";
import { describe, expect, test } from "vitest";
import { LOGITS } from "./support/token-logits.ts";
import { type Law, minP, nearest, topK, topPLaw, typicalLaw } from "./support/token-reference.ts";

const LENGTHS = [1, 2, 3, 4, 5, 15, 16, 17, 50, 255, 256, 257, 1000, 4099, 32_000];
/** The vocabulary of a current language model. */
const LARGE = 151_936;
const TEMPERATURES = [1, 0.7, 0.1, 5];
/** So long a row takes a while to sort. */
const LARGE_TEMPERATURES = [1, 0.7];

function kept(x: Float32Array, options: TokenFilterOptions): boolean[] {
  const out = filterTokens(x, options);
  return Array.from(out, (value, i) => {
    if (value !== x[i] && value !== -Infinity) throw new Error(`logit ${i} became ${value}`);
    return value > -Infinity;
  });
}

function differences(a: boolean[], b: boolean[]): number {
  return a.reduce((count, value, i) => count + Number(value !== b[i]), 0);
}

/**
 * Whether `set` is what the definition keeps for a law whose weights and distances are off by no more than stated: its
 * classes are the nearest ones, and their sum reaches the mass with the last and not without it.
 */
function isWithinBound(
  x: Float32Array,
  t: number,
  { p, distance }: Law,
  mass: number,
  set: boolean[],
): boolean {
  const max = x.reduce((a, b) => Math.max(a, b));
  let [inside, outside, reach] = [0, Infinity, 0];
  set.forEach((isKept, i) => {
    if (isKept && (p[i] as number) > 0) {
      inside = Math.max(inside, distance[i] as number);
      reach = Math.max(reach, (max - (x[i] as number)) / t);
    } else if (x[i] !== -Infinity) outside = Math.min(outside, distance[i] as number);
  });
  const tolerance = 2 ** -20 * (1 + reach);
  const error = 2 * (Math.expm1(2 ** -22 * Math.min(reach, 70)) + 2 ** -21);
  let [sum, surely] = [0, 0];
  set.forEach((isKept, i) => {
    if (!isKept) return;
    sum += p[i] as number;
    if ((distance[i] as number) < inside - tolerance) surely += p[i] as number;
  });
  return inside <= outside + tolerance && sum >= mass - error && surely < mass + error;
}

const names = Object.keys(LOGITS);

/** Rows of one kind at each temperature, with their names for messages. */
function rows(name: string, lengths: number[]): [x: Float32Array, t: number, label: string][] {
  const make = LOGITS[name] as (typeof LOGITS)[string];
  return lengths.flatMap((classes, seed) =>
    (classes === LARGE ? LARGE_TEMPERATURES : TEMPERATURES).map(
      (t): [Float32Array, number, string] => {
        return [make(classes, seed * 10 + 1), t, `${name}, ${classes} classes, T = ${t}`];
      },
    ),
  );
}

describe.each(names)("%s", (name) => {
  test("topK keeps the classes of the definition", () => {
    for (const [x, t, label] of rows(name, [...LENGTHS, LARGE])) {
      const sorted = x.toSorted((a, b) => b - a);
      for (const k of [1, 2, 40, 50, 1000, Math.ceil(x.length / 3), x.length + 1]) {
        const set = kept(x, { topK: k, temperature: t });
        expect(differences(set, topK(x, sorted, k)), `${label}, k = ${k}`).toBe(0);
      }
    }
  });

  test("minP keeps the classes of the definition", () => {
    for (const [x, t, label] of rows(name, [...LENGTHS, LARGE])) {
      for (const part of [1e-9, 0.01, 0.05, 0.3, 1]) {
        const set = kept(x, { minP: part, temperature: t });
        expect(differences(set, minP(x, t, part)), `${label}, minP = ${part}`).toBe(0);
      }
    }
  });

  test.each([
    ["topP", topPLaw],
    ["typicalP", typicalLaw],
  ] as const)(
    "%s keeps the classes of the definition, or is off by no more than stated",
    (option, lawOf) => {
      let [same, all] = [0, 0];
      for (const [x, t, label] of rows(name, [...LENGTHS, LARGE])) {
        const law = lawOf(x, t);
        for (const mass of x.length === LARGE
          ? [0.9]
          : [0, 1e-9, 0.1, 0.5, 0.9, 0.99, 1 - 1e-9, 1 - 2 ** -53]) {
          const set = kept(x, { [option]: mass, temperature: t });
          const isSame = differences(set, nearest(law, mass)) === 0;
          const bounded = isSame || isWithinBound(x, t, law, mass, set);
          expect(bounded, `${label}, ${option} = ${mass}`).toBe(true);
          same += Number(isSame);
          all++;
        }
      }
      expect(same / all, `${same} of ${all} rows`).toBeGreaterThan(0.9);
    },
  );
});
