/** Relaxed laws at their edges: impossible and certain classes, samples at a vertex, extreme τ, and what holds exactly. */

import { gumbelMax, gumbelNoise, gumbelSoftmax, logSumExp, Rng } from "gumbel";
import {
  annealedTau,
  concreteKl,
  concreteKlVjp,
  concreteLogProb,
  concreteLogProbVjp,
  entropy,
  entropyVjp,
  klDivergence,
  klDivergenceVjp,
  logGumbelSoftmax,
  logGumbelSoftmaxVjp,
} from "gumbel/estimators";
import { describe, expect, test } from "vitest";
import { expectSame, random } from "./support/api-arrays.ts";
import { bits, NAN_BITS } from "./support/bits.ts";

const inf = Infinity;
const float32 = (...values: number[]) => new Float32Array(values);

describe("logGumbelSoftmax", () => {
  test.each([
    [1, 3],
    [7, 17],
    [40, 256],
    [3, 1000],
  ])("exp of it is gumbelSoftmax with the same key: %d × %d", (rows, classes) => {
    const logits = random(rows * classes, classes).map((x, i) => (i % 5 === 2 ? -inf : x));
    for (const tau of [0.1, 1, 10]) {
      const options = { classes, tau, seed: 5, stream: 3 };
      const [z, y] = [logGumbelSoftmax(logits, options), gumbelSoftmax(logits, options)];
      const g = gumbelNoise(rows, classes, { seed: 5, stream: 3 });
      const least = g.reduce((a, b) => Math.max(a, Math.abs(b)));
      // Both are off by 2^-21·(a + a_max)/τ, where a is at most 6 + max |G|.
      const bound =
        Math.expm1((2 ** -19 * (6 + least)) / tau + 2 ** -21 * (1 + 60 / tau)) + 2 ** -20;
      for (let i = 0; i < z.length; i++) {
        if (logits[i] === -inf) expect([z[i], y[i]]).toEqual([-inf, 0]);
        else if (y[i] > 2 ** -90)
          expect(Math.abs(Math.exp(z[i]) - y[i])).toBeLessThan(bound * y[i]);
      }
    }
  });

  test("it draws with the noise that gumbelNoise has, and takes a stream on success alone", () => {
    const logits = random(30, 1);
    const rng = new Rng(9);
    const noise = gumbelNoise(3, 10, { seed: 9, stream: 0 });
    const given = logGumbelSoftmax(logits, { classes: 10, noise });
    expect(() => logGumbelSoftmax([Number.NaN], { rng })).toThrow(RangeError);
    expectSame(logGumbelSoftmax(logits, { classes: 10, rng }), given);
    const { sample, key } = logGumbelSoftmaxVjp(logits, { classes: 10, rng });
    expect(key).toEqual({ seed: 9n, stream: 1, row: 0 });
    expectSame(logGumbelSoftmax(logits, { classes: 10, ...key }), sample);
    expect(logGumbelSoftmaxVjp(logits, { classes: 10, noise }).key).toBeUndefined();
  });

  test("one τ a row, as many calls", () => {
    const logits = random(60, 2);
    const tau = [0.3, 1, 1e-30, 40];
    const noise = gumbelNoise(4, 15, { seed: 1 });
    const v = random(60, 3);
    const all = logGumbelSoftmaxVjp(logits, { classes: 15, tau, noise });
    const found = all.vjp(v, { tau: true });
    tau.forEach((tau, row) => {
      const at = <T extends Float32Array>(x: T) => x.subarray(row * 15, row * 15 + 15);
      const one = logGumbelSoftmaxVjp(at(logits), { tau, noise: at(noise) });
      const { input, tau: byTau } = one.vjp(at(v), { tau: true });
      expectSame(at(all.sample).slice(), one.sample);
      expectSame(at(found.input).slice(), input);
      expect(found.tau?.[row]).toBe(byTau?.[0]);
    });
  });

  test("a certain class, impossible ones, and τ down to the smallest double", () => {
    const certain = logGumbelSoftmaxVjp([0, inf, 3], { seed: 1 });
    expect([...certain.sample]).toEqual([-inf, 0, -inf]);
    const found = certain.vjp([Number.NaN, 5, -inf], { tau: true });
    expect([...found.input, ...(found.tau ?? [])]).toEqual([0, 0, 0, 0]);
    for (const tau of [1e-37, 5e-324]) {
      const { sample, vjp } = logGumbelSoftmaxVjp([0, 1, -inf, 0.5], { tau, noise: [0, 0, 0, 0] });
      expect(sample[1]).toBe(0);
      expect(sample[0]).toBeLessThan(-1e36);
      expect(sample.some(Number.isNaN)).toBe(false);
      const { input, tau: byTau } = vjp([0, 1, 1, 0], { tau: true });
      expect([...input, ...(byTau ?? [])].some(Number.isNaN)).toBe(false);
      expect(input[2]).toBe(0);
    }
  });

  test("an infinite upstream at a possible class goes on, as the one NaN where it has no value", () => {
    const { vjp } = logGumbelSoftmaxVjp([0, 1], { noise: [0, 0] });
    const { input } = vjp([inf, 0], { tau: true });
    expect([...input]).toEqual([Number.NaN, -inf]);
  });
});

