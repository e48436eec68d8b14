/**
 * The estimated gradients of gumbelMaxVjp against each paper's formula, differentiated by PyTorch in float64
 * (scripts/fixtures_estimators.py), against each other, and against the exact gradient where theory promises it.
 */

import { readFileSync } from "node:fs";
import {
  type From,
  gumbelMax,
  gumbelNoise,
  gumbelSoftmaxVjp,
  setBackend,
  softmaxVjp,
} from "gumbel";
import { type GumbelMaxVjpOptions, gumbelMaxVjp } from "gumbel/estimators";
import { afterEach, describe, expect, test } from "vitest";
import { dot, expectSame, random } from "./support/api-arrays.ts";

interface Case {
  classes: number;
  from: From;
  x: (number | "-Infinity")[];
  v: number[];
  index: number[];
  gradients: (GumbelMaxVjpOptions & { tau?: number; gradient: number[] })[];
}

const FIXTURES: { seed: number; stream: number; cases: Case[] } = JSON.parse(
  readFileSync(new URL("fixtures/estimators.json", import.meta.url), "utf8"),
);

/** Every estimator, with options that aren't its defaults. */
const ESTIMATORS: GumbelMaxVjpOptions[] = [
  { tau: 0.5 },
  { estimator: "straight-through", tau: 0.5 },
  { estimator: "decoupled", backwardTemperature: 0.5 },
  { estimator: "decoupled", backwardTemperature: 0.5, backwardNoise: true },
  { estimator: "reinmax", tau: 1.5 },
  { estimator: "gumbel-rao", tau: 0.5, replicas: 3 },
  { estimator: "gst", tau: 0.5 },
  { estimator: "gst", tau: 0.5, gap: "p" },
];
const named = ESTIMATORS.map((options) => [JSON.stringify(options), options] as const);
const givenNoise = named.filter(([, { estimator }]) => estimator !== "gumbel-rao");

afterEach(() => {
  setBackend("wasm-simd");
});

const LENGTHS = [1, 2, 3, 4, 5, 15, 16, 17, 255, 256, 257, 511, 512, 513];

describe("PyTorch's float64 gradients of the papers' formulas", () => {
  const { seed, stream, cases } = FIXTURES;

  test.each(cases)("$classes classes, $from", ({ classes, from, x, v, index, gradients }) => {
    expect(gradients).toHaveLength(25);
    const input = Float32Array.from(x, Number);
    for (const { gradient, ...options } of gradients) {
      const g = gumbelMaxVjp(input, { ...options, classes, from, seed, stream });
      expect(Array.from(g.index)).toEqual(index);
      const got = g.vjp(v).input;
      const t = "backwardTemperature" in options ? options.backwardTemperature : options.tau;
      const bound = 1e-6 * (1 + 1 / Number(t));
      gradient.forEach((expected, i) => {
        const what = `${JSON.stringify(options)}, ${i}`;
        expect(Math.abs(got[i] - expected), what).toBeLessThanOrEqual(bound);
        if (expected === 0) expect(got[i], what).toBe(0);
      });
    }
  });
});

describe("the draw", () => {
  test.each(named)("is that of gumbelMax, as is the key: %s", (_, options) => {
    for (const classes of LENGTHS) {
      const logits = random(classes * 7, classes);
      const key = { seed: [1, 2, 3, 4, 5, 6, 7], stream: 9, row: 11 };
      const { sample, index, key: used } = gumbelMaxVjp(logits, { ...options, classes, ...key });
      expectSame(index, gumbelMax(logits, { classes, ...key }));
      expect(used).toEqual(key);
      const oneHot = new Float32Array(logits.length);
      for (const [row, drawn] of index.entries()) oneHot[row * classes + drawn] = 1;
      expectSame(sample, oneHot);
    }
  });

  test("is that of gumbelMax at the temperature of decoupled", () => {
    const logits = random(3000, 1);
    for (const temperature of [0, 0.3, 5, Array.from({ length: 300 }, (_, row) => row / 100)]) {
      const options = { classes: 10, seed: 1 };
      const { index } = gumbelMaxVjp(logits, { estimator: "decoupled", temperature, ...options });
      expectSame(index, gumbelMax(logits, { temperature, ...options }));
    }
  });

  test.each(givenNoise)(
    "with given noise is the same, and so is the gradient: %s",
    (_, options) => {
      const [rows, classes] = [20, 17];
      const logits = random(rows * classes, 1);
      const v = random(rows * classes, 2);
      const noise = gumbelNoise(rows, classes, { seed: 5 });
      const drawn = gumbelMaxVjp(logits, { ...options, classes, seed: 5 });
      const given = gumbelMaxVjp(logits, { ...options, classes, noise } as GumbelMaxVjpOptions);
      expect(given.key).toBeUndefined();
      expectSame(given.index, drawn.index);
      expectSame(given.vjp(v).input, drawn.vjp(v).input);
    },
  );
});

