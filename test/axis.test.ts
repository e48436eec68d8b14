/**
 * What holds for all functions along any axis of any rank: the result is, bit for bit, that of the transposed input
 * along the last axis.
 */

import fc from "fast-check";
import {
  type BackendName,
  categorical,
  filterTokens,
  gumbelGivenMax,
  gumbelMax,
  gumbelSoftmax,
  gumbelSoftmaxVjp,
  gumbelTopK,
  logSoftmax,
  logSoftmaxVjp,
  logSumExp,
  logSumExpVjp,
  sampleTokens,
  setBackend,
  softmax,
  softmaxBackward,
  softmaxVjp,
} from "gumbel";
import {
  type BinarySpace,
  binaryConcrete,
  binaryConcreteLogProb,
  binaryConcreteLogProbVjp,
  binaryConcreteVjp,
  concreteKl,
  concreteKlVjp,
  concreteLogProb,
  concreteLogProbVjp,
  entropy,
  entropyVjp,
  gumbelGivenArgmax,
  gumbelGivenArgmaxVjp,
  gumbelMaxVjp,
  gumbelTopDown,
  gumbelTopDownVjp,
  klDivergence,
  klDivergenceVjp,
  logGumbelSoftmax,
  logGumbelSoftmaxVjp,
  truncatedGumbel,
  truncatedGumbelVjp,
} from "gumbel/estimators";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectSame, random } from "./support/api-arrays.ts";
import { fromLast, moved, type Result, sizeOf, toLast } from "./support/axes.ts";

const BACKENDS: BackendName[] = ["wasm-simd", "js"];
const seed = 3;

/** What a call is given: arrays in the shape of the input, and how it is laid out. */
interface Given {
  x: Float32Array;
  /** A second and a third array of that shape. */
  y: Float32Array;
  z: Float32Array;
  mask: Uint8Array;
  rows: number;
  classes: number;
  layout: { classes: number } | { shape: number[]; axis: number };
}

/** Results in the shape of the input, and those with a fixed number of values a row. */
interface Results {
  shaped?: Float32Array[];
  rows?: Result[];
}

/** One value a row, by a rule. */
const perRow = (rows: number, f: (row: number) => number) =>
  Array.from({ length: rows }, (_, i) => f(i));
const temperatures = ({ rows }: Given) => perRow(rows, (row) => 0.5 + (row % 5) / 4);
const seeds = ({ rows }: Given) => perRow(rows, (row) => 100 + ((row * 7) % 11));
const upstreams = ({ rows }: Given) => perRow(rows, (row) => row - 1.5);
const weights = ({ x }: Given) => x.map((x) => Math.abs(x));

const differentiable = (f: typeof softmaxVjp, { x, y, z, layout }: Given): Results => {
  const d = f(x, layout);
  return { shaped: [d.value, d.vjp(y).input, d.jvp({ input: z })] };
};

const sampled = (given: Given, options: object): Results => {
  const { y, z, rows, layout } = given;
  const x = "from" in options ? weights(given) : given.x;
  const g = gumbelSoftmaxVjp(x, { ...layout, tau: temperatures(given), ...options });
  const both = g.vjp(y, { tau: true });
  const tangents = [{ input: z }, { tau: perRow(rows, (row) => row - 2) }, { input: z, tau: 1.5 }];
  return {
    shaped: [g.sample, g.soft, g.vjp(y).input, both.input, ...tangents.map((t) => g.jvp(t))],
    rows: [g.index, both.tau as Float32Array],
  };
};

const relaxedBits = (g: Given, options: { hard?: boolean; space?: BinarySpace }): Results => {
  const d = binaryConcreteVjp(g.x, { ...g.layout, ...options, seed, tau: temperatures(g) });
  const { input, tau } = d.vjp(g.z, { tau: true });
  return { shaped: [d.sample, d.soft, input], rows: [tau as Float32Array] };
};

type Call = (given: Given) => Results;

const ESTIMATORS = [
  { estimator: "straight-through-gumbel", tau: 0.5 },
  { estimator: "straight-through" },
  { estimator: "decoupled", backwardTemperature: 0.5 },
  { estimator: "reinmax", tau: 1.5 },
  { estimator: "gumbel-rao", replicas: 3 },
  { estimator: "gst", gap: 1 },
] as const;

