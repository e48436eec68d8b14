/** 3: the soft sample on its way to a choice. */

import { gumbelSoftmax, type Rng } from "gumbel";
import { GENTLEMEN, mentions } from "../gentlemen.ts";
import { bar, fixed, wrap } from "../pictures.ts";
import { WIDTH } from "../terminal.ts";
import type { Section } from "./section.ts";

const TAUS = [5, 2, 1, 0.5, 0.2, 0.1] as const;
const LABEL = 9;
const BAR = 14;

/** Samples of one row at several τ, and at last the hard one, all with the same noise. */
export function soften(weights: readonly number[], taus: readonly number[], rng: Rng) {
  const key = rng.next();
  return {
    soft: taus.map((tau) => gumbelSoftmax(weights, { from: "weights", tau, ...key })),
    hard: gumbelSoftmax(weights, { from: "weights", hard: true, ...key }),
  };
}

export const tauSection: Section = {
  title: "3. From a shrug to a decision: Gumbel-Softmax",
  *lines({ novel, rng, paint }) {
    const weights = mentions(novel);
    yield* wrap(
      "A draw is a jump, and through a jump nothing can be learnt. A soft sample is softmax((log w + noise) / tau): " +
        "a share for each class. Here, who is the next page about? The novel's single men, weighted by how often " +
        "they are named; the same noise in each line.",
      WIDTH,
    );
    yield "";
    const titles = GENTLEMEN.map((name, i) => `${name} ${weights[i]}`.padEnd(BAR + 7));
    yield paint.quiet(" ".repeat(LABEL) + titles.join("").trimEnd());
    const cell = (share: number) => `${paint.picture(bar(share, BAR))} ${fixed(share, 3)} `;
    const row = (label: string, sample: Float32Array) =>
      (label.padEnd(LABEL) + Array.from(sample, cell).join("")).trimEnd();
    const { soft, hard } = soften(weights, TAUS, rng);
    for (const [i, tau] of TAUS.entries()) yield row(`tau ${tau}`, soft[i]);
    yield row("hard", hard);
    yield "";
    yield* wrap(
      "Large tau: a blur whose gradient is steady. Small tau: nearly the draw itself, with a gradient that is mostly " +
        "0 and sometimes huge. Training usually starts warm and cools.",
      WIDTH,
    );
  },
};
