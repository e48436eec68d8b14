/**
 * Gradients of relaxed laws against central differences of their float64 formulas, written out here, in rows of up to a
 * thousand classes; and training through both functions of an estimated divergence.
 */

import { gumbelNoise } from "gumbel";
import {
  concreteKl,
  concreteKlVjp,
  concreteLogProbVjp,
  entropyVjp,
  klDivergenceVjp,
  logGumbelSoftmax,
  logGumbelSoftmaxVjp,
} from "gumbel/estimators";
import { describe, expect, test } from "vitest";
import { dot, random } from "./support/api-arrays.ts";

type Vector = Float64Array;
/** Step of the differences, relative to the value; their own error is then about 10^-9 of the terms. */
const STEP = 2 ** -16;

const float64 = (x: ArrayLike<number>) => Float64Array.from(x);
const logSumExp = (x: Vector) => {
  const most = x.reduce((a, b) => Math.max(a, b));
  return most + Math.log(x.reduce((sum, x) => sum + Math.exp(x - most), 0));
};
const logSoftmax = (x: Vector) => {
  const all = logSumExp(x);
  return x.map((x) => x - all);
};

/** ExpConcrete, with log Γ(K) left out: no gradient sees it. */
function logDensity(z: Vector, l: Vector, tau: number): number {
  const a = l.map((l, i) => l - tau * z[i]);
  return (a.length - 1) * Math.log(tau) + a.reduce((sum, a) => sum + a) - a.length * logSumExp(a);
}

function entropyOf(l: Vector, temperature: number): number {
  const log = logSoftmax(l.map((l) => l / temperature));
  return -log.reduce((sum, log) => sum + Math.exp(log) * log, 0);
}

function divergenceOf(l: Vector, p: Vector): number {
  const [q, prior] = [logSoftmax(l), logSoftmax(p)];
  return q.reduce((sum, q, i) => sum + Math.exp(q) * (q - prior[i]), 0);
}

const logSample = (l: Vector, g: Vector, tau: number) =>
  logSoftmax(l.map((l, i) => (l + g[i]) / tau));

/** df/dx of a number, by Richardson's extrapolation of two differences. */
function slope(f: (x: number) => number, x: number): number {
  const by = (h: number) => (f(x + h) - f(x - h)) / (2 * h);
  const h = STEP * Math.max(1, Math.abs(x));
  return (4 * by(h) - by(2 * h)) / 3;
}

/** The same by some columns of a vector. */
function slopes(f: (x: Vector) => number, x: Vector, columns: number[]): number[] {
  return columns.map((i) =>
    slope((value) => {
      const moved = x.slice();
      moved[i] = value;
      return f(moved);
    }, x[i]),
  );
}

/** Forty columns at most, both ends among them. */
const columnsOf = (classes: number) => {
  const n = Math.min(classes, 40);
  return Array.from({ length: n }, (_, i) => Math.round((i * (classes - 1)) / (n - 1)));
};

function check(got: ArrayLike<number>, columns: number[], expected: number[], bound: number): void {
  columns.forEach((column, i) => {
    const error = Math.abs(got[column] - expected[i]);
    const rounding = 2 ** -24 * Math.abs(expected[i]);
    expect(error, `${column}: ${got[column]}, not ${expected[i]}`).toBeLessThan(bound + rounding);
  });
  // A gradient that is nothing would agree with anything small.
  expect(columns.some((column) => Math.abs(got[column]) > 10 * bound)).toBe(true);
}

const SHAPES = [
  { classes: 2, tau: 1 },
  { classes: 3, tau: 0.3 },
  { classes: 17, tau: 0.7 },
  { classes: 257, tau: 2 },
  { classes: 1000, tau: 0.5 },
];

