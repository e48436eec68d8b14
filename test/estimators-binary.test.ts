/** Relaxed Bernoulli variables and their densities: against float64, both backends to the bit, identities, limits. */

import { readFileSync } from "node:fs";
import { gumbelNoise, gumbelSoftmax, Rng, setBackend } from "gumbel";
import {
  type BinarySpace,
  binaryConcrete,
  binaryConcreteLogProb,
  binaryConcreteLogProbVjp,
  binaryConcreteVjp,
} from "gumbel/estimators";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dot, expectSame, random } from "./support/api-arrays.ts";
import { batchOf, js } from "./support/kernels.ts";

interface Sample {
  row: number;
  tau: number;
  logits: number[];
  noise?: number[];
  v: number[];
  logit: number[];
  unit: number[];
  hard: number[];
  gradient: Record<BinarySpace, number[]>;
  tauGradient: Record<BinarySpace, number>;
}

interface Density {
  space: BinarySpace;
  tau: number;
  sample: number[];
  logits: number[];
  v: number[];
  value: number[];
  bySample: number[];
  byInput: number[];
  byTau: number;
}

const FIXTURES: { seed: number; stream: number; samples: Sample[]; densities: Density[] } =
  JSON.parse(readFileSync(new URL("fixtures/binary.json", import.meta.url), "utf8"));

const SPACES = ["unit", "logit"] as const;
const BACKENDS = ["wasm-simd", "js"] as const;

afterAll(() => void setBackend("wasm-simd"));

/** Fails where a value is further off than its bound. */
function expectWithin(actual: ArrayLike<number>, expected: number[], bound: (i: number) => number) {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    const error = Math.abs(actual[i] - value);
    expect(error, `${i}: ${actual[i]}, expected ${value}`).toBeLessThanOrEqual(bound(i));
  });
}

const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);

describe.each(BACKENDS)("%s: samples, by autograd in float64", (name) => {
  beforeAll(() => void setBackend(name));

  describe.each(FIXTURES.samples)("row $row, τ = $tau", (row) => {
    const { tau, logits, v, logit, unit, gradient, tauGradient } = row;
    const { seed, stream } = FIXTURES;
    const key = row.noise === undefined ? { seed, stream, row: row.row } : { noise: row.noise };
    const options = { tau, ...key };
    // Of l + L: two Gumbel variables below 12, and the sum. Of t: two roundings more.
    const ofScore = (i: number) =>
      (row.noise === undefined ? 5e-6 : 0) + 2 ** -24 * tau * Math.abs(logit[i]);
    const ofLogit = (i: number) => ofScore(i) / tau + 2 ** -22 * Math.abs(logit[i]);
    const slope = (i: number) => {
      const e = Math.exp(-Math.abs(logit[i]));
      return e / (1 + e) ** 2;
    };
    /** A product with the slope, relative; the fixture's own slope is off where y is rounded to 1. */
    const ofProduct = (i: number) => Math.expm1(ofLogit(i)) + 2 ** -22;

    test("soft, in either space", () => {
      expectWithin(binaryConcrete(logits, { ...options, space: "logit" }), logit, ofLogit);
      const bound = (i: number) => unit[i] * (Math.expm1(ofLogit(i)) + 2 ** -21) + 2 ** -100;
      expectWithin(binaryConcrete(logits, options), unit, bound);
    });

    test("hard", () => {
      const sample = binaryConcrete(logits, { ...options, hard: true });
      row.hard.forEach((outcome, i) => {
        if (Math.abs(tau * logit[i]) > ofScore(i)) expect(sample[i]).toBe(outcome);
      });
    });

    test.each(SPACES)("gradients in space %s", (space) => {
      const { vjp } = binaryConcreteVjp(logits, { ...options, space });
      const { input, tau: byTau } = vjp(v, { tau: true });
      const size = (i: number) => (Math.abs(v[i]) * (space === "unit" ? slope(i) : 1)) / tau;
      const own = (i: number) => (1e-15 * Math.abs(v[i])) / tau;
      expectWithin(input, gradient[space], (i) => size(i) * ofProduct(i) + own(i));
      const terms = logit.map(
        (t, i) => size(i) * (Math.abs(t) * ofProduct(i) + 2 * ofLogit(i)) + own(i) * Math.abs(t),
      );
      expectWithin(byTau as Float32Array, [tauGradient[space]], () => sum(terms) + 1e-12);
    });
  });
});

