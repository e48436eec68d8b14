/** 6: how fast, beside a plain loop that draws from the same law. */

import { backend, gumbelSoftmax, type Rng } from "gumbel";
import { softSamples } from "../../../bench/plain/soft.ts";
import { Xorshift128 } from "../../../bench/plain/xorshift128.ts";
import { type Agreement, agree, agreement, type SoftSampler } from "../agreement.ts";
import { bar, fixed, grouped, wrap } from "../pictures.ts";
import { WIDTH } from "../terminal.ts";
import type { Section } from "./section.ts";

const ROWS = 1024;
const CLASSES = 1000;
const TAU = 1;
const CHECKED_CALLS = 16;
const LEAST_ROUNDS = 5;
const MILLISECONDS = 2000;
const BAR = 50;

/** Logits evenly spread over 0 … 4, in mixed order. */
export function mixedLogits(): Float32Array {
  return Float32Array.from({ length: CLASSES }, (_, i) => ((i * 367) % CLASSES) / 250);
}

/** The two contestants, each filling `[ROWS, CLASSES]` from the same logits. */
export function contestants(rng: Rng): readonly [gumbel: SoftSampler, plain: SoftSampler] {
  const row = mixedLogits();
  const logits = Float32Array.from({ length: ROWS * CLASSES }, (_, i) => row[i % CLASSES]);
  const random = new Xorshift128(Number(rng.seed & 0xffff_ffffn));
  return [
    (out) => gumbelSoftmax(logits, { classes: CLASSES, tau: TAU, rng, out }),
    (out) => softSamples(random, logits, CLASSES, TAU, out),
  ];
}

/** Million elements a second of each: the median of rounds in which they take turns. */
function measure(samplers: readonly SoftSampler[]): number[] {
  const out = new Float32Array(ROWS * CLASSES);
  const times = samplers.map((): number[] => []);
  const start = performance.now();
  while (times[0].length < LEAST_ROUNDS || performance.now() - start < MILLISECONDS) {
    for (const [i, sample] of samplers.entries()) times[i].push(milliseconds(() => sample(out)));
  }
  return times.map((each) => out.length / 1000 / median(each));
}

function milliseconds(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

function verdict(ours: Agreement, plain: Agreement): string {
  const figures = (a: Agreement) => `${fixed(a.chiSquare, 2)} and ${fixed(a.largestShare, 3)}`;
  const start = agree(ours, plain)
    ? "Both draw from the same law"
    : "The two do NOT draw from the same law, so the times below mean nothing";
  return (
    `${start}. Winners against softmax by chi-square (1 is perfect), and the mean largest share, in ` +
    `${grouped(CHECKED_CALLS * ROWS)} rows: gumbel ${figures(ours)}, plain loop ${figures(plain)}.`
  );
}

export const throughputSection: Section = {
  title: "6. How fast: soft samples on this machine",
  *lines({ rng, paint, progress }) {
    const { name, reason } = backend();
    const samplers = contestants(rng);
    yield* wrap(
      `${grouped(ROWS)} rows of ${grouped(CLASSES)} classes on one core: gumbel on its backend "${name}" (${reason}), ` +
        "beside a plain TypeScript loop with Math.log, Math.exp and xorshift.",
      WIDTH,
    );
    progress(`checking that both draw from the same law`);
    const checks = samplers.map((sample) =>
      agreement(sample, mixedLogits(), { rows: ROWS, calls: CHECKED_CALLS }),
    );
    yield* wrap(verdict(checks[0], checks[1]), WIDTH);
    yield "";
    progress("taking times");
    const speeds = measure(samplers);
    for (const [i, label] of ["gumbel", "plain loop"].entries()) {
      const picture = paint.picture(bar(speeds[i] / Math.max(...speeds), BAR));
      yield `  ${label.padEnd(11)}${picture}${fixed(speeds[i], 0).padStart(5)} million elements/s`;
    }
    yield "";
    yield `gumbel is ${paint.strong(`${fixed(speeds[0] / speeds[1], 1)} times`)} as fast as the plain loop.`;
  },
};