describe.each(SHAPES)("$classes classes, τ = $tau", ({ classes, tau }) => {
  const columns = columnsOf(classes);
  const [l, p, v] = [random(classes, 1), random(classes, 2), random(classes, 3)];
  const [l64, p64] = [float64(l), float64(p)];
  const g = gumbelNoise(1, classes, { seed: 4, stream: classes });
  const { sample, vjp } = logGumbelSoftmaxVjp(l, { tau, seed: 4, stream: classes });
  const z64 = float64(sample);

  test("logGumbelSoftmaxVjp", () => {
    const { input, tau: byTau } = vjp(v, { tau: true });
    const of = (l: Vector, tau: number) => dot(logSample(l, float64(g), tau), v);
    const total = v.reduce((sum, v) => sum + Math.abs(v), 0);
    check(
      input,
      columns,
      slopes((l) => of(l, tau), l64, columns),
      (1e-5 * total) / tau ** 2,
    );
    const size = (1e-5 * total * sample.reduce((a, b) => Math.max(a, Math.abs(b)), 0)) / tau ** 2;
    check(byTau as Float32Array, [0], [slope((tau) => of(l64, tau), tau)], size);
  });

  test("concreteLogProbVjp", () => {
    const found = concreteLogProbVjp(sample, l, { tau }).vjp(1);
    const bound = 1e-8 * classes;
    check(
      found.sample,
      columns,
      slopes((z) => logDensity(z, l64, tau), z64, columns),
      bound,
    );
    check(
      found.input,
      columns,
      slopes((l) => logDensity(z64, l, tau), l64, columns),
      bound,
    );
    const byTau = slope((tau) => logDensity(z64, l64, tau), tau);
    check(found.tau, [0], [byTau], 1e-6 * classes);
  });

  test("concreteLogProbVjp on the simplex", () => {
    const x64 = z64.map((z) => Math.fround(Math.exp(Math.max(z, -12))));
    const of = (x: Vector, l: Vector, tau: number) => {
      const z = x.map(Math.log);
      return logDensity(z, l, tau) - z.reduce((sum, z) => sum + z);
    };
    const found = concreteLogProbVjp(x64, l, { tau, space: "simplex" }).vjp(1);
    const some = columns.filter((i) => x64[i] > 1e-3);
    check(
      found.sample,
      some,
      slopes((x) => of(x, l64, tau), x64, some),
      1e-3 * classes,
    );
    check(
      found.input,
      columns,
      slopes((l) => of(x64, l, tau), l64, columns),
      1e-8 * classes,
    );
    check(found.tau, [0], [slope((tau) => of(x64, l64, tau), tau)], 1e-6 * classes);
  });

  test("concreteKlVjp", () => {
    const priorTau = 1.5 * tau;
    const of = (z: Vector, l: Vector, t: number, p: Vector, s: number) =>
      logDensity(z, l, t) - logDensity(z, p, s);
    const found = concreteKlVjp(sample, l, { tau, prior: p, priorTau }).vjp(1);
    const bound = 1e-8 * classes;
    check(
      found.sample,
      columns,
      slopes((z) => of(z, l64, tau, p64, priorTau), z64, columns),
      bound,
    );
    check(
      found.input,
      columns,
      slopes((l) => of(z64, l, tau, p64, priorTau), l64, columns),
      bound,
    );
    const byPrior = slopes((p) => of(z64, l64, tau, p, priorTau), p64, columns);
    check(found.prior as Float32Array, columns, byPrior, bound);
    check(found.tau, [0], [slope((t) => of(z64, l64, t, p64, priorTau), tau)], 1e-6 * classes);
    const byPriorTau = slope((s) => of(z64, l64, tau, p64, s), priorTau);
    check(found.priorTau as Float32Array, [0], [byPriorTau], 1e-6 * classes);
    // Without a τ of its own the prior has that of the law, which then moves both.
    const both = concreteKlVjp(sample, l, { tau, prior: p }).vjp(1);
    check(both.tau, [0], [slope((t) => of(z64, l64, t, p64, t), tau)], 1e-6 * classes);
  });

  test("an estimate that is trained: by the logits and τ, through the sample too", () => {
    const {
      sample: bySample,
      input,
      tau: held,
    } = concreteKlVjp(sample, l, { tau, prior: p, priorTau: 1 }).vjp(1);
    const through = vjp(bySample, { tau: true });
    const of = (l: Vector, t: number) => {
      const z = logSample(l, float64(g), t);
      return logDensity(z, l, t) - logDensity(z, p64, 1);
    };
    const size = bySample.reduce((sum, v) => sum + Math.abs(v), 0) / tau;
    const total = input.map((x, i) => x + through.input[i]);
    check(
      total,
      columns,
      slopes((l) => of(l, tau), l64, columns),
      1e-5 * size,
    );
    const byTau = held[0] + (through.tau?.[0] as number);
    const expected = slope((t) => of(l64, t), tau);
    expect(Math.abs(byTau - expected)).toBeLessThan(1e-4 * size);
  });

  test("entropyVjp", () => {
    const found = entropyVjp(l, { temperature: tau }).vjp(1);
    check(
      found.input,
      columns,
      slopes((l) => entropyOf(l, tau), l64, columns),
      3e-6 / tau / Math.sqrt(classes),
    );
    check(found.temperature, [0], [slope((t) => entropyOf(l64, t), tau)], 1e-5 / tau);
  });

  test("klDivergenceVjp", () => {
    const found = klDivergenceVjp(l, p).vjp(1);
    check(
      found.input,
      columns,
      slopes((l) => divergenceOf(l, p64), l64, columns),
      3e-8,
    );
    check(
      found.prior as Float32Array,
      columns,
      slopes((p) => divergenceOf(l64, p), p64, columns),
      3e-8,
    );
  });
});

test("an estimate of 0.07 is what is left of two log-densities of 10^5", () => {
  const classes = 100_000;
  const l = new Float32Array(classes).map((_, i) => 5 * Math.sin(1.7 * i));
  const prior = l.map((x, i) => x + 1e-3 * Math.cos(i));
  const z = logGumbelSoftmax(l, { tau: 0.9, seed: 3 });
  const [law, other] = [l, prior].map((l) => logDensity(float64(z), float64(l), 0.9)) as [
    number,
    number,
  ];
  expect(Math.abs(law)).toBeGreaterThan(1e5);
  const estimate = concreteKl(z, l, { tau: 0.9, prior })[0];
  expect(estimate).toBeGreaterThan(0.07);
  expect(Math.abs(estimate - (law - other))).toBeLessThan(1e-7);
});