describe("concreteLogProb at the edge", () => {
  const simplex = (x: number[], l: number[], tau: number) =>
    concreteLogProb(x, l, { space: "simplex", tau })[0];

  test("one class at 0: the limit, by the sign of τ·(K − 1) − 1", () => {
    expect(simplex([0, 0.5, 0.5], [0, 1, 2], 0.4)).toBe(inf);
    expect(simplex([0, 0.5, 0.5], [0, 1, 2], 0.6)).toBe(-inf);
    // At 1/(K − 1) it is finite: the density nearby tends to it.
    const l = [0.5, 1, -1];
    const at = simplex([0, 0.25, 0.75], l, 0.5);
    const near = simplex([2 ** -60, 0.25, 0.75], l, 0.5);
    expect(Math.abs(at - near)).toBeLessThan(1e-6);
    // The uniform law: K = 2, τ = 1, equal logits.
    expect([
      ...concreteLogProb(
        [
          [0, 1],
          [1, 0],
        ],
        [
          [3, 3],
          [3, 3],
        ],
        { space: "simplex" },
      ),
    ]).toEqual([0, 0]);
  });

  test("several at 0 go there together", () => {
    const l = [0.5, 1, -1, 2];
    // τ·(K − m) against m, for m = 2 of K = 4.
    expect(simplex([0, 0, 0.5, 0.5], l, 0.9)).toBe(inf);
    expect(simplex([0, 0, 0.5, 0.5], l, 1.1)).toBe(-inf);
    const e = 2 ** -40;
    const near = simplex([e, e, 0.5, 0.5], l, 1);
    expect(Math.abs(simplex([0, 0, 0.5, 0.5], l, 1) - near)).toBeLessThan(1e-5);
    // A vertex: m = K − 1.
    expect(simplex([1, 0, 0, 0], l, 2.9)).toBe(inf);
    expect(simplex([1, 0, 0, 0], l, 3.1)).toBe(-inf);
    expect(Math.abs(simplex([1, 0, 0, 0], l, 3) - simplex([1, e, e, e], l, 3))).toBeLessThan(1e-5);
  });

  test("in log space the edge is −∞, and far out is finite", () => {
    expect(concreteLogProb([-inf, 0], [0, 0])[0]).toBe(-inf);
    expect(concreteLogProb([0, -inf, -inf], [0, 1, 2], { tau: 1e-30 })[0]).toBe(-inf);
    expect(concreteLogProb([-1e30, 0], [0, 0])[0]).toBe(Math.fround(-1e30));
    expect(concreteLogProb([-800, 0], [0, 0])[0]).toBe(-800);
    // What Gumbel-Softmax rounds to 0 is there in its logarithm.
    const logits = [0, 30, -20];
    const options = { tau: 0.05, seed: 1 };
    expect(gumbelSoftmax(logits, options).includes(0)).toBe(true);
    expect(
      Number.isFinite(concreteLogProb(logGumbelSoftmax(logits, options), logits, { tau: 0.05 })[0]),
    ).toBe(true);
  });

  test("impossible classes don't count, and no sample can be there", () => {
    const [z, l] = [
      [-1.5, -0.5, -1.75],
      [0.2, 1, -1],
    ];
    const [want] = concreteLogProb(z, l, { tau: 0.7 });
    expect(concreteLogProb([-inf, ...z, -inf], [-inf, ...l, -inf], { tau: 0.7 })[0]).toBe(want);
    expect(concreteLogProb([-9, ...z], [-inf, ...l])[0]).toBe(-inf);
    expect(simplex([0.1, 0.4, 0.5], [-inf, 0, 0], 1)).toBe(-inf);
    // The only sample of one class is at the vertex, whose density is 1.
    expect(concreteLogProb([-inf, 0], [-inf, 7])[0]).toBe(0);
    expect(concreteLogProb([-inf, 0, -inf], [3, inf, -2])[0]).toBe(0);
    expect(simplex([0, 1, 0], [3, inf, -2], 0.1)).toBe(0);
    expect(concreteLogProb([-5, 0, -inf], [3, inf, -2])[0]).toBe(-inf);
    expect(concreteLogProb([0], [5])[0]).toBe(0);
  });

  test("gradients there are exactly 0, whatever v holds; inside they are not at the possible classes", () => {
    const rows = [
      [
        [-inf, 0],
        [0, 0],
      ],
      [
        [-1, -0.5],
        [-inf, 0],
      ],
      [
        [0, -inf],
        [inf, 0],
      ],
    ];
    const edge = concreteLogProbVjp(
      rows.map(([z]) => z),
      rows.map(([, l]) => l),
    );
    const { sample, input, tau } = edge.vjp(Number.NaN);
    expect([...sample, ...input, ...tau].every((x) => Object.is(x, 0))).toBe(true);
    const inside = concreteLogProbVjp([-inf, -1, -0.5], [-inf, 0, 1]).vjp(inf);
    expect([...inside.sample]).toEqual([0, -inf, inf]);
    expect([...inside.input]).toEqual([0, inf, -inf]);
    expect([...concreteLogProbVjp([-1, -0.5], [0, 1]).vjp(Number.NaN).input]).toEqual([
      Number.NaN,
      Number.NaN,
    ]);
  });

  test("τ of any size, and its bounds", () => {
    for (const tau of [5e-324, 2 ** -126]) {
      expectSame(
        concreteLogProb([-1, -0.5], [0, 1], { tau }),
        concreteLogProb([-1, -0.5], [0, 1], { tau: 2 ** -126 }),
      );
    }
    const most = concreteLogProb([-3e38, -0.5], [0, 1], { tau: Number.MAX_VALUE });
    expect(most[0]).toBe(-inf);
    expectSame(
      concreteLogProb([-1, -1], [0, 0], { tau: 1e300 }),
      concreteLogProb([-1, -1], [0, 0], { tau: 2 ** 126 }),
    );
  });

  test("one τ a row: one result a row, not rows × rows", () => {
    const tau = [0.5, 1, 2];
    const [z, l] = [random(15, 1, -4, 0), random(15, 2)];
    const { value, vjp } = concreteLogProbVjp(z, l, { classes: 5, tau });
    expect(value).toHaveLength(3);
    const found = vjp([1, 2, 3]);
    tau.forEach((tau, row) => {
      const at = (x: Float32Array) => x.slice(5 * row, 5 * row + 5);
      const one = concreteLogProbVjp(at(z), at(l), { tau });
      expect(value[row]).toBe(one.value[0]);
      const own = one.vjp(row + 1);
      expectSame(at(found.sample), own.sample);
      expectSame(at(found.input), own.input);
      expect(found.tau[row]).toBe(own.tau[0]);
    });
  });
});