describe("estimators against each other, bit for bit", () => {
  const [rows, classes] = [9, 19];
  const tau = Array.from({ length: rows }, (_, row) => 0.25 + row / 4);
  const v = random(rows * classes, 2);
  const weights = random(rows * classes, 3, 0, 4);
  weights[3] = 0;
  const inputs = [
    ["logits", random(rows * classes, 1)],
    ["weights", weights],
  ] as const;
  const common = { classes, seed: 3 };

  test.each(inputs)("straight-through-gumbel is gumbelSoftmaxVjp's hard sample: %s", (from, x) => {
    const expected = gumbelSoftmaxVjp(x, { ...common, from, tau, hard: true });
    for (const named of [{}, { estimator: "straight-through-gumbel" }] as const) {
      const got = gumbelMaxVjp(x, { ...common, ...named, from, tau });
      expectSame(got.sample, expected.sample);
      expectSame(got.vjp(v).input, expected.vjp(v).input);
    }
  });

  test("straight-through at τ = 1 is the gradient of the softmax", () => {
    const x = inputs[0][1];
    const got = gumbelMaxVjp(x, { ...common, estimator: "straight-through" }).vjp(v).input;
    const row = (i: number, y: Float32Array) => y.subarray(i * classes, (i + 1) * classes);
    for (let i = 0; i < rows; i++) {
      expectSame(row(i, got), softmaxVjp(row(i, x)).vjp(row(i, v)).input);
    }
  });

  test.each(inputs)(
    "decoupled without noise is straight-through, whatever is drawn: %s",
    (from, x) => {
      const expected = gumbelMaxVjp(x, { ...common, from, estimator: "straight-through", tau });
      for (const temperature of [1, 3]) {
        const options = { temperature, backwardTemperature: tau } as const;
        const got = gumbelMaxVjp(x, { ...common, from, estimator: "decoupled", ...options });
        expectSame(got.vjp(v).input, expected.vjp(v).input);
      }
    },
  );

  test("decoupled with noise and equal temperatures T is straight-through-gumbel of the logits/T, at τ = 1", () => {
    // A power of two divides the logits without rounding.
    for (const t of [0.5, 1, 4]) {
      const x = inputs[0][1];
      const scaled = gumbelMaxVjp(
        x.map((l) => l / t),
        common,
      );
      const got = gumbelMaxVjp(x, {
        ...{ ...common, estimator: "decoupled", backwardNoise: true },
        ...{ temperature: t, backwardTemperature: t },
      });
      expectSame(got.index, scaled.index);
      expectSame(
        got.vjp(v).input,
        scaled.vjp(v).input.map((g) => g / t),
      );
    }
  });

  test("gst with a gap of 0 and the largest logit drawn is straight-through", () => {
    const x = [[3, 1, -1, 2]];
    const options = { noise: [[9, 0, 0, 0]], tau: 0.7 };
    const got = gumbelMaxVjp(x, { ...options, estimator: "gst", gap: 0 }).vjp([1, 2, 3, 4]).input;
    const plain = gumbelMaxVjp(x, { ...options, estimator: "straight-through" });
    expectSame(got, plain.vjp([1, 2, 3, 4]).input);
  });

  test("one row at a time is the same, with τ of its own", () => {
    for (const [, options] of named) {
      const { tau: _, backwardTemperature: __, ...rest } = options as Record<string, unknown>;
      const name = "backwardTemperature" in options ? "backwardTemperature" : "tau";
      const per = tau.map((t) => t + 1);
      const x = inputs[0][1];
      const all = gumbelMaxVjp(x, { ...rest, [name]: per, ...common } as GumbelMaxVjpOptions);
      const whole = all.vjp(v).input;
      for (let row = 0; row < rows; row++) {
        const [from, to] = [row * classes, (row + 1) * classes];
        const one = { ...rest, [name]: per[row], seed: 3, row } as GumbelMaxVjpOptions;
        const { input } = gumbelMaxVjp(x.subarray(from, to), one).vjp(v.subarray(from, to));
        expectSame(input, whole.subarray(from, to), JSON.stringify(one));
      }
    }
  });
});

