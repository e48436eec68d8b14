/**
 * Relaxed laws against float64 values by PyTorch, in fixtures/relaxed.json (scripts/fixtures_relaxed.py makes it and
 * says how), within the bounds that the doc comments state.
 */

import { readFileSync } from "node:fs";
import { type BackendName, setBackend } from "gumbel";
import {
  concreteKlVjp,
  concreteLogProbVjp,
  entropyVjp,
  klDivergenceVjp,
  logGumbelSoftmaxVjp,
} from "gumbel/estimators";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { logGamma } from "../ts/estimators/log-gamma.ts";

interface Row {
  classes: number;
  tau: number;
  /** The classes that are possible. */
  kept: number[];
  /** What arrives from upstream where the value is one a row. */
  upstream: number;
  logits: number[];
  input: number[];
}
interface SampleRow extends Row {
  weights: number[];
  noise: number[];
  v: number[];
  sample: number[];
  byTau: number;
  weighted: number[];
  byWeights: number[];
}
interface DensityRow extends Row {
  space: "log" | "simplex";
  sample: number[];
  value: number;
  bySample: number[];
  byTau: number;
}
interface EstimateRow extends Omit<DensityRow, "space"> {
  prior?: number[];
  priorTau?: number;
  byPrior?: number[];
  byPriorTau?: number;
}
interface EntropyRow extends Row {
  value: number;
  byTemperature: number;
}
interface DivergenceRow extends Row {
  value: number;
  prior?: number[];
  byPrior?: number[];
}
interface Fixtures {
  samples: SampleRow[];
  densities: DensityRow[];
  estimates: EstimateRow[];
  entropies: EntropyRow[];
  divergences: DivergenceRow[];
  near: Required<Pick<DivergenceRow, "logits" | "prior" | "value" | "input" | "byPrior">>[];
  logGamma: [k: number, value: number][];
}

const FIXTURES: Fixtures = JSON.parse(
  readFileSync(new URL("fixtures/relaxed.json", import.meta.url), "utf8"),
);
const BACKENDS: BackendName[] = ["wasm-simd", "js"];

afterAll(() => {
  setBackend("wasm-simd");
});

/** A row with `edge` at the impossible classes. */
function masked({ kept, classes }: Row, values: number[], edge = -Infinity): number[] {
  return Array.from({ length: classes }, (_, i) => (kept.includes(i) ? values[i] : edge));
}

/** Each value within its bound of what is expected; exactly 0 where that is an impossible class's. */
function expectNear(
  got: ArrayLike<number>,
  expected: number[],
  bound: (i: number) => number,
  what: string,
): void {
  expect(got.length, what).toBe(expected.length);
  expected.forEach((value, i) => {
    const error = Math.abs(got[i] - value);
    expect(error, `${what} ${i}: ${got[i]}, not ${value}`).toBeLessThanOrEqual(bound(i));
  });
}

const largest = (x: number[]) => x.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
const rounded = (x: number) => 2 ** -24 * Math.abs(x) + 2 ** -149;

