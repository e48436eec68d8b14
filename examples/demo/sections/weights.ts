/** 2: what weights mean: how often, not only which is the largest. */

import { gumbelMax, type Rng } from "gumbel";
import { bar, fixed, grouped, wrap } from "../pictures.ts";
import { WIDTH } from "../terminal.ts";
import type { Section } from "./section.ts";

const DRAWS = 1_000_000;
const BAR = 44;
const EXAMPLES = [
  { weights: [0.9, 0.1, 0.1], fractions: ["9/11", "1/11", "1/11"] },
  { weights: [0.5, 0.2, 0.3], fractions: ["5/10", "2/10", "3/10"] },
] as const;

export interface Frequencies {
  readonly exact: number[];
  readonly drawn: number[];
  /** The largest distance between the two, in standard errors. */
  readonly deviation: number;
}

/** Draws many times from weights and holds how often each class came against how often it should. */
export function frequencies(weights: readonly number[], draws: number, rng: Rng): Frequencies {
  const classes = weights.length;
  const rows = Float32Array.from({ length: draws * classes }, (_, i) => weights[i % classes]);
  const counts = new Array<number>(classes).fill(0);
  for (const index of gumbelMax(rows, { classes, from: "weights", rng })) counts[index]++;

  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const exact = weights.map((weight) => weight / total);
  const drawn = counts.map((count) => count / draws);
  const deviations = exact.map((p, i) => Math.abs(drawn[i] - p) / Math.sqrt((p * (1 - p)) / draws));
  return { exact, drawn, deviation: Math.max(...deviations) };
}

function percent(share: number): string {
  return `${fixed(100 * share, 2).padStart(5)} %`;
}

export const weightsSection: Section = {
  title: "2. Same favourite, different meaning: weights",
  *lines({ rng, paint, progress }) {
    yield* wrap(
      "Class 0 is the largest in both rows, and argmax would always take it. A draw takes class i with probability " +
        `w[i] / sum(w), whatever the sum. ${grouped(DRAWS)} draws by Gumbel-Max beside the exact value:`,
      WIDTH,
    );
    for (const { weights, fractions } of EXAMPLES) {
      const name = `weights [${weights.join(", ")}]`;
      progress(`drawing ${grouped(DRAWS)} times from ${name}`);
      const { exact, drawn, deviation } = frequencies(weights, DRAWS, rng);
      yield "";
      yield `${paint.strong(name)}, off by at most ${fixed(deviation, 1)} standard errors (chance: seldom above 3)`;
      for (const [i, fraction] of fractions.entries()) {
        const picture = paint.picture(bar(drawn[i], BAR));
        yield `  class ${i}  ${picture} ${percent(drawn[i])}   exact ${fraction} = ${percent(exact[i])}`;
      }
    }
  },
};
