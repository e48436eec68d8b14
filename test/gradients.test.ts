/**
 * Gradients against central differences of the float64 formulas written out here, and what holds between them:
 * ⟨v, J t⟩ = ⟨Jᵀ v, t⟩, sums of 0, straight-through.
 *
 * Bounds: with a = max |l − max l| + max |G| (weights: 2·max |log w|), a soft sample is right to
 * expm1(2^-20·a/τ) + 2^-20, relative, and a product to that times the sum of its terms' sizes.
 */

import {
  type From,
  gumbelNoise,
  gumbelSoftmax,
  gumbelSoftmaxVjp,
  logSoftmaxVjp,
  logSumExp,
  logSumExpVjp,
  softmax,
  softmaxBackward,
  softmaxVjp,
} from "gumbel";
import { describe, expect, test } from "vitest";
import { dot, expectSame, random, uniform } from "./support/api-arrays.ts";

type Vector = Float64Array;

const EPSILON = 2 ** -20;
/** Step of the differences, whose own error is then 10^-10 and rounding 10^-11. */
const STEP = 1e-5;

const absolute = (x: ArrayLike<number>) => Float64Array.from(x, Math.abs);
const largest = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => Math.max(a, b));
const float64 = (x: ArrayLike<number>) => Float64Array.from(x);

/** softmax((x + g)/τ) in float64. */
function relaxed(x: Vector, g: ArrayLike<number>, tau: number, from: From = "logits"): Vector {
  const s = x.map((x, i) => (from === "weights" ? Math.log(x) : x) + g[i]);
  const most = largest(s);
  const e = s.map((s) => Math.exp((s - most) / tau));
  const sum = dot(
    e,
    e.map(() => 1),
  );
  return e.map((e) => e / sum);
}

const logSumExp64 = (x: Vector) => {
  const most = largest(x);
  return most + Math.log(x.reduce((sum, x) => sum + Math.exp(x - most), 0));
};

/** The derivative of f along t at x. */
function along(f: (x: Vector) => Vector, x: Vector, t: Vector): Vector {
  const [more, less] = [1, -1].map((sign) => f(x.map((x, i) => x + sign * STEP * t[i])));
  return more.map((more, i) => (more - less[i]) / (2 * STEP));
}

/** The gradient of f at x, in some columns; `size` makes the step relative. */
function gradient(f: (x: Vector) => number, x: Vector, columns: number[], size: Vector): number[] {
  return columns.map((column) => {
    const step = STEP * size[column];
    const [more, less] = [step, -step].map((step) => {
      const moved = x.slice();
      moved[column] += step;
      return f(moved);
    });
    return (more - less) / (2 * step);
  });
}

/** Fails with the worst of many comparisons. */
class Worst {
  ratio = 0;
  place = "nothing compared";

  check(place: string, got: number, expected: number, bound: number): void {
    const ratio = Math.abs(got - expected) / bound;
    if (ratio <= this.ratio) return;
    this.ratio = Number.isNaN(ratio) ? Infinity : ratio;
    this.place = `${place}: ${got}, expected ${expected} within ${bound}`;
  }

  done(): void {
    expect(this.ratio, this.place).toBeLessThan(1);
    expect(this.ratio, this.place).toBeGreaterThan(0);
  }
}

/** A hundred columns at most, both ends among them. */
const columnsOf = (classes: number) =>
  Array.from({ length: Math.min(classes, 100) }, (_, i, n = Math.min(classes, 100)) =>
    n === 1 ? 0 : Math.round((i * (classes - 1)) / (n - 1)),
  );

const SHAPES = [
  { classes: 2, tau: 1 },
  { classes: 3, tau: 0.3 },
  { classes: 7, tau: 5 },
  { classes: 16, tau: 0.4 },
  { classes: 17, tau: 0.7 },
  { classes: 257, tau: 2 },
  { classes: 1000, tau: 0.5 },
];

const RELAXED = (["logits", "weights"] as const).flatMap((from) =>
  SHAPES.map((shape) => ({ from, ...shape })),
);