describe("concreteKl", () => {
  const [z, l, p] = [
    [-1.5, -0.5, -1.75],
    [0.2, 1, -1],
    [1, 0, 0.5],
  ];

  test("is the difference of two log-densities, and 0 for the same law", () => {
    const tau = 0.7;
    const [law, prior] = [concreteLogProb(z, l, { tau }), concreteLogProb(z, p, { tau: 1.5 })];
    const [value] = concreteKl(z, l, { tau, prior: p, priorTau: 1.5 });
    expect(Math.abs(value - (law[0] - prior[0]))).toBeLessThan(1e-6);
    expect(concreteKl(z, l, { tau, prior: l, priorTau: tau })[0]).toBe(0);
    const same = concreteKlVjp(z, l, { tau, prior: l }).vjp(1);
    expect([...same.sample, ...same.tau]).toEqual([0, 0, 0, 0]);
  });

  test("by default the prior is equal at the classes that are possible, with the same τ", () => {
    const tau = 0.7;
    expectSame(
      concreteKl(z, l, { tau }),
      concreteKl(z, l, { tau, prior: [4, 4, 4], priorTau: tau }),
    );
    const masked = concreteKlVjp([-inf, ...z], [-inf, ...l], { tau });
    expectSame(masked.value, concreteKl(z, l, { tau }));
    const found = masked.vjp(1);
    expect([found.sample[0], found.input[0]]).toEqual([0, 0]);
    expect("prior" in found || "priorTau" in found).toBe(false);
    // Of both τ: by the law's alone and the prior's alone, added up.
    const apart = concreteKlVjp(z, l, { tau, priorTau: tau }).vjp(1);
    const sum = apart.tau[0] + (apart.priorTau?.[0] ?? 0);
    expect(Math.abs(concreteKlVjp(z, l, { tau }).vjp(1).tau[0] - sum)).toBeLessThan(1e-6);
  });

  test("one row of a prior serves all, and its gradient is the sum", () => {
    const [samples, logits] = [random(12, 1, -4, 0), random(12, 2)];
    const repeated = [p, p, p, p];
    const one = concreteKlVjp(samples, logits, { classes: 3, prior: p });
    const all = concreteKlVjp(samples, logits, { classes: 3, prior: repeated });
    expectSame(one.value, all.value);
    const [a, b] = [one.vjp([1, 2, 3, 4]), all.vjp([1, 2, 3, 4])];
    expectSame(a.input, b.input);
    const sums = [0, 1, 2].map((i) =>
      [0, 1, 2, 3].reduce((sum, row) => sum + (b.prior?.[3 * row + i] ?? 0), 0),
    );
    a.prior?.forEach((x, i) => {
      expect(Math.abs(x - sums[i])).toBeLessThan(1e-5);
    });
    expect(a.prior).toHaveLength(3);
  });

  test("at the edge: what the difference tends to", () => {
    const edge = (options: object) => concreteKl([-inf, 0], [0, 0], options)[0];
    expect(edge({ priorTau: 2 })).toBe(inf);
    expect(edge({ priorTau: 0.5 })).toBe(-inf);
    // With equal τ by the locations alone.
    const far = concreteKl([-1e6, 0], [0, 0], { prior: [3, 0] })[0];
    expect(Math.abs(edge({ prior: [3, 0] }) - far)).toBeLessThan(1e-4);
    // The law can't be there, then the prior.
    expect(concreteKl([-1, 0], [-inf, 0])[0]).toBe(-inf);
    expect(concreteKl([-1, 0], [0, 0], { prior: [-inf, 0] })[0]).toBe(inf);
    expect(concreteKl([-1, 0], [-inf, 0], { prior: [-inf, 0] })[0]).toBe(-inf);
    expect(concreteKl([-inf, -1, -0.5], [-inf, 0, 0], { prior: [0, 0, 0] })[0]).toBe(inf);
    const found = concreteKlVjp([-inf, -1, -0.5], [-inf, 0, 0], { prior: [0, 0, 0], priorTau: 2 });
    for (const gradient of Object.values(found.vjp(Number.NaN))) {
      expect([...gradient].every((x) => Object.is(x, 0))).toBe(true);
    }
  });
});