describe.each(FIXTURES.densities)("density at τ = $tau in space $space", (row) => {
  const { space, tau, sample, logits, v, value, bySample, byInput, byTau } = row;
  const t = sample.map((x) => (space === "logit" ? x : Math.log(x) - Math.log1p(-x)));
  const slope = sample.map((y) => (space === "logit" ? 1 : 1 / (y * (1 - y))));

  test("values and gradients by autograd in float64", () => {
    const size = (i: number) =>
      1 + Math.abs(Math.log(tau)) + Math.abs(logits[i]) + (1 + tau) * Math.abs(t[i]);
    const bound = (i: number) => 2 ** -24 * Math.abs(value[i]) + 1e-12 * size(i);
    expectWithin(binaryConcreteLogProb(sample, logits, { tau, space }), value, bound);
    const density = binaryConcreteLogProbVjp(sample, logits, { tau, space });
    expectWithin(density.value, value, bound);
    const gradient = density.vjp(v);
    const part = (g: number) => 2 ** -24 * Math.abs(g);
    expectWithin(gradient.input, byInput, (i) => part(byInput[i]) + 1e-12 * Math.abs(v[i]));
    expectWithin(
      gradient.sample,
      bySample,
      (i) => part(bySample[i]) + 1e-12 * Math.abs(v[i]) * (1 + tau) * slope[i],
    );
    const terms = v.map((v, i) => Math.abs(v) * (1 / tau + Math.abs(t[i])));
    expectWithin(gradient.tau, [byTau], () => part(byTau) + 1e-12 * sum(terms));
  });
});

const LENGTHS = [1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 255, 256, 257, 511, 512, 513, 1000];