describe.each(RELAXED)(
  "gumbelSoftmaxVjp of $classes $from at τ = $tau",
  ({ from, classes, tau }) => {
    const weights = from === "weights";
    const x = weights ? random(classes, 1, 0.05, 3) : random(classes, 1);
    const [v, t] = [random(classes, 2), random(classes, 3)];
    const key = { seed: 7, stream: classes };
    const g = gumbelNoise(1, classes, key);
    const sample = gumbelSoftmaxVjp(x, { from, tau, ...key });

    const x64 = float64(x);
    const y = relaxed(x64, g, tau, from);
    const logits = weights ? x64.map(Math.log) : x64;
    const most = largest(logits);
    const a =
      largest(logits.map((l) => Math.abs(l - most) + (weights ? 2 * Math.abs(l) : 0))) +
      largest(absolute(g));
    const error = Math.expm1(EPSILON * (a / tau)) + EPSILON;
    const mean = (v: ArrayLike<number>) => dot(y, absolute(v));
    const scores = logits.map((l, i) => l + g[i]);
    const z = scores.map((s) => (s - largest(scores)) / tau);
    const columns = columnsOf(classes);

    test("by the input", () => {
      const worst = new Worst();
      const { input } = sample.vjp(v);
      const size = weights ? x64 : x64.map(() => 1);
      const expected = gradient((x) => dot(v, relaxed(x, g, tau, from)), x64, columns, size);
      columns.forEach((i, j) => {
        const terms = (y[i] * (Math.abs(v[i]) + mean(v))) / tau / size[i];
        worst.check(`class ${i}`, input[i], expected[j], error * terms + 1e-9 / size[i]);
      });
      worst.done();
      expectSame(sample.vjp(v, { tau: true }).input, input);
    });

    test("by τ", () => {
      const worst = new Worst();
      const expected = gradient(
        ([tau]) => dot(v, relaxed(x64, g, tau, from)),
        Float64Array.of(tau),
        [0],
        Float64Array.of(tau),
      );
      const terms = y.reduce((sum, y, i) => sum + y * (Math.abs(v[i]) + mean(v)) * -z[i], 0) / tau;
      const got = sample.vjp(v, { tau: true }).tau as Float32Array;
      worst.check("dτ", got[0], expected[0], (1e-5 + error) * terms);
      worst.done();
    });

    test.each([
      { name: "the input", input: true, byTau: 0 },
      { name: "τ", input: false, byTau: -0.7 },
      { name: "both", input: true, byTau: 0.3 },
    ])("along $name; ⟨v, J t⟩ = ⟨Jᵀ v, t⟩", ({ input, byTau }) => {
      // Tangents of weights in proportion, so that the step stays on this side of 0.
      const direction = input
        ? t.map((t, i) => (weights ? t * x[i] * 0.3 : t))
        : new Float32Array(classes);
      const got = sample.jvp({
        ...(input ? { input: direction } : {}),
        ...(byTau === 0 ? {} : { tau: byTau }),
      });
      const expected = along(
        (at) => relaxed(at.subarray(1), g, at[0], from),
        Float64Array.of(tau, ...x64),
        Float64Array.of(byTau, ...direction),
      );
      const inner = direction.map(
        (t, i) => Math.abs(weights ? t / x[i] : t) + Math.abs(z[i] * byTau),
      );
      const worst = new Worst();
      for (const i of columns) {
        worst.check(
          `class ${i}`,
          got[i],
          expected[i],
          (error * y[i] * (inner[i] + mean(inner))) / tau + 1e-9,
        );
      }
      const back = sample.vjp(v, { tau: true });
      const paired = dot(back.input, direction) + (back.tau as Float32Array)[0] * byTau;
      const terms =
        y.reduce(
          (sum, y, i) => sum + y * (Math.abs(v[i]) + mean(v)) * (inner[i] + mean(inner)),
          0,
        ) / tau;
      // The same y on both sides: its error doesn't count.
      worst.check("pairing", dot(v, got), paired, 2 * EPSILON * terms);
      worst.done();
    });
  },
);

