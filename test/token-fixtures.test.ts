/**
 * Kept classes against Hugging Face transformers, in fixtures/tokens.json: made by its own processors in its own order,
 * in float64 (scripts/fixtures_tokens.py). No logits are equal, since there ties are cut by rank.
 */

import { readFileSync } from "node:fs";
import { filterTokens, type TokenFilterOptions } from "gumbel";
import { expect, test } from "vitest";
import { uniform } from "./support/api-arrays.ts";
import { bits } from "./support/bits.ts";

interface Case {
  readonly settings: Readonly<Record<string, number>>;
  readonly classes: number;
  readonly seed: number;
  readonly checksum: number;
  readonly processors: readonly string[];
  readonly kept: readonly number[];
}

interface Fixtures {
  readonly versions: Readonly<Record<string, string>>;
  readonly seen: readonly number[];
  readonly cases: readonly Case[];
}

const path = new URL("fixtures/tokens.json", import.meta.url);
const { versions, seen, cases }: Fixtures = JSON.parse(readFileSync(path, "utf8"));

/** Our name and the processor's of each setting, in the order "transformers". */
const NAMES: [theirs: string, ours: keyof TokenFilterOptions, processor: string][] = [
  ["repetition_penalty", "repetitionPenalty", "RepetitionPenaltyLogitsProcessor"],
  ["temperature", "temperature", "TemperatureLogitsWarper"],
  ["top_k", "topK", "TopKLogitsWarper"],
  ["top_p", "topP", "TopPLogitsWarper"],
  ["min_p", "minP", "MinPLogitsWarper"],
  ["typical_p", "typicalP", "TypicalLogitsWarper"],
];

function logitsOf(classes: number, seed: number): Float32Array {
  const next = uniform(seed);
  return Float32Array.from({ length: classes }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < 12; j++) sum += next();
    return 2.25 * (sum - 6) + (i % 97 === 19 ? 6 : 0);
  });
}

test.each(cases)(
  `as transformers ${versions.transformers}: $settings, $classes classes`,
  (given) => {
    const logits = logitsOf(given.classes, given.seed);
    expect(bits(logits).reduce((sum, b) => (sum + b) % 2 ** 32)).toBe(given.checksum);
    const named = NAMES.filter(([theirs]) => theirs in given.settings);
    expect(named.map(([, , processor]) => processor)).toEqual(given.processors);
    const options = Object.fromEntries(
      named.map(([theirs, ours]) => [ours, given.settings[theirs] as number]),
    );
    const penalised = "repetitionPenalty" in options;
    const out = filterTokens(logits, { ...options, seen: penalised ? seen : undefined });
    expect(Array.from(out.keys()).filter((i) => (out[i] as number) > -Infinity)).toEqual(
      given.kept,
    );
  },
);