/** A gradient's mean over the classes that can be drawn, each drawn by noise that lets it win. */
function meanGradient(
  options: GumbelMaxVjpOptions,
  logits: Float64Array,
  upstream: (drawn: number) => number[],
): Float64Array {
  const classes = logits.length;
  const total = logits.reduce((sum, l) => sum + Math.exp(l), 0);
  const mean = new Float64Array(classes);
  for (let drawn = 0; drawn < classes; drawn++) {
    const noise = logits.map((_, i) => (i === drawn ? 40 : 0));
    const g = gumbelMaxVjp(logits, { ...options, noise } as GumbelMaxVjpOptions);
    expect(g.index[0]).toBe(drawn);
    const p = Math.exp(logits[drawn]) / total;
    g.vjp(upstream(drawn)).input.forEach((value, i) => {
      mean[i] += p * value;
    });
  }
  return mean;
}

describe("the mean over all classes that can be drawn, without Monte Carlo", () => {
  const logits = Float64Array.of(0.5, -1.25, 1.75, 0, -0.5);
  const classes = logits.length;
  const a = random(classes ** 2, 1);
  const b = random(classes, 2);
  const total = logits.reduce((sum, l) => sum + Math.exp(l), 0);
  const law = logits.map((l) => Math.exp(l) / total);

  /** f(x) = Σ b x + x'Ax/2 + c Σ x³, of which one-hot x has f = b + A/2 + c. */
  const quadratic = (i: number) => b[i] + a[i * classes + i] / 2;
  const byQuadratic = (drawn: number) =>
    Array.from(b, (b, i) => b + (a[i * classes + drawn] + a[drawn * classes + i]) / 2);

  /** d/dl Σ p f = p(f − Σ p f). */
  function exact(f: (i: number) => number): Float64Array {
    const values = law.map((_, i) => f(i));
    const mean = dot(law, values);
    return law.map((p, i) => p * (values[i] - mean));
  }

  const distance = (x: Float64Array, y: Float64Array) =>
    Math.max(...x.map((x, i) => Math.abs(x - y[i])));
  const FLOAT32 = 2e-6;

  test("reinmax is exact for quadratic losses; straight-through, and reinmax at another τ, are not", () => {
    const expected = exact(quadratic);
    const mean = (options: GumbelMaxVjpOptions) =>
      distance(meanGradient(options, logits, byQuadratic), expected);
    expect(mean({ estimator: "reinmax" })).toBeLessThan(FLOAT32);
    expect(mean({ estimator: "straight-through" })).toBeGreaterThan(0.02);
    expect(mean({ estimator: "reinmax", tau: 2 })).toBeGreaterThan(0.02);
  });

  test("reinmax isn't exact for a cubic loss", () => {
    // f = x0²·x2 + x0: one-hot x have f = x0.
    const upstream = (drawn: number) => [1, 0, drawn === 0 ? 1 : 0, 0, 0];
    const mean = meanGradient({ estimator: "reinmax" }, logits, upstream);
    const error = distance(
      mean,
      exact((i) => (i === 0 ? 1 : 0)),
    );
    expect(error).toBeGreaterThan(1e-3);
  });

  test("straight-through and reinmax are exact for linear losses; gst is not", () => {
    const expected = exact((i) => b[i]);
    const mean = (options: GumbelMaxVjpOptions) =>
      distance(
        meanGradient(options, logits, () => Array.from(b)),
        expected,
      );
    expect(mean({ estimator: "straight-through" })).toBeLessThan(FLOAT32);
    expect(mean({ estimator: "decoupled" })).toBeLessThan(FLOAT32);
    expect(mean({ estimator: "reinmax" })).toBeLessThan(FLOAT32);
    expect(mean({ estimator: "gst" })).toBeGreaterThan(0.01);
  });
});

