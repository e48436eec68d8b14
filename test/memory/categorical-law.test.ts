/** A law of 10^8 classes, for real: `npm run test:memory`. */

import { categorical, categoricalLaw } from "gumbel";
import { expect, test } from "vitest";
import { expectSame } from "../support/api-arrays.ts";
import { needs } from "./needs.ts";

/** For the input, the law, and the law of `categorical` with its copy of the input. */
needs(6);

const classes = 1e8;

test("10^8 classes: 12 bytes each, the draws of categorical, the right law", () => {
  const x = new Float32Array(classes);
  for (let i = 0; i < classes; i++) x[i] = (i % 7) / 2;
  const before = process.memoryUsage.rss();
  const law = categoricalLaw(x);
  expect(process.memoryUsage.rss() - before).toBeLessThan(12 * classes);

  // One in 43 leaves its class to the second word.
  const draws = 100_000;
  const drawn = law.draw(draws, { seed: 1 });
  expectSame(drawn, categorical(x, { draws, seed: 1 }));
  for (const draw of [0, 31_234, draws - 3]) {
    expectSame(law.draw(3, { seed: 1, draw }), drawn.slice(draw, draw + 3));
  }

  const n = 2 ** 24;
  const many = law.draw(n, { seed: 2 });
  const weights = Array.from({ length: 7 }, (_, k) => Math.exp(k / 2));
  const total = weights.reduce((a, b) => a + b);
  const [kinds, places] = [new Float64Array(7), new Float64Array(64)];
  for (let i = 0; i < n; i++) {
    kinds[many[i] % 7]++;
    places[Math.floor((many[i] * 64) / classes)]++;
  }
  // Six standard deviations.
  weights.forEach((weight, k) => {
    const p = weight / total;
    expect(Math.abs(kinds[k] - n * p)).toBeLessThan(6 * Math.sqrt(n * p * (1 - p)));
  });
  for (const count of places) expect(Math.abs(count - n / 64)).toBeLessThan(6 * Math.sqrt(n / 64));

  const counts = law.counts(n, { seed: 2 });
  for (let i = 0; i < n; i++) counts[many[i]]--;
  expect(counts.every((count) => count === 0)).toBe(true);
});
