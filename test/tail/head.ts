/** 129,280 equal classes so many nats under one head: where noise or words of 24 bits draw too few, or none. */

import { expect } from "vitest";

const TAIL = 129_280;
/** Rows a call: their logits take 33 MB. */
const ROWS = 64;
const N = 102_400;

export interface Head {
  readonly nats: number;
  readonly classes: number;
  /** `[ROWS, classes]`, all rows alike. */
  readonly logits: Float32Array;
}

export function headOver(nats: number): Head {
  const classes = TAIL + 1;
  const row = new Float32Array(classes).fill(-nats);
  row[0] = 0;
  const logits = new Float32Array(ROWS * classes);
  for (let i = 0; i < ROWS; i++) logits.set(row, i * classes);
  return { nats, classes, logits };
}

/**
 * Counts how often the head isn't drawn in n = 102,400 rows, 64 a call, one stream a call. By the law it is a binomial
 * variable with mean n·p, 201 at 18 nats and 27 at 20; more than 5 standard deviations off is a false alarm in fewer
 * than one of a million runs, but the seed is fixed. Noise of 24 bits ends at 16.6
 * and never draws one of them.
 */
export function expectTail({ nats }: Head, draw: (stream: number) => ArrayLike<number>): void {
  let drawn = 0;
  for (let stream = 0; stream < N / ROWS; stream++) {
    const index = draw(stream);
    for (let i = 0; i < index.length; i++) if (index[i] !== 0) drawn++;
  }
  const p = (TAIL * Math.exp(-nats)) / (1 + TAIL * Math.exp(-nats));
  expect(Math.abs(drawn - N * p)).toBeLessThan(5 * Math.sqrt(N * p * (1 - p)));
  expect(drawn).toBeGreaterThan(0);
}