describe("entropy", () => {
  test("has the bits of the details of a draw", () => {
    for (const classes of [1, 5, 64, 257, 1000]) {
      const logits = random(3 * classes, classes);
      for (const temperature of [0, 0.5, [1, 0, 3]]) {
        const details = gumbelMax(logits, { classes, temperature, seed: 1, details: true });
        expectSame(entropy(logits, { classes, temperature }), details.entropy);
      }
    }
  });

  test("of certain and equal classes", () => {
    expect([
      ...entropy([
        [0, inf],
        [0, -inf],
      ]),
    ]).toEqual([0, 0]);
    expect(entropy([-inf, 2, 2])[0]).toBe(Math.fround(Math.log(2)));
    expect(entropy([0, 3], { temperature: 0 })[0]).toBe(0);
    const logits = [
      [0, inf],
      [0, -inf],
      [0, 3],
      [1, 1],
    ];
    const { vjp } = entropyVjp(logits, { temperature: [1, 1, 0, 2] });
    const { input, temperature } = vjp(Number.NaN);
    expect([...input, ...temperature].every((x) => Object.is(x, 0))).toBe(true);
    // Two classes of three: the impossible one has no part in it.
    const [masked, bare] = [entropyVjp([-inf, 0, 3]), entropyVjp([0, 3])].map((h) => h.vjp(2));
    expect([...masked.input]).toEqual([0, ...bare.input]);
    expect([...masked.temperature]).toEqual([...bare.temperature]);
  });
});