const CALLS: Record<string, Call> = {
  softmax: (g) => ({ shaped: [softmax(g.x, { ...g.layout, temperature: temperatures(g) })] }),
  logSoftmax: (g) => ({ shaped: [logSoftmax(g.x, { ...g.layout, temperature: temperatures(g) })] }),
  logSumExp: (g) => ({ rows: [logSumExp(g.x, g.layout)] }),
  softmaxVjp: (g) => differentiable(softmaxVjp, g),
  logSoftmaxVjp: (g) => differentiable(logSoftmaxVjp, g),
  logSumExpVjp: (g) => {
    const d = logSumExpVjp(g.x, g.layout);
    return { shaped: [d.vjp(upstreams(g)).input], rows: [d.value, d.jvp({ input: g.z })] };
  },
  softmaxBackward: (g) => ({
    shaped: [softmaxBackward(g.x, g.y, { ...g.layout, tau: temperatures(g) })],
  }),
  gumbelMax: (g) => ({
    rows: [gumbelMax(g.x, { ...g.layout, seed: seeds(g), temperature: temperatures(g) })],
  }),
  "gumbelMax of weights": (g) => ({
    rows: [gumbelMax(weights(g), { ...g.layout, from: "weights", seed, mask: g.mask })],
  }),
  "gumbelMax with noise, mask and bias": ({ x, y, z, mask, layout }) => ({
    rows: [gumbelMax(x, { ...layout, noise: y, bias: z, mask })],
  }),
  "gumbelMax with mask and bias for all rows": ({ x, classes, layout }) => {
    const bias = random(classes, seed);
    const shared = { bias, mask: Uint8Array.from(bias, (b, i) => (i === 0 || b > 0 ? 1 : 0)) };
    return { rows: [gumbelMax(x, { ...layout, seed, ...shared })] };
  },
  "gumbelMax with a bit set": ({ x, rows, classes, layout }) => {
    const words = Math.ceil(classes / 32);
    const mask = Int32Array.from({ length: rows * words }, (_, i) => (i % words === 0 ? 5 : i));
    return { rows: [gumbelMax(x, { ...layout, seed, mask })] };
  },
  "gumbelMax with details": (g) => {
    const drawn = gumbelMax(g.x, { ...g.layout, seed, details: true });
    return { rows: [drawn.index, drawn.logProb, drawn.logZ, drawn.entropy] };
  },
  gumbelSoftmax: (g) => ({
    shaped: [gumbelSoftmax(g.x, { ...g.layout, seed: seeds(g), tau: temperatures(g) })],
  }),
  "gumbelSoftmax, hard": (g) => ({
    shaped: [gumbelSoftmax(g.x, { ...g.layout, noise: g.y, hard: true })],
  }),
  gumbelSoftmaxVjp: (g) => sampled(g, { seed, stream: 4 }),
  "gumbelSoftmaxVjp, hard with noise": (g) => sampled(g, { noise: g.z, hard: true }),
  "gumbelSoftmaxVjp of weights": (g) => sampled(g, { seed, from: "weights", hard: true }),
  ...Object.fromEntries(
    ESTIMATORS.map((options) => [
      `gumbelMaxVjp by ${options.estimator}`,
      (g: Given) => {
        const d = gumbelMaxVjp(g.x, { ...g.layout, ...options, seed: seeds(g) });
        return { shaped: [d.sample, d.vjp(g.y).input], rows: [d.index] };
      },
    ]),
  ),
  "gumbelMaxVjp of weights": (g) => {
    const d = gumbelMaxVjp(weights(g), { ...g.layout, from: "weights", noise: g.y });
    return { shaped: [d.sample, d.vjp(g.z).input], rows: [d.index] };
  },
  logGumbelSoftmax: (g) => ({
    shaped: [logGumbelSoftmax(g.x, { ...g.layout, seed: seeds(g), tau: temperatures(g) })],
  }),
  logGumbelSoftmaxVjp: (g) => {
    const options = { ...g.layout, seed, from: "weights", tau: temperatures(g) } as const;
    const d = logGumbelSoftmaxVjp(weights(g), options);
    const { input, tau } = d.vjp(g.y, { tau: true });
    return { shaped: [d.sample, input], rows: [tau as Float32Array] };
  },
  categorical: (g) => ({
    rows: [categorical(g.x, { ...g.layout, seed: seeds(g), draws: 3, bias: g.y, mask: g.mask })],
  }),
  "categorical with details": (g) => {
    const options = { seed, draws: 2, temperature: temperatures(g) };
    const drawn = categorical(g.x, { ...g.layout, ...options, details: true });
    return { rows: [drawn.index, drawn.logProb, drawn.logZ, drawn.entropy] };
  },
  gumbelTopK: (g) => {
    const k = Math.min(g.classes, 2);
    const best = gumbelTopK(g.x, k, { ...g.layout, seed: seeds(g), bias: g.z });
    return { rows: [best.index, best.score, best.logProb] };
  },
  gumbelGivenArgmax: (g) => {
    const index = perRow(g.rows, (row) => row % g.classes);
    const d = gumbelGivenArgmaxVjp(weights(g), index, { ...g.layout, from: "weights", noise: g.z });
    const alone = gumbelGivenArgmax(g.x, index, { ...g.layout, seed: seeds(g) });
    return { shaped: [alone, d.value, d.vjp(g.y).input] };
  },
  truncatedGumbel: (g) => {
    const bound = perRow(g.rows, (row) => row / 8);
    const d = truncatedGumbelVjp(g.x, bound, { ...g.layout, noise: g.z });
    const gradient = d.vjp(g.y);
    const alone = truncatedGumbel(g.x, bound, { ...g.layout, seed: seeds(g) });
    return { shaped: [alone, d.value, gradient.input], rows: [gradient.bound] };
  },
  gumbelTopDown: (g) => {
    const d = gumbelTopDownVjp(g.x, { ...g.layout, seed: seeds(g) });
    const alone = gumbelTopDown(g.x, { ...g.layout, seed: seeds(g) });
    return {
      shaped: [d.value, d.vjp(g.y).input, alone.value],
      rows: [d.index, d.max, alone.index, alone.max],
    };
  },
  entropy: (g) => {
    const options = { ...g.layout, temperature: temperatures(g) };
    const d = entropyVjp(g.x, options);
    const { input, temperature } = d.vjp(upstreams(g));
    return { shaped: [input], rows: [entropy(g.x, options), d.value, temperature] };
  },
  klDivergence: (g) => {
    const d = klDivergenceVjp(g.x, g.y, g.layout);
    const { input, prior } = d.vjp(upstreams(g));
    return {
      shaped: [input, prior as Float32Array],
      rows: [klDivergence(g.x, g.y, g.layout), klDivergence(g.x, undefined, g.layout), d.value],
    };
  },
  "klDivergence from one row": (g) => {
    const d = klDivergenceVjp(g.x, random(g.classes, seed), g.layout);
    const { input, prior } = d.vjp(upstreams(g));
    return { shaped: [input], rows: [d.value, prior as Float32Array] };
  },
  concreteLogProb: (g) => {
    const options = { ...g.layout, tau: temperatures(g) };
    const d = concreteLogProbVjp(g.y, g.x, options);
    const { sample, input, tau } = d.vjp(upstreams(g));
    return { shaped: [sample, input], rows: [concreteLogProb(g.y, g.x, options), d.value, tau] };
  },
  concreteKl: (g) => {
    const options = { ...g.layout, tau: temperatures(g), prior: g.z, priorTau: 0.7 };
    const d = concreteKlVjp(g.y, g.x, options);
    const by = d.vjp(upstreams(g));
    return {
      shaped: [by.sample, by.input, by.prior as Float32Array],
      rows: [concreteKl(g.y, g.x, options), d.value, by.tau, by.priorTau as Float32Array],
    };
  },
  "concreteKl from one row": (g) => {
    const d = concreteKlVjp(g.y, g.x, { ...g.layout, prior: random(g.classes, seed) });
    const { sample, input, prior } = d.vjp(upstreams(g));
    return { shaped: [sample, input], rows: [d.value, prior as Float32Array] };
  },
  binaryConcrete: (g) => ({
    shaped: [
      binaryConcrete(g.x, { ...g.layout, seed: seeds(g), tau: temperatures(g) }),
      binaryConcrete(g.x, { ...g.layout, noise: g.y, hard: true }),
      binaryConcrete(g.x, { ...g.layout, noise: g.y, space: "logit" }),
    ],
  }),
  binaryConcreteVjp: (g) => relaxedBits(g, { hard: true }),
  "binaryConcreteVjp in logit space": (g) => relaxedBits(g, { space: "logit" }),
  binaryConcreteLogProb: (g) => {
    const options = { ...g.layout, tau: temperatures(g), space: "logit" } as const;
    const d = binaryConcreteLogProbVjp(g.y, g.x, options);
    const { sample, input, tau } = d.vjp(g.z);
    return {
      shaped: [binaryConcreteLogProb(g.y, g.x, options), d.value, sample, input],
      rows: [tau],
    };
  },
  gumbelGivenMax: (g) => ({
    shaped: [
      gumbelGivenMax(
        g.x,
        perRow(g.rows, (row) => row / 8),
        { ...g.layout, seed },
      ),
    ],
  }),
  filterTokens: (g) => ({ shaped: [filterTokens(g.x, { ...g.layout, topP: 0.8, mask: g.mask })] }),
  "filterTokens in stages": (g) => {
    const seen = Array.from({ length: g.rows }, (_, row) => [row % g.classes]);
    const order = ["temperature", "topP", "presencePenalty", "minP"] as const;
    const options = { order, topP: 0.9, presencePenalty: 0.3, minP: 0.05, seen };
    return { shaped: [filterTokens(g.x, { ...g.layout, ...options })] };
  },
  sampleTokens: (g) => ({
    rows: [sampleTokens(g.x, { ...g.layout, seed, topK: 2, temperature: temperatures(g) })],
  }),
};