describe.each(SHAPES.map(({ classes }) => classes))(
  "softmax and its kin, %i classes",
  (classes) => {
    const x = random(classes, 1, -4, 4);
    const [v, t] = [random(classes, 2), random(classes, 3)];
    const [x64, t64] = [float64(x), float64(t)];
    const none = new Float32Array(classes);
    const y = relaxed(x64, none, 1);
    const columns = columnsOf(classes);
    const ones = x64.map(() => 1);
    const mean = (v: ArrayLike<number>) => dot(y, absolute(v));
    const error = Math.expm1(EPSILON * 8) + EPSILON;
    const logSoftmax64 = (x: Vector) => {
      const sum = logSumExp64(x);
      return x.map((x) => x - sum);
    };

    const CASES = [
      {
        name: "softmaxVjp",
        d: softmaxVjp(x),
        f: (x: Vector) => relaxed(x, none, 1),
        /** Sizes of the terms of Jᵀv and of J t. */
        terms: (i: number, v: ArrayLike<number>) => y[i] * (Math.abs(v[i]) + mean(v)),
        forward: (i: number, t: ArrayLike<number>) => y[i] * (Math.abs(t[i]) + mean(t)),
      },
      {
        name: "logSoftmaxVjp",
        d: logSoftmaxVjp(x),
        f: logSoftmax64,
        terms: (i: number, v: ArrayLike<number>) => Math.abs(v[i]) + y[i] * dot(absolute(v), ones),
        forward: (i: number, t: ArrayLike<number>) => Math.abs(t[i]) + mean(t),
      },
    ];

    test.each(CASES)("$name: vjp, jvp, and ⟨v, J t⟩ = ⟨Jᵀ v, t⟩", ({ d, f, terms, forward }) => {
      const worst = new Worst();
      const { input } = d.vjp(v);
      const expected = gradient((x) => dot(v, f(x)), x64, columns, ones);
      columns.forEach((i, j) => {
        worst.check(`vjp, class ${i}`, input[i], expected[j], error * terms(i, v) + 1e-8);
      });
      const tangent = d.jvp({ input: t });
      const expectedTangent = along(f, x64, t64);
      for (const i of columns) {
        worst.check(
          `jvp, class ${i}`,
          tangent[i],
          expectedTangent[i],
          error * forward(i, t) + 1e-8,
        );
      }
      const size = Array.from(v, (v, i) => Math.abs(v) * forward(i, t));
      worst.check("pairing", dot(v, tangent), dot(input, t), error * dot(size, ones));
      worst.done();
    });

    test("logSumExpVjp: vjp, jvp, and ⟨v, J t⟩ = ⟨Jᵀ v, t⟩", () => {
      const d = logSumExpVjp(x);
      const worst = new Worst();
      const { input } = d.vjp(-2.5);
      const expected = gradient((x) => -2.5 * logSumExp64(x), x64, columns, ones);
      columns.forEach((i, j) => {
        worst.check(`vjp, class ${i}`, input[i], expected[j], error * 2.5 * y[i] + 1e-8);
      });
      const tangent = d.jvp({ input: t })[0];
      worst.check(
        "jvp",
        tangent,
        along((x) => Float64Array.of(logSumExp64(x)), x64, t64)[0],
        error * mean(t) + 1e-8,
      );
      worst.check("pairing", -2.5 * tangent, dot(input, t), error * 2.5 * mean(t));
      worst.done();
      expectSame(d.value, logSumExp(x));
    });

    test.each([1, 0.25, 3])("softmaxBackward of a y that the host keeps, τ = %d", (tau) => {
      const worst = new Worst();
      const y = relaxed(x64, none, tau);
      const got = softmaxBackward(y, v, { tau });
      const expected = gradient((x) => dot(v, relaxed(x, none, tau)), x64, columns, ones);
      const mean = dot(y, absolute(v));
      columns.forEach((i, j) => {
        worst.check(
          `class ${i}`,
          got[i],
          expected[j],
          (EPSILON * y[i] * (Math.abs(v[i]) + mean)) / tau + 1e-8,
        );
      });
      worst.done();
      expectSame(softmaxBackward(softmax(x), v), softmaxVjp(x).vjp(v).input);
    });
  },
);