describe("edges", () => {
  const { NaN: nan, POSITIVE_INFINITY: inf, NEGATIVE_INFINITY: none } = Number;

  test.each(named)("rows sum to 0: %s", (_, options) => {
    const [rows, classes] = [50, 300];
    const v = random(rows * classes, 2);
    const { input } = gumbelMaxVjp(random(rows * classes, 1), { ...options, classes, seed: 1 }).vjp(
      v,
    );
    for (let row = 0; row < rows; row++) {
      const gradient = input.subarray(row * classes, (row + 1) * classes);
      // Σ y|v| ≤ 3 for each softmax; 1/τ = 2, or the 5/2 of reinmax.
      expect(Math.abs(gradient.reduce((sum, g) => sum + g, 0))).toBeLessThan(2 ** -20 * 3 * 2.5);
      expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(1e-4);
    }
  });

  test.each(named)("0 at impossible classes, whatever v holds there: %s", (_, options) => {
    const x = [1, none, 0, none, 2, 0.5];
    const v = [1, nan, 2, inf, 3, -1];
    const { input } = gumbelMaxVjp(x, { ...options, seed: 1 }).vjp(v);
    expect([input[1], input[3]]).toEqual([0, 0]);
    const few = gumbelMaxVjp(x, { ...options, seed: 1 }).vjp([1, 0, 2, 0, 3, -1]).input;
    expectSame(input, few);
    expect(few.every(Number.isFinite)).toBe(true);
    const weights = x.map((l) => Math.exp(l));
    const by = gumbelMaxVjp(weights, { ...options, from: "weights", seed: 1 }).vjp(v).input;
    expect([by[1], by[3]]).toEqual([0, 0]);
    expect(by.every(Number.isFinite)).toBe(true);
  });

  test.each(named)("0 where one class is certain: %s", (_, options) => {
    for (const x of [
      [1, inf, 0],
      [none, 3, none],
    ]) {
      const g = gumbelMaxVjp(x, { ...options, seed: 1 });
      expectSame(g.sample, Float32Array.of(0, 1, 0));
      expect(Array.from(g.vjp([1, 2, 3]).input, Math.abs)).toEqual([0, 0, 0]);
    }
  });

  test("gst's gap p grows without bound where the class drawn is nearly certain", () => {
    const gradient = (l: number, tau: number) => {
      const g = gumbelMaxVjp([l, 0], { estimator: "gst", gap: "p", tau, noise: [60, 0] });
      return Math.abs(g.vjp([1, 0]).input[1]);
    };
    // 1 − p = e^-l nearly, so the gap is l and the gradient e^-l.
    expect(gradient(10, 1) * Math.exp(10)).toBeCloseTo(1, 2);
    expect(gradient(30, 1) * Math.exp(30)).toBeCloseTo(1, 2);
    // Probabilities below 2^-100 are 0.
    expect(gradient(200, 100)).toBe(0);
  });

  test("gst's gap p is 1 for a class drawn in spite of a probability of 0", () => {
    const [x, noise] = [
      [200, 0],
      [0, 300],
    ];
    const [p, one] = (["p", 1] as const).map((gap) => {
      return gumbelMaxVjp(x, { estimator: "gst", gap, noise }).vjp([1, 2]).input;
    });
    expectSame(p, one);
    expect(p[1]).toBeCloseTo(Math.exp(1) / (1 + Math.exp(1)) ** 2);
  });

  test.each(named)("marked rows are NaN, the others right: %s", (_, options) => {
    const classes = 5;
    const good = random(4 * classes, 1);
    const v = random(4 * classes, 2);
    const bad = good.slice();
    bad[classes + 2] = nan;
    bad.fill(none, 2 * classes, 3 * classes);
    const g = gumbelMaxVjp(bad, { ...options, classes, seed: 1, onInvalidRow: "mark" });
    const marked = g.vjp(v).input;
    const right = gumbelMaxVjp(good, { ...options, classes, seed: 1 }).vjp(v).input;
    expect(Array.from(g.index, (i) => i < 0)).toEqual([false, true, true, false]);
    right.fill(nan, classes, 3 * classes);
    expectSame(marked, right);
    expectSame(g.sample.subarray(classes, 3 * classes), right.subarray(classes, 3 * classes));
  });

  test.each(givenNoise)("rows are marked for given noise, too: %s", (_, options) => {
    const noise = [
      [0, nan],
      [0, 1],
    ];
    const given = { ...options, noise, onInvalidRow: "mark" } as GumbelMaxVjpOptions;
    const g = gumbelMaxVjp([1, 2, 1, 2], { ...given, classes: 2 });
    expect(Array.from(g.index)).toEqual([-1, 1]);
    const { input } = g.vjp([1, 2, 1, 2]);
    expect(Array.from(input, Number.isNaN)).toEqual([true, true, false, false]);
  });

  test.each(named)("no rows: %s", (_, options) => {
    const g = gumbelMaxVjp([], { ...options, classes: 3, seed: 1 });
    expect([g.sample.length, g.index.length, g.vjp([]).input.length]).toEqual([0, 0, 0]);
  });
});