describe.each(BACKENDS)("%s", (backend) => {
  beforeAll(() => {
    expect(setBackend(backend).name).toBe(backend);
  });

  test.each(FIXTURES.samples)("log-space samples: $classes classes, τ = $tau", (row) => {
    const { tau, noise, kept } = row;
    for (const from of ["logits", "weights"] as const) {
      const given = from === "logits" ? masked(row, row.logits) : masked(row, row.weights, 0);
      const expected = masked(row, from === "logits" ? row.sample : row.weighted);
      const l = from === "logits" ? given : given.map(Math.log);
      const most = l.reduce((a, b) => Math.max(a, b));
      const winner = expected.indexOf(expected.reduce((a, b) => Math.max(a, b)));
      const a = (i: number) => most - l[i] + Math.abs(noise[i]);
      const error = (i: number) =>
        (2 ** -21 * (a(i) + a(winner))) / tau + 2 ** -22 * (1 + Math.abs(expected[i]));
      const { sample, vjp } = logGumbelSoftmaxVjp(given, { from, tau, noise });
      for (const i of kept) {
        expect(Math.abs(sample[i] - expected[i]), `${from} ${i}`).toBeLessThanOrEqual(error(i));
      }
      expect([...sample].flatMap((z, i) => (z === -Infinity ? [] : [i]))).toEqual(kept);

      // Where the sample is −∞ nothing of v counts.
      const { input, tau: byTau } = vjp(masked(row, row.v, Number.NaN), { tau: true });
      const total = kept.reduce((sum, i) => sum + Math.abs(row.v[i]), 0);
      const size = (i: number) => {
        const y = kept.includes(i) ? Math.exp(expected[i]) : 0;
        const ofY = kept.includes(i) ? y * (Math.expm1(2 * error(i)) + 2 ** -20) : 0;
        return (ofY * total + 2 ** -22 * (Math.abs(row.v[i]) + y * total)) / tau;
      };
      const by = from === "logits" ? row.input : row.byWeights;
      const bound = (i: number) => (from === "logits" ? size(i) : size(i) / (given[i] || 1));
      expectNear(input, by, (i) => (kept.includes(i) ? bound(i) + 1e-30 : 0), `by ${from}`);
      if (from === "logits") {
        const error = kept.reduce((sum, i) => sum + size(i) * Math.abs(expected[i]), 0);
        // What the sample itself is off is in z as well.
        const ofZ = kept.reduce((sum, i) => sum + size(i) * 2 ** 22 * 2 ** -20, 0);
        expectNear(byTau as Float32Array, [row.byTau], () => error + ofZ / tau, "by τ");
      }
    }
  });

  test.each(FIXTURES.densities)("densities in $space: $classes classes, τ = $tau", (row) => {
    const { classes: all, kept, tau, space, upstream } = row;
    const edge = space === "log" ? -Infinity : 0;
    const z = space === "log" ? row.sample : row.sample.map((x) => (x > 0 ? Math.log(x) : 0));
    const K = kept.length;
    const most = largest(row.logits) + (tau + 1) * largest(z);
    const size = 1e-12 * K * (1 + Math.log(K) + Math.abs(Math.log(tau)) + most);
    const { value, vjp } = concreteLogProbVjp(
      masked(row, row.sample, edge),
      masked(row, row.logits),
      { tau, space },
    );
    expectNear(value, [row.value], () => rounded(row.value) + size, "value");
    const { sample, input, tau: byTau } = vjp(upstream);
    const slack = 1e-12 * K * (1 + tau) * (1 + most) * Math.abs(upstream);
    const bound = (exact: number[], more: (i: number) => number) => (i: number) =>
      kept.includes(i) ? rounded(exact[i]) + slack * more(i) : 0;
    expectNear(
      input,
      row.input,
      bound(row.input, () => 1),
      "by logits",
    );
    const scale = (i: number) => (space === "log" ? 1 : 1 / row.sample[i]);
    expectNear(sample, row.bySample, bound(row.bySample, scale), "by sample");
    const ofTau = slack * all * (1 / tau + largest(z));
    expectNear(byTau, [row.byTau], () => rounded(row.byTau) + ofTau, "by τ");
  });

  test.each(FIXTURES.estimates)("KL estimates: $classes classes, τ = $tau", (row) => {
    const { kept, tau, upstream, prior, priorTau } = row;
    const K = kept.length;
    const most = largest(row.logits) + largest(prior ?? [0]) + (tau + 1) * largest(row.sample);
    const size = 2e-12 * K * (1 + Math.log(K) + Math.abs(Math.log(tau)) + most);
    const { value, vjp } = concreteKlVjp(masked(row, row.sample), masked(row, row.logits), {
      tau,
      priorTau,
      prior: prior && masked(row, prior),
    });
    expectNear(value, [row.value], () => rounded(row.value) + size, "value");
    const found = vjp(upstream);
    expect(Object.keys(found).sort()).toEqual(
      [
        "input",
        "sample",
        "tau",
        ...(prior ? ["prior"] : []),
        ...(priorTau ? ["priorTau"] : []),
      ].sort(),
    );
    const slack = 1e-12 * K * (1 + tau) * (1 + most) * Math.abs(upstream);
    const bound = (exact: number[]) => (i: number) =>
      kept.includes(i) ? rounded(exact[i]) + slack : 0;
    const ofTau = slack * K * (2 + 2 / tau + largest(row.sample));
    expectNear(found.sample, row.bySample, bound(row.bySample), "by sample");
    expectNear(found.input, row.input, bound(row.input), "by logits");
    expectNear(found.tau, [row.byTau], () => rounded(row.byTau) + ofTau, "by τ");
    if (found.prior) {
      expectNear(found.prior, row.byPrior as number[], bound(row.byPrior as number[]), "by prior");
    }
    if (found.priorTau) {
      const exact = row.byPriorTau as number;
      expectNear(found.priorTau, [exact], () => rounded(exact) + ofTau, "by the prior's τ");
    }
  });

  test.each(FIXTURES.entropies)("entropies: $classes classes, T = $tau", (row) => {
    const { kept, tau: temperature, upstream, classes } = row;
    const logits = masked(row, row.logits);
    const { value, vjp } = entropyVjp(logits, { temperature });
    const error = 2 ** -19 * (1 + row.value) + 2 ** -22 * Math.log(classes) ** 2;
    expectNear(value, [row.value], () => error, "value");
    const found = vjp(upstream);
    const most = logits.reduce((a, b) => Math.max(a, b));
    const p = logits.map((l) => Math.exp((l - most) / temperature));
    const total = p.reduce((a, b) => a + b);
    const off = (i: number) => (most - logits[i]) / temperature;
    const mean = kept.reduce((sum, i) => sum + (p[i] / total) * off(i), 0);
    const terms = (i: number) => {
      const law = Math.expm1(2 ** -21 * off(i)) + 2 ** -20;
      return (p[i] / total) * (off(i) + mean) * (law + 2 ** -19) + 1e-29;
    };
    const scale = (2 * Math.abs(upstream)) / temperature;
    expectNear(
      found.input,
      row.input,
      (i) => (kept.includes(i) ? terms(i) * scale : 0),
      "by logits",
    );
    const ofTemperature = kept.reduce((sum, i) => sum + terms(i) * (off(i) + mean), 0);
    expectNear(found.temperature, [row.byTemperature], () => ofTemperature * scale, "by T");
  });

  test.each(FIXTURES.divergences)("divergences: $classes classes", (row) => {
    const { kept, upstream, prior } = row;
    const most = 1 + largest(row.logits) + largest(prior ?? [0]) + Math.log(row.classes);
    const { value, vjp } = klDivergenceVjp(masked(row, row.logits), prior && masked(row, prior));
    const size = 1e-15 * most * Math.sqrt(row.value) + 1e-30 * most ** 2;
    expectNear(value, [row.value], () => rounded(row.value) + size + 1e-15 * most, "value");
    const found = vjp(upstream);
    const slack = 1e-14 * most * Math.abs(upstream);
    const bound = (exact: number[]) => (i: number) =>
      kept.includes(i) ? rounded(exact[i]) + slack : 0;
    expectNear(found.input, row.input, bound(row.input), "by logits");
    expect("prior" in found).toBe(prior !== undefined);
    if (found.prior) {
      expectNear(found.prior, row.byPrior as number[], bound(row.byPrior as number[]), "by prior");
    }
  });

  test.each(FIXTURES.near)("a divergence of $value between nearly equal laws", (row) => {
    const { value, vjp } = klDivergenceVjp(row.logits, row.prior);
    const most = 1 + 8 + Math.log(row.logits.length);
    const size = 1e-15 * most * Math.sqrt(row.value) + 1e-30 * most ** 2;
    // Far from what float64 makes of the plain formula, which is off by about 10^-16.
    expectNear(value, [row.value], () => rounded(row.value) + size, "value");
    const { input, prior } = vjp(1);
    expectNear(input, row.input, (i) => rounded(row.input[i]) + 1e-14, "by logits");
    expectNear(
      prior as Float32Array,
      row.byPrior,
      (i) => rounded(row.byPrior[i]) + 1e-14,
      "by prior",
    );
  });
});

test.each(FIXTURES.logGamma)("log Γ(%d)", (k, value) => {
  expect(Math.abs(logGamma(k) - value)).toBeLessThanOrEqual(2 ** -50 * value);
});

test("the fixtures hold what they promise", () => {
  const { samples, densities, estimates, near, logGamma } = FIXTURES;
  expect(samples.filter(({ kept, classes }) => kept.length < classes).length).toBeGreaterThan(2);
  expect(densities.filter(({ space }) => space === "simplex")).toHaveLength(8);
  expect(estimates.filter(({ prior, priorTau }) => prior && priorTau)).toHaveLength(8);
  expect(near.map(({ value }) => value).at(-1)).toBeLessThan(1e-12);
  expect(logGamma.map(([k]) => k)).toContain(1e8);
});