test("a row's gradient by logits sums to 0 within 2^-20·Σ y|v|/τ: 400 random rows of up to 5,000 classes", () => {
  const next = uniform(11);
  const worst = new Worst();
  for (let n = 0; n < 400; n++) {
    const classes = 1 + Math.floor(5000 ** next());
    const tau = 10 ** (4 * next() - 2);
    const spread = 10 ** (3 * next() - 1);
    const offset = next() < 0.5 ? 0 : 1000 * next();
    const x = random(classes, n, -spread, spread);
    if (n % 3 === 0) for (let i = 1; i < classes; i += 7) x[i] = -Infinity;
    const v = random(classes, n + 1000, offset - 3, offset + 3);
    const g = gumbelSoftmaxVjp(x, { tau, seed: n });
    const size = dot(g.soft, absolute(v)) / tau;
    for (const tau of [false, true]) {
      const { input } = g.vjp(v, { tau });
      const sum = dot(
        input,
        input.map(() => 1),
      );
      worst.check(`${classes} classes, case ${n}`, sum, 0, EPSILON * size);
    }
  }
  worst.done();
});

describe("straight-through", () => {
  const [rows, classes] = [70, 300];
  const [v, t] = [random(rows * classes, 2), random(rows * classes, 3)];
  const taus = random(rows, 4, 0.1, 3);

  test.each(["logits", "weights"] as const)(
    "%s: forward is exactly one-hot, backward exactly the soft sample's, bit for bit",
    (from) => {
      const x = random(rows * classes, 1, 0.1, 3);
      const options = { classes, from, tau: taus, seed: 5 };
      const soft = gumbelSoftmaxVjp(x, options);
      const hard = gumbelSoftmaxVjp(x, { ...options, hard: true });
      const hot = new Float32Array(rows * classes);
      soft.index.forEach((index, row) => {
        hot[row * classes + index] = 1;
      });
      expectSame(hard.sample, hot);
      expectSame(gumbelSoftmax(x, { ...options, hard: true }), hot);
      expectSame(hard.index, soft.index);
      expectSame(hard.soft, soft.soft);
      expect(hard.sample).not.toBe(hard.soft);
      const [a, b] = [hard, soft].map((g) => g.vjp(v, { tau: true }));
      expectSame(a.input, b.input);
      expectSame(a.tau as Float32Array, b.tau as Float32Array);
      expectSame(hard.vjp(v).input, soft.vjp(v).input);
      expectSame(hard.jvp({ input: t, tau: 2 }), soft.jvp({ input: t, tau: 2 }));
      expect(hard.vjp(v).input.some((x) => x !== 0)).toBe(true);
    },
  );

  test("one τ a row: each row is as if alone", () => {
    const x = random(rows * classes, 1);
    const all = gumbelSoftmaxVjp(x, { classes, tau: taus, seed: 5 });
    const { input, tau } = all.vjp(v, { tau: true });
    const along = all.jvp({ input: t, tau: taus });
    for (const row of [0, 1, 53, 54, 69]) {
      const part = (array: Float32Array) => array.subarray(row * classes, (row + 1) * classes);
      const one = gumbelSoftmaxVjp(part(x), { tau: taus[row], seed: 5, row });
      const back = one.vjp(part(v), { tau: true });
      expectSame(part(all.soft), one.soft);
      expectSame(part(input), back.input);
      expectSame(tau?.subarray(row, row + 1) as Float32Array, back.tau as Float32Array);
      expectSame(part(along), one.jvp({ input: part(t), tau: taus[row] }));
    }
  });
});