describe.each(LENGTHS)("%i variables in a row", (classes) => {
  const rows = 70;
  const x = random(rows * classes, classes, -8, 8);
  x.set([0, -0, Infinity, -Infinity, 1e30, -1e-30].slice(0, x.length));
  const tau = Array.from(random(rows, 2, 0.1, 3));
  tau[1] = 1e-40;
  tau[2] = 1e40;
  const key = { classes, tau, seed: 2n ** 63n + 1n, stream: 2 ** 35, row: 9 };
  const v = random(x.length, classes + 1);

  function results(noise: Float32Array | undefined): Float32Array[] {
    const options = noise === undefined ? key : { classes, tau, noise };
    const unit = binaryConcreteVjp(x, { ...options, hard: true });
    const logit = binaryConcreteVjp(x, { ...options, space: "logit" });
    const gradients = [unit, logit].map(({ vjp }) => vjp(v, { tau: true }));
    return [
      ...[unit.sample, unit.soft, logit.sample],
      ...gradients.flatMap(({ input, tau }) => [input, tau as Float32Array]),
      binaryConcrete(x, options),
      binaryConcrete(x, { ...options, hard: true }),
      binaryConcrete(x, { ...options, space: "logit" }),
      binaryConcreteLogProb(logit.sample, x, { classes, tau, space: "logit" }),
      binaryConcreteLogProb(unit.soft, x, { classes, tau }),
    ];
  }

  test("both backends give the same bits, whether the noise is drawn or given", () => {
    for (const noise of [undefined, random(x.length, 3, -20, 20)]) {
      const [wasm, js] = BACKENDS.map((name) => {
        setBackend(name);
        return results(noise);
      });
      setBackend("wasm-simd");
      for (const [i, result] of wasm.entries()) expectSame(result, js[i], `result ${i}`);
    }
  });

  test.each([0.7, tau])("the same where invalid rows are marked or end the call, τ = %d", (tau) => {
    const spoilt = x.slice();
    for (const row of [5, 38, 39, 69]) spoilt[row * classes + (row % classes)] = Number.NaN;
    const noise = random(x.length, 4, -20, 20);
    for (const key of [{ seed: 1 }, { noise }]) {
      const [wasm, js] = BACKENDS.map((name) => {
        setBackend(name);
        const out = new Float32Array(x.length).fill(9);
        expect(() => binaryConcrete(spoilt, { classes, tau, out, ...key })).toThrow(/row 5, /);
        const marked = { classes, tau, onInvalidRow: "mark", ...key } as const;
        const { sample, soft } = binaryConcreteVjp(spoilt, { ...marked, hard: true });
        return [out, sample, soft, binaryConcrete(spoilt, { ...marked, space: "logit" })];
      });
      setBackend("wasm-simd");
      for (const [i, result] of wasm.entries()) expectSame(result, js[i], `result ${i}`);
      const right = binaryConcrete(x, { classes, tau, ...key });
      expectSame(wasm[0].slice(0, 5 * classes), right.slice(0, 5 * classes));
      expect(wasm[0].subarray(5 * classes).every((y) => y === 9)).toBe(true);
      const rowsMarked = new Set(
        Array.from(wasm[2].keys())
          .filter((i) => Number.isNaN(wasm[2][i]))
          .map((i) => Math.floor(i / classes)),
      );
      expect([...rowsMarked]).toEqual([5, 38, 39, 69]);
      expectSame(wasm[2].slice(6 * classes, 38 * classes), right.slice(6 * classes, 38 * classes));
    }
  });

  test("the functions with derivatives draw the same, and their key draws it again", () => {
    const [hard, soft, logit, , , , , unitAlone, hardAlone, logitAlone] = results(undefined);
    expectSame(soft, unitAlone);
    expectSame(hard, hardAlone);
    expectSame(logit, logitAlone);
    const again = binaryConcreteVjp(x, key).key;
    expectSame(binaryConcrete(x, { classes, tau, ...again }), soft);
  });

  test("each row is what it is alone", () => {
    const all = binaryConcrete(x, key);
    for (const row of [0, 1, 63, 64, rows - 1]) {
      const [start, end] = [row * classes, (row + 1) * classes];
      const alone = { seed: key.seed, stream: key.stream, row: key.row + row, tau: tau[row] };
      expectSame(binaryConcrete(x.slice(start, end), alone), all.slice(start, end));
    }
  });

  test("L is the difference of gumbelNoise and the noise of the other outcome", () => {
    const { seed, stream, row } = key;
    const noise = gumbelNoise(rows, classes, { seed, stream, row });
    const opposite = new Float32Array(x.length);
    js.noise(batchOf({ rows, classes, key: { seed, stream, row } }), opposite, 6);
    const difference = noise.map((g, i) => g - opposite[i]);
    const zeros = new Float32Array(x.length);
    const drawn = binaryConcrete(zeros, { classes, seed, stream, row, space: "logit" });
    expectSame(drawn, difference);
    expectSame(binaryConcrete(x, { classes, tau, noise: difference }), binaryConcrete(x, key));
  });
});