describe("klDivergence", () => {
  test("is 0 for equal rows and never negative", () => {
    const logits = random(1000, 1, -20, 20);
    expect(klDivergence(logits, logits)[0]).toBe(0);
    for (let seed = 0; seed < 300; seed++) {
      const q = random(7, seed, -5, 5);
      const size = 2 ** -(seed % 24);
      const p = random(7, seed + 1000).map((d, i) => q[i] + d * size);
      expect(klDivergence(q, p)[0]).toBeGreaterThanOrEqual(0);
    }
    // A shift of all logits is no difference.
    expect(klDivergence([0, 1, 2], [1000, 1001, 1002])[0]).toBeLessThan(1e-24);
  });

  test("gradients of peaked laws keep their digits", () => {
    for (const [l, p] of [
      [-28, -27],
      [-34, -33],
      [-40, -30],
      [-80, -81],
    ] as const) {
      // Of two classes it is ±q₀·q₁·((l₀ − l₁) − (p₀ − p₁)).
      const expected = (Math.exp(l) / (1 + Math.exp(l)) ** 2) * (p - l);
      const { input } = klDivergenceVjp([0, l], [0, p]).vjp(1);
      expect(Math.abs(input[0] / expected - 1)).toBeLessThan(1e-6);
      expect(Math.abs(input[1] / expected + 1)).toBeLessThan(1e-6);
    }
  });

  test("from the uniform law it is log K less the entropy", () => {
    for (const classes of [1, 2, 33, 500]) {
      const logits = random(classes, classes).map((x, i) => (i % 4 === 1 ? -inf : x));
      const expected = Math.log(classes) - entropy(logits)[0];
      expect(Math.abs(klDivergence(logits)[0] - expected)).toBeLessThan(1e-5);
      expectSame(klDivergence(logits), klDivergence(logits, new Float32Array(classes)));
    }
  });

  test("impossible and certain classes", () => {
    const log2 = Math.fround(Math.log(2));
    expect([
      ...klDivergence(
        [
          [0, -inf],
          [0, 0],
          [-inf, 0],
          [0, inf],
        ],
        [
          [0, 0],
          [0, -inf],
          [-inf, 3],
          [0, 0],
        ],
      ),
    ]).toEqual([log2, inf, 0, log2]);
    expect([
      ...klDivergence(
        [
          [0, inf],
          [0, inf],
          [0, 0],
        ],
        [
          [0, inf],
          [inf, 0],
          [0, inf],
        ],
      ),
    ]).toEqual([0, inf, inf]);
    // q is possible there, though it is 0 in any arithmetic.
    expect(klDivergence([0, -1e30], [0, -inf])[0]).toBe(inf);
    expect(klDivergence([0, -1e30], [0, -1e10])[0]).toBe(0);
    const { vjp } = klDivergenceVjp(
      [
        [0, 0],
        [0, -inf],
        [0, inf],
      ],
      [
        [0, -inf],
        [0, -inf],
        [-inf, 1],
      ],
    );
    const { input, prior } = vjp(Number.NaN);
    expect([...input]).toEqual([0, 0, 0, 0, 0, 0]);
    expect([...(prior ?? [])]).toEqual([0, 0, 0, 0, 0, 0]);
    expect([...(klDivergenceVjp([0, -inf], [0, 0]).vjp(1).prior ?? [])]).toEqual([-0.5, 0.5]);
  });

  test("one row of a prior serves all, and its gradient is the sum over rows that aren't marked", () => {
    const logits = random(12, 2);
    logits[4] = Number.NaN;
    const p = [1, 0, 0.5];
    const one = klDivergenceVjp(logits, p, { classes: 3, onInvalidRow: "mark" });
    const all = klDivergenceVjp(logits, [p, p, p, p], { classes: 3, onInvalidRow: "mark" });
    expectSame(one.value, all.value);
    const [a, b] = [one.vjp([1, 2, 3, 4]), all.vjp([1, 2, 3, 4])];
    expectSame(a.input, b.input);
    const sums = [0, 1, 2].map((i) =>
      [0, 2, 3].reduce((sum, row) => sum + (b.prior?.[3 * row + i] ?? 0), 0),
    );
    a.prior?.forEach((x, i) => {
      expect(Math.abs(x - sums[i])).toBeLessThan(1e-5);
    });
    expect([...(b.prior ?? [])].map(Number.isNaN)).toEqual(
      [...logits].map((_, i) => i > 2 && i < 6),
    );
  });
});