describe("closures", () => {
  const [x, v, w] = [1, 2, 3].map((seed) => random(40, seed));
  const options = { classes: 8, tau: 0.5 };

  test("vjp may be called often, in any order, each result an array of its own", () => {
    const g = gumbelSoftmaxVjp(x, { ...options, seed: 1 });
    const first = g.vjp(v, { tau: true });
    const kept = first.input.slice();
    const other = g.vjp(w).input;
    g.jvp({ input: w, tau: 1 });
    gumbelSoftmaxVjp(w, { ...options, seed: 2 }).vjp(w);
    expectSame(g.vjp(w).input, other);
    expectSame(first.input, kept);
    const again = g.vjp(v, { tau: true });
    expectSame(again.input, kept);
    expectSame(again.tau as Float32Array, first.tau as Float32Array);
    expect(again.input).not.toBe(first.input);
  });

  test("the key of a sample draws the same one again", () => {
    const entropy = gumbelSoftmaxVjp(x, options);
    const again = gumbelSoftmaxVjp(x, { ...options, ...entropy.key });
    expectSame(again.soft, entropy.soft);
    expectSame(again.vjp(v).input, entropy.vjp(v).input);
  });

  test("changing `soft` changes the gradient by the input; the sample of a hard one doesn't", () => {
    const g = gumbelSoftmaxVjp(x, { ...options, hard: true, seed: 1 });
    const before = g.vjp(v).input;
    g.sample.fill(0);
    expectSame(g.vjp(v).input, before);
    g.soft.fill(1 / 8);
    expectSame(g.vjp(v).input, softmaxBackward(new Float32Array(40).fill(1 / 8), v, options));
  });

  test("changing the input or given noise changes dτ alone", () => {
    for (const name of ["x", "noise"] as const) {
      const given = { x: x.slice(), noise: random(40, 4) };
      const g = gumbelSoftmaxVjp(given.x, { ...options, noise: given.noise });
      const before = g.vjp(v, { tau: true });
      given[name][3] += 0.25;
      const after = g.vjp(v, { tau: true });
      expectSame(after.input, before.input);
      const changed = after.tau?.map((tau, row) => Number(tau !== before.tau?.[row]));
      expect(changed).toEqual(Float32Array.of(1, 0, 0, 0, 0));
    }
  });

  test("the key is a copy: changing its arrays changes no gradient", () => {
    const seed = [1, 2, 3, 4, 5];
    const g = gumbelSoftmaxVjp(x, { ...options, seed });
    const before = g.vjp(v, { tau: true });
    const kept = g.key?.seed as number[];
    kept.fill(9);
    seed.fill(9);
    expectSame(g.vjp(v, { tau: true }).tau as Float32Array, before.tau as Float32Array);
  });

  test("a row made invalid after its sample was drawn has no gradient with τ; the others keep theirs", () => {
    const given = x.slice();
    const g = gumbelSoftmaxVjp(given, { ...options, seed: 1 });
    const before = g.vjp(v, { tau: true });
    given[10] = Number.NaN;
    const { input, tau } = g.vjp(v, { tau: true });
    const nan = new Float32Array(8).fill(Number.NaN);
    expectSame(input.subarray(8, 16), nan);
    expectSame(input.subarray(16), before.input.subarray(16));
    expect(tau?.[1]).toBeNaN();
    expectSame(g.jvp({ tau: 1 }).subarray(8, 16), nan);
    const weights = Float32Array.of(1, 0, 2);
    const w = gumbelSoftmaxVjp(weights, { from: "weights", seed: 1 });
    weights[0] = -1;
    expectSame(w.vjp([1, 2, 3], { tau: true }).input, nan.subarray(0, 3));
  });

  test("softmaxVjp and logSoftmaxVjp keep their value, logSumExpVjp its input", () => {
    const uniform = new Float32Array(40).fill(1 / 8);
    const soft = softmaxVjp(x, { classes: 8 });
    soft.value.set(uniform);
    expectSame(soft.vjp(v).input, softmaxBackward(uniform, v, { classes: 8 }));
    const own = x.slice();
    const [log, sum] = [logSoftmaxVjp(own, { classes: 8 }), logSumExpVjp(own, { classes: 8 })];
    const kept = log.vjp(v).input;
    own.fill(0);
    expectSame(log.vjp(v).input, kept);
    expectSame(sum.vjp(1).input, uniform);
    log.value.fill(-Math.log(8));
    expect(log.vjp(v).input).not.toEqual(kept);
  });

  test("a copy that was made of another kind of input is out of the caller's reach", () => {
    const list = [...x];
    const g = gumbelSoftmaxVjp(list, { ...options, seed: 1 });
    const before = g.vjp(v, { tau: true });
    list.fill(0);
    expectSame(g.vjp(v, { tau: true }).tau as Float32Array, before.tau as Float32Array);
  });
});