describe("arrays", () => {
  const x = random(12, 1);
  const v = random(12, 2);

  test.each(named)(
    "out takes the results, and may be v; vjp may be called often: %s",
    (_, options) => {
      const call = { ...options, classes: 4, seed: 1 };
      const expected = gumbelMaxVjp(x, call);
      const out = { sample: new Float32Array(12), index: new Int32Array(3) };
      const g = gumbelMaxVjp(x, { ...call, out });
      expect([g.sample, g.index]).toEqual([out.sample, out.index]);
      expect(g.sample).toBe(out.sample);
      expect(g.index).toBe(out.index);
      expectSame(g.sample, expected.sample);
      const gradient = expected.vjp(v).input;
      // What becomes of the results is not the gradient's affair.
      g.index.fill(77);
      g.sample.fill(5);
      expectSame(g.vjp(v).input, gradient);
      const into = v.slice();
      expect(g.vjp(into, { out: into }).input).toBe(into);
      expectSame(into, gradient);
      expectSame(g.vjp(v).input, gradient);
    },
  );
});

test.each(named)("both backends give the same bits: %s", (_, options) => {
  for (const classes of LENGTHS) {
    const rows = 5;
    const v = random(rows * classes, 2);
    const x = random(rows * classes, classes, -8, 8);
    const weights = x.map((l) => Math.abs(l));
    if (classes > 2) {
      x[1] = Number.NEGATIVE_INFINITY;
      x[classes] = Number.POSITIVE_INFINITY;
      x[2 * classes] = Number.NaN;
      v[3 * classes] = Number.NaN;
      v[4 * classes] = Number.POSITIVE_INFINITY;
    }
    const call = { ...options, classes, seed: 4, onInvalidRow: "mark" } as const;
    const results = (["wasm-simd", "js"] as const).map((name) => {
      setBackend(name);
      const byLogits = gumbelMaxVjp(x, call);
      const byWeights = gumbelMaxVjp(weights, { ...call, from: "weights" });
      return [byLogits, byWeights].flatMap((g) => [g.sample, g.vjp(v).input]);
    });
    for (const [i, result] of results[0].entries()) {
      expectSame(result, results[1][i], `${classes} classes, ${i}`);
    }
  }
});
