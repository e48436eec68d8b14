/** 5: why the softmax must be there. */

import { gumbelNoise, gumbelSoftmaxVjp, type Rng } from "gumbel";
import { FORTUNES, GENTLEMEN, mentions } from "../gentlemen.ts";
import { fixed, grouped, histogram, sparkline, wrap } from "../pictures.ts";
import { dot, numericGradient } from "../soft-formula.ts";
import { WIDTH } from "../terminal.ts";
import type { Section } from "./section.ts";

const DRAWS = 1000;
const TAU = 0.5;
const BINS = 20;
const COLUMN = BINS + 15;

/** Gradients by p: for each class its value in each draw. */
export interface Gradients {
  /** Of Σ v·(log p + G), without a softmax. */
  readonly linear: number[][];
  /** Of Σ v·softmax((log p + G)/τ). */
  readonly relaxed: number[][];
}

/** Both gradients over many draws of the noise, the same draws for both. */
export function gradients(
  p: readonly number[],
  v: readonly number[],
  { draws, tau, rng }: { draws: number; tau: number; rng: Rng },
): Gradients {
  const classes = p.length;
  const key = rng.next();
  const noise = gumbelNoise(draws, classes, key);
  const linear = Array.from({ length: draws }, (_, draw) => {
    const g = noise.subarray(draw * classes);
    const perturbed = (x: number[]) => x.map((weight, i) => Math.log(weight) + g[i]);
    return numericGradient((x) => dot(v, perturbed(x)), p);
  });
  const batch = { classes, from: "weights", tau, ...key } as const;
  const relaxed = gumbelSoftmaxVjp(repeat(p, draws), batch).vjp(repeat(v, draws)).input;
  return { linear: columns(linear.flat(), classes), relaxed: columns(relaxed, classes) };
}

/** The gradient by p of the expected value Σ p·v / Σ p: what a learner would like to know. */
export function expectedGradient(p: readonly number[], v: readonly number[]): number[] {
  const total = p.reduce((sum, weight) => sum + weight, 0);
  const mean = dot(p, v) / total;
  return v.map((value) => (value - mean) / total);
}

export function meanAndSpread(values: readonly number[]): { mean: number; spread: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return { mean, spread: Math.sqrt(variance) };
}

function repeat(row: readonly number[], times: number): Float32Array {
  return Float32Array.from({ length: row.length * times }, (_, i) => row[i % row.length]);
}

function columns(rows: ArrayLike<number>, classes: number): number[][] {
  const draws = rows.length / classes;
  return Array.from({ length: classes }, (_, i) =>
    Array.from({ length: draws }, (_, draw) => rows[draw * classes + i]),
  );
}

/** Two sets of values on one scale: for each a sparkline, and mean ± standard deviation. */
function compare(a: readonly number[], b: readonly number[]) {
  const low = Math.min(...a, ...b);
  const high = Math.max(...a, ...b);
  return [a, b].map((values) => {
    const { mean, spread } = meanAndSpread(values);
    const picture = sparkline(histogram(values, low, high, BINS));
    return { picture, numbers: `${fixed(mean, 2).padStart(7)} ± ${fixed(spread, 2).padEnd(5)}` };
  });
}

export const noiseSection: Section = {
  title: "5. Why the softmax must be there",
  *lines({ novel, rng, paint, progress }) {
    progress(`differentiating ${grouped(DRAWS)} draws twice`);
    const counts = mentions(novel);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const p = counts.map((count) => count / total);
    const { linear, relaxed } = gradients(p, FORTUNES, { draws: DRAWS, tau: TAU, rng });
    const exact = expectedGradient(p, FORTUNES);
    yield* wrap(
      "Without it, in sum(v (log p + noise)), the noise is only added: the gradient by p is v / p in every draw, as " +
        `if nobody were chosen. With it the gradient depends on the draw, and over ${grouped(DRAWS)} draws its mean ` +
        'comes near that of the expected fortune ("exact"): only Darcy is worth favouring.',
      WIDTH,
    );
    yield "";
    const titles = ["without softmax", `Gumbel-Softmax, tau ${TAU}`];
    const heads = titles.map((title) => `  ${title.padEnd(COLUMN)}`).join("");
    yield paint.quiet(`${"v / p".padStart(16)}${heads}  exact`);
    for (const [i, name] of GENTLEMEN.entries()) {
      const spreads = compare(linear[i], relaxed[i])
        .map(({ picture, numbers }) => `  ${paint.picture(picture)}${numbers}`)
        .join("");
      const ratio = fixed(FORTUNES[i] / p[i], 2).padStart(6);
      yield `${name.padEnd(9)} ${ratio}${spreads} ${fixed(exact[i], 2).padStart(6)}`;
    }
  },
};