/** Values of this shape, a possible class in each row whatever the mask. */
function inputs(shape: number[], axis: number, from: number): Given {
  const length = sizeOf(shape);
  const [x, y, z] = [1, 2, 3].map((i) => random(length, from + i)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const classes = shape.at(axis) as number;
  const mask = Uint8Array.from(moved(shape, axis), (place, i) =>
    place % classes === 0 || x[i] > -1 ? 1 : 0,
  );
  return { x, y, z, mask, rows: length / classes, classes, layout: { shape, axis } };
}

/** The same with the axis moved last, as rows of so many classes. */
function rowsOf(given: Given, places: Int32Array): Given {
  const { x, y, z, mask, classes } = given;
  return {
    ...given,
    x: toLast(x, places),
    y: toLast(y, places),
    z: toLast(z, places),
    mask: toLast(mask, places),
    layout: { classes },
  };
}

/** That a call along `axis` is the transpose of that along the last one, for both signs of the axis. */
function expectMoved(call: Call, shape: number[], axis: number): void {
  const places = moved(shape, axis);
  const fresh = () => inputs(shape, axis, axis + sizeOf(shape));
  const expected = call(rowsOf(fresh(), places));
  for (const sign of [axis, axis - shape.length]) {
    const actual = call({ ...fresh(), layout: { shape, axis: sign } });
    const what = `[${shape}] along ${sign}`;
    expect(actual.shaped?.length).toBe(expected.shaped?.length);
    expected.shaped?.forEach((last, i) => {
      expectSame(actual.shaped?.[i] as Float32Array, fromLast(last, places), `${what}: ${i}`);
    });
    expect(actual.rows?.length).toBe(expected.rows?.length);
    expected.rows?.forEach((rows, i) => {
      expectSame(actual.rows?.[i] as Result, rows, `${what}: rows ${i}`);
    });
  }
}

/** Ones, short and awkward sizes on either side of an axis, no rows, and more than one chunk of the kernels. */
const SHAPES = [
  [1],
  [7],
  [1, 1],
  [0, 3],
  [3, 5],
  [17, 9],
  [2, 1, 3],
  [1, 4, 1],
  [2, 0, 3],
  [2, 3, 4],
  [3, 8, 16],
  [2, 9, 2, 3],
  [1, 2, 1, 5],
  [2, 65, 3, 2],
  [3, 300, 70],
];

describe.each(BACKENDS)("%s", (name) => {
  beforeAll(() => {
    setBackend(name);
  });
  afterAll(() => {
    setBackend("wasm-simd");
  });

  test.each(Object.entries(CALLS))("%s: moving the axis transposes the result", (_, call) => {
    for (const shape of SHAPES) {
      for (const [axis, classes] of shape.entries()) {
        if (classes > 0) expectMoved(call, shape, axis);
      }
    }
    const shapes = fc.array(fc.integer({ min: 1, max: 11 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.nat(), (shape, axis) => expectMoved(call, shape, axis % shape.length)),
      { seed: 1, numRuns: 40 },
    );
  });
});