test("a NaN that is written is the one NaN, whatever the one that came in", () => {
  const v = new Float32Array(2);
  new Uint32Array(v.buffer).fill(0xff812345);
  const [l, p] = [
    [
      [0, 1],
      [2, 0],
    ],
    [
      [1, 0],
      [0, 3],
    ],
  ];
  const z = [
    [-1, -0.5],
    [-0.2, -2],
  ];
  const gradients = [
    ...Object.values(concreteLogProbVjp(z, l).vjp(v)),
    ...Object.values(concreteKlVjp(z, l, { prior: p, priorTau: 2 }).vjp(v)),
    ...Object.values(entropyVjp(l).vjp(v)),
    ...Object.values(klDivergenceVjp(l, p).vjp(v)),
    ...Object.values(logGumbelSoftmaxVjp(l, { seed: 1 }).vjp([...v, ...v], { tau: true })),
  ];
  for (const gradient of gradients) {
    expect([...bits(gradient)]).toEqual(Array(gradient.length).fill(NAN_BITS));
  }
});

test("annealedTau falls exponentially in steps, down to the least", () => {
  expect(annealedTau(0)).toBe(1);
  expect([999, 1000, 1999].map((step) => annealedTau(step))).toEqual([
    1, 0.9048374180359595, 0.9048374180359595,
  ]);
  for (let step = 0; step < 20_000; step += 137) {
    const exact = Math.max(0.3, 2 * Math.exp(-3e-4 * 50 * Math.floor(step / 50)));
    const tau = annealedTau(step, { rate: 3e-4, min: 0.3, every: 50, start: 2 });
    expect(Math.abs(tau - exact)).toBeLessThan(1e-14);
  }
  expect(annealedTau(2 ** 53 - 1, { rate: 1e308 })).toBe(0.5);
  expect(annealedTau(12_345, { rate: 0 })).toBe(1);
  expect(annealedTau(5, { min: 1 })).toBe(1);
  // The least value is never above the first.
  expect(annealedTau(5, { start: 0.1 })).toBe(0.1);
  // The product of rate and step is rounded, and its exponential is off by as much.
  const far = annealedTau(513_000, { rate: 1e-3, min: 1e-300, every: 1 });
  expect(Math.abs(far / Math.exp(-513) - 1)).toBeLessThan(2 ** -52 * (4 + 513) + 2 ** -52 * 513);
});

test("no rows: empty results", () => {
  const none = float32();
  const classes = 3;
  for (const value of [
    logGumbelSoftmax(none, { classes, seed: 1 }),
    concreteLogProb(none, none, { classes }),
    concreteKl(none, none, { classes, prior: [1, 2, 3] }),
    entropy(none, { classes }),
    klDivergence(none, [1, 2, 3], { classes }),
  ]) {
    expect(value).toHaveLength(0);
  }
  expect([...(klDivergenceVjp(none, [1, 2, 3], { classes }).vjp([]).prior ?? [])]).toEqual([
    0, 0, 0,
  ]);
  expect(logSumExp(none, { classes })).toHaveLength(0);
});