describe("identities", () => {
  const l = random(500, 1, -10, 10);
  const noise = random(1000, 2, -3, 10);
  const logistic = Float32Array.from(l, (_, i) => noise[2 * i] - noise[2 * i + 1]);

  test("the first entry of a Gumbel-Softmax sample of two classes, within both errors", () => {
    const pairs = Float32Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? l[i / 2] : 0));
    for (const tau of [0.3, 1, 4]) {
      const soft = gumbelSoftmax(pairs, { classes: 2, tau, noise });
      const hard = gumbelSoftmax(pairs, { classes: 2, hard: true, noise });
      const outcomes = binaryConcrete(l, { hard: true, noise: logistic });
      binaryConcrete(l, { tau, noise: logistic }).forEach((y, i) => {
        expect(Math.abs(y - soft[2 * i])).toBeLessThanOrEqual(
          soft[2 * i] * (Math.expm1(2e-5 / tau) + 1e-6),
        );
        expect(outcomes[i]).toBe(hard[2 * i]);
      });
    }
  });

  test("σ of the logits is the sample; its complement that of the opposite", () => {
    const logit = binaryConcrete(l, { tau: 0.7, noise: logistic, space: "logit" });
    const y = binaryConcrete(l, { tau: 0.7, noise: logistic });
    const opposite = binaryConcrete(
      l.map((l) => -l),
      { tau: 0.7, noise: logistic.map((g) => -g) },
    );
    y.forEach((y, i) => {
      expect(Math.abs(y - 1 / (1 + Math.exp(-logit[i])))).toBeLessThan(1e-5 * y);
      expect(Math.abs(y + opposite[i] - 1)).toBeLessThan(2 ** -22);
    });
  });

  test("straight-through: the gradient of hard samples is that of the soft ones", () => {
    const v = random(500, 3);
    const options = { classes: 50, tau: 0.6, seed: 9 };
    const [hard, soft] = [true, false].map((hard) => binaryConcreteVjp(l, { ...options, hard }));
    expectSame(hard.soft, soft.sample);
    expect(soft.sample).toBe(soft.soft);
    expectSame(hard.vjp(v, { tau: true }).input, soft.vjp(v).input);
    expect(hard.vjp(v).tau).toBeUndefined();
  });

  test("densities in both spaces differ by log y + log(1 − y)", () => {
    const y = random(500, 4, 0.01, 0.99);
    const t = y.map((y) => Math.log(y) - Math.log1p(-y));
    const [unit, logit] = [
      binaryConcreteLogProb(y, l, { tau: 0.6 }),
      binaryConcreteLogProb(t, l, { tau: 0.6, space: "logit" }),
    ];
    unit.forEach((value, i) => {
      const expected = logit[i] - Math.log(y[i]) - Math.log1p(-y[i]);
      expect(Math.abs(value - expected)).toBeLessThan(1e-5 * (1 + Math.abs(value)));
    });
  });

  test.each(SPACES)("density in space %s integrates to 1, by 20,000 points", (space) => {
    const points = 20_000;
    for (const [l, tau] of [
      [0.5, 1],
      [-2, 0.5],
      [1, 2],
    ]) {
      // By t in (−60, 60), where all of the mass is; dy = y·(1 − y)·dt.
      const t = Float32Array.from({ length: points }, (_, i) => (120 * (i + 0.5)) / points - 60);
      const y = t.map((t) => 1 / (1 + Math.exp(-t)));
      const x = space === "unit" ? y : t;
      const value = binaryConcreteLogProb(
        x,
        t.map(() => l),
        { tau, space },
      );
      const density = Float64Array.from(value, (p, i) => {
        if (space === "logit") return Math.exp(p);
        return y[i] === 1 ? 0 : Math.exp(p) * y[i] * (1 - y[i]);
      });
      // float32 has no y between 1 − 2^-24 and 1.
      const least =
        space === "unit" ? 1 - 2 * (Math.exp(l) + 1) * 2 ** (-24 * tau) - 1e-4 : 1 - 1e-6;
      const mass =
        (dot(
          density,
          density.map(() => 1),
        ) *
          120) /
        points;
      expect(mass).toBeGreaterThan(least);
      expect(mass).toBeLessThan(1 + 1e-4);
    }
  });

  test("a call takes one stream of an rng, if it succeeds", () => {
    const rng = new Rng(5);
    expectSame(binaryConcrete([0, 1], { rng }), binaryConcrete([0, 1], { seed: 5 }));
    expect(() => binaryConcrete([Number.NaN], { rng })).toThrow(RangeError);
    binaryConcreteVjp([0, 1], { rng });
    expect(rng.state.stream).toBe(2);
  });
});

describe("limits", () => {
  test("logits of ±∞ give exact 0 and 1, in every way, and gradients of 0", () => {
    const x = [Infinity, -Infinity, 0];
    const { sample, soft, vjp } = binaryConcreteVjp(x, { hard: true, tau: 3, seed: 1 });
    expect([...sample.subarray(0, 2)]).toEqual([1, 0]);
    expect([...soft.subarray(0, 2)]).toEqual([1, 0]);
    const logit = binaryConcreteVjp(x, { space: "logit", tau: 3, seed: 1 });
    expect([...logit.sample.subarray(0, 2)]).toEqual([Infinity, -Infinity]);
    for (const { input, tau } of [vjp, logit.vjp].map((vjp) => vjp([NaN, 1, 1], { tau: true }))) {
      expect([...input.subarray(0, 2)]).toEqual([0, 0]);
      expect(input[2]).toBeGreaterThan(0);
      expect(Number.isFinite(tau?.[0])).toBe(true);
    }
    expect([...binaryConcrete([0, 0, -Infinity], { noise: [Infinity, -Infinity, 3] })]).toEqual([
      1, 0, 0,
    ]);
  });

  test("0 below odds of 2^-100, 1 from 2^24 on; small samples and slopes keep their digits", () => {
    const noise = [0, 0, 0, 0, 0];
    const x = [-70, -69, -40, 16, 40];
    const y = binaryConcrete(x, { noise });
    expect(y[0]).toBe(0);
    expect(y[1]).toBeGreaterThan(0);
    expect(Math.abs(y[2] / Math.exp(-40) - 1)).toBeLessThan(1e-5);
    expect(y[3]).toBeLessThan(1);
    expect(y[4]).toBe(1);
    const { input } = binaryConcreteVjp(x, { noise }).vjp([1, 1, 1, 1, 1]);
    for (const [i, l] of x.entries()) {
      expect(Math.abs(input[i] / Math.exp(-Math.abs(l)) - 1)).toBeLessThan(1e-6);
    }
  });

  test("what is rounded to 0 is still in (−∞, ∞) as a logit, up to any τ", () => {
    const logit = binaryConcrete([1, -1], { noise: [0, 0], tau: 1e-30, space: "logit" });
    expect([...logit]).toEqual([Math.fround(1e30), -Math.fround(1e30)]);
    expect([...binaryConcrete([1, -1], { noise: [0, 0], tau: 1e-30 })]).toEqual([1, 0]);
    expect([...binaryConcrete([1, -1], { noise: [0, 0], tau: 1e300 })]).toEqual([0.5, 0.5]);
    expect([...binaryConcrete([0, 1], { noise: [0, -1], tau: 1e-300, hard: true })]).toEqual([
      0, 0,
    ]);
  });

  test("densities at the edge of [0, 1] are limits: ∞ below τ = 1, −∞ above, finite at 1", () => {
    const [x, l] = [
      [0, 1],
      [0.5, 0.5],
    ];
    const at = (tau: number) => binaryConcreteLogProbVjp(x, l, { tau });
    expect([...at(0.5).value]).toEqual([Infinity, Infinity]);
    expect([...at(2).value]).toEqual([-Infinity, -Infinity]);
    expect([...at(1).value]).toEqual([-0.5, 0.5]);
    // They meet what comes before them.
    const near = [2 ** -100, 1 - 2 ** -24];
    const one = binaryConcreteLogProbVjp(near, l, { tau: 1 });
    for (const i of [0, 1]) {
      expect(one.value[i]).toBeCloseTo(at(1).value[i], 5);
      expect(one.vjp([1, 1]).sample[i]).toBeCloseTo(at(1).vjp([1, 1]).sample[i], 5);
    }
    expect([...at(0.5).vjp([1, 1]).sample]).toEqual([-Infinity, Infinity]);
    expect([...at(2).vjp([1, 1]).sample]).toEqual([Infinity, -Infinity]);
    expect([...at(0.5).vjp([1, 1]).input]).toEqual([-1, 1]);
    const far = binaryConcreteLogProbVjp([-Infinity, Infinity], l, { tau: 0.5, space: "logit" });
    expect([...far.value]).toEqual([-Infinity, -Infinity]);
    expect([...far.vjp([1, 1]).sample]).toEqual([0.5, -0.5]);
  });

  test("a certain outcome has density 0 (as a logarithm) where it is, −∞ elsewhere, and no gradient", () => {
    for (const [space, x] of [
      ["unit", [0, 1, 0.5, 1, 0]],
      ["logit", [-Infinity, Infinity, 3, Infinity, -Infinity]],
    ] as const) {
      const l = [-Infinity, Infinity, Infinity, -Infinity, Infinity];
      const { value, vjp } = binaryConcreteLogProbVjp(x, l, { space, tau: 0.5 });
      expect([...value]).toEqual([0, 0, -Infinity, -Infinity, -Infinity]);
      const gradient = vjp([1, 1, 1, 1, 1]);
      expect([...gradient.sample, ...gradient.input, ...gradient.tau].every((g) => g === 0)).toBe(
        true,
      );
      const any = vjp([Infinity, NaN, -Infinity, NaN, Infinity]);
      expect([...any.sample, ...any.input, ...any.tau].every((g) => g === 0)).toBe(true);
    }
  });

  test("densities don't overflow: the largest logits and samples, the smallest τ", () => {
    for (const tau of [1e-300, 1e-10, 1, 1e10, 1e300]) {
      const value = binaryConcreteLogProb([3e38, -3e38, 0], [-3e38, 3e38, 3e38], {
        tau,
        space: "logit",
      });
      expect(value.every((p) => p < 800 && !Number.isNaN(p))).toBe(true);
    }
  });

  test("marked rows, results in place, no rows", () => {
    const rows = [
      [0, 1],
      [NaN, 1],
      [1, 0],
    ];
    const { sample, soft, vjp } = binaryConcreteVjp(rows, {
      hard: true,
      seed: 1,
      onInvalidRow: "mark",
    });
    const gradient = vjp([1, 1, 1, 1, 1, 1], { tau: true });
    for (const result of [sample, soft, gradient.input]) {
      expect([...result].map(Number.isNaN)).toEqual([false, false, true, true, false, false]);
    }
    expect([...(gradient.tau ?? [])].map(Number.isNaN)).toEqual([false, true, false]);
    const logit = binaryConcreteVjp(rows, { space: "logit", seed: 1, onInvalidRow: "mark" });
    expect([...logit.vjp([1, 1, 1, 1, 1, 1]).input.subarray(2, 4)]).toEqual([NaN, NaN]);
    const densities = binaryConcreteLogProbVjp([[0.5], [2], [0.5]], [0, 0, 0], {
      onInvalidRow: "mark",
    });
    expect([...densities.value].map(Number.isNaN)).toEqual([false, true, false]);
    const { sample: bySample, input, tau } = densities.vjp([1, 1, 1]);
    for (const result of [bySample, input, tau]) {
      expect([...result].map(Number.isNaN)).toEqual([false, true, false]);
    }
    const x = Float32Array.of(0, 1, 1, 0);
    const apart = binaryConcrete(x, { classes: 2, seed: 1 });
    expectSame(binaryConcrete(x, { classes: 2, seed: 1, out: x }), apart);
    expect(binaryConcreteVjp([], { classes: 3 }).vjp([], { tau: true }).tau).toHaveLength(0);
    expect(binaryConcreteLogProb([], [], { classes: 3 })).toHaveLength(0);
  });

  test("thrown: rows before are done, the others as they were", () => {
    const out = new Float32Array(6).fill(9);
    expect(() =>
      binaryConcrete(
        [
          [0, 1],
          [NaN, 1],
          [1, 0],
        ],
        { seed: 1, out },
      ),
    ).toThrow(RangeError);
    expectSame(out.slice(0, 2), binaryConcrete([0, 1], { seed: 1 }));
    expect([...out.subarray(2)]).toEqual([9, 9, 9, 9]);
  });
});
