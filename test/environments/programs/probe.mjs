/**
 * Calls every function of the package and hashes the bits of what comes out. Plain JavaScript that is handed the
 * namespaces of its entries and asks nothing of its host, so it runs wherever the package does: golden.json says what
 * the hashes must be, and test/probe.test.ts holds the sources to it.
 */

/** @typedef {typeof import("gumbel")} Gumbel */
/** @typedef {typeof import("gumbel/estimators")} Estimators */
/** @typedef {Float32Array | Int32Array | Uint32Array} Values */

const SEED = 0x243f6a8885a308d3n;

/**
 * Rows, classes. Few classes (four rows at once), up to 64 of them and one more; both sides of a block of 256; where
 * Gumbel-Max begins to skip, from 400 on; several chunks of rows, of short ones and long; a row longer than a chunk.
 */
const SHAPES = [
  [1, 1],
  [7, 3],
  [1900, 10],
  [131, 64],
  [67, 65],
  [3, 255],
  [3, 257],
  [19, 1000],
  [1, 20000],
];

/**
 * Floats in [-8, 8) that every engine makes alike: a linear congruential generator, by integer arithmetic alone.
 *
 * @param {number} length
 * @param {number} state
 */
function numbers(length, state) {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    out[i] = state / 2 ** 28;
  }
  return out;
}

/**
 * What the calls of one shape are given. Impossible classes are among the logits, but no row has only those.
 *
 * @param {number} rows
 * @param {number} classes
 */
function inputs(rows, classes) {
  const length = rows * classes;
  const logits = numbers(length, classes);
  for (let i = 6; i < length; i += 7) logits[i] = i % classes === 0 ? 1 : -Infinity;
  return {
    logits,
    weights: logits.map((x) => (x < -4 ? 0.5 : x * x)).map((w) => (w === Infinity ? 0 : w)),
    upstream: numbers(length, classes + 1),
    noise: numbers(length, classes + 2),
    each: Float32Array.from({ length: rows }, (_, row) => 0.25 + (row % 5) / 2),
    key: { seed: SEED, stream: 2 ** 40 + classes, row: 5 },
  };
}

/**
 * Forbids some classes, never one that can be drawn in a row alone: what is above 1 stays.
 *
 * @param {Float32Array} x
 */
function maskOf(x) {
  return Uint8Array.from(x, (value, i) => (value > 1 || i % 3 > 0 ? 1 : 0));
}

/**
 * A function of the package, or one way to use it, by name: everything it returns for the inputs of one shape.
 *
 * @type {Record<string, (gumbel: Gumbel, classes: number, given: ReturnType<typeof inputs>) => Values[]>}
 */
const OF_SHAPES = {
  gumbelNoise: (g, classes, { each, key }) => [g.gumbelNoise(each.length, classes, key)],
  softmax: (g, classes, { logits, each }) => [
    g.softmax(logits, { classes }),
    g.softmax(logits, { classes, temperature: each }),
    g.softmax(logits, { classes, temperature: 0 }),
  ],
  logSoftmax: (g, classes, { logits, each }) => [
    g.logSoftmax(logits, { classes, temperature: each }),
  ],
  logSumExp: (g, classes, { logits }) => [g.logSumExp(logits, { classes })],
  softmaxVjp: (g, classes, { logits, upstream }) =>
    productsOf(g.softmaxVjp, classes, logits, upstream),
  logSoftmaxVjp: (g, classes, { logits, upstream }) =>
    productsOf(g.logSoftmaxVjp, classes, logits, upstream),
  logSumExpVjp: (g, classes, { logits, upstream, each }) => {
    const { value, vjp, jvp } = g.logSumExpVjp(logits, { classes });
    return [value, vjp(each).input, jvp({ input: upstream })];
  },
  softmaxBackward: (g, classes, { logits, upstream, each }) => [
    g.softmaxBackward(g.softmax(logits, { classes }), upstream, { classes, tau: each }),
  ],
  gumbelMax: (g, classes, { logits, weights, noise, each, key }) => [
    g.gumbelMax(logits, { classes, temperature: each, ...key }),
    g.gumbelMax(weights, { classes, from: "weights", ...key }),
    g.gumbelMax(logits, { classes, noise }),
  ],
  gumbelSoftmax: (g, classes, { logits, weights, noise, each, key }) => [
    g.gumbelSoftmax(logits, { classes, tau: 2 / 3, ...key }),
    g.gumbelSoftmax(logits, { classes, tau: each, hard: true, ...key }),
    g.gumbelSoftmax(weights, { classes, tau: each, from: "weights", ...key }),
    g.gumbelSoftmax(logits, { classes, tau: 0.5, noise }),
  ],
  gumbelSoftmaxVjp: (g, classes, { logits, upstream, each, key }) => {
    const sample = g.gumbelSoftmaxVjp(logits, { classes, tau: each, hard: true, ...key });
    return relaxed(sample, upstream, each);
  },
  "gumbelSoftmaxVjp of weights": (g, classes, { weights, upstream, noise, each }) => {
    const sample = g.gumbelSoftmaxVjp(weights, { classes, from: "weights", tau: 0.5, noise });
    return relaxed(sample, upstream, each);
  },
  gumbelSoftmaxPlan: (g, classes, { logits, upstream, each, key }) => {
    const plan = g.gumbelSoftmaxPlan({ rows: each.length, classes, hard: true });
    plan.logits.set(logits);
    plan.upstream.set(upstream);
    plan.forward({ tau: each, ...key });
    plan.backward({ tau: true });
    return [plan.sample, plan.soft, plan.index, plan.gradient, plan.tauGradient];
  },
  filterTokens: (g, classes, { logits, each }) => [
    g.filterTokens(logits, {
      classes,
      temperature: each,
      topK: Math.ceil(classes / 2),
      topP: 0.9,
      minP: 0.02,
      typicalP: 0.8,
    }),
    g.filterTokens(logits, {
      classes,
      order: "llama.cpp",
      temperature: each,
      typicalP: 0.95,
      frequencyPenalty: 0.5,
      seen: Array.from(each, (_, row) => [row % classes, 0, 0]),
    }),
  ],
  sampleTokens: (g, classes, { logits, upstream, each, key }) => [
    g.sampleTokens(logits, { classes, temperature: each, topP: 0.9, bias: upstream, ...key }),
    g.sampleTokens(logits, { classes, topK: 40, mask: maskOf(logits), ...key }),
  ],
  "a mask": (g, classes, { logits, weights, key }) => [
    g.gumbelMax(logits, { classes, mask: maskOf(logits), ...key }),
    g.categorical(weights, { classes, from: "weights", mask: maskOf(weights), ...key }),
  ],
  categorical: (g, classes, { logits, weights, each, key }) => [
    g.categorical(logits, { classes, temperature: each, ...key }),
    g.categorical(weights, { classes, from: "weights", draws: 3, draw: 7, ...key }),
  ],
  "draws with details": (g, classes, { logits, weights, each, key }) => [
    ...detailed(g.gumbelMax(logits, { classes, temperature: each, details: true, ...key })),
    ...detailed(
      g.categorical(weights, { classes, from: "weights", details: true, draws: 3, ...key }),
    ),
  ],
  categoricalLaw: (g, classes, { logits, key }) => {
    const law = g.categoricalLaw(logits.subarray(0, classes), { temperature: 0.7 });
    return [law.draw(300, { ...key, draw: 7 }), law.counts(300, key)];
  },
  gumbelTopK: (g, classes, { logits, noise, each, key }) => {
    // Each row has as many possible classes.
    const few = Math.ceil(classes / 2);
    return [
      ...Object.values(g.gumbelTopK(logits, few, { classes, temperature: each, ...key })),
      ...Object.values(g.gumbelTopK(logits, 1, { classes, noise })),
      ...Object.values(g.gumbelTopK(logits, Math.ceil(classes / 99), { classes, ...key })),
    ];
  },
  gumbelGivenMax: (g, classes, { logits, weights, noise, each, key }) => [
    g.gumbelGivenMax(logits, each, { classes, ...key }),
    g.gumbelGivenMax(weights, -2, { classes, from: "weights", noise }),
  ],
  gumbelMaxStream: (g, classes, { logits, key }) => {
    const row = logits.subarray(0, classes);
    return [undefined, row.reduce((a, b) => (a < b ? b : a))].map((max) => {
      const stream = g.gumbelMaxStream({ max, temperature: 0.7, ...key });
      for (let at = 0; at < classes; at += 99) stream.push(row.subarray(at, at + 99));
      return Int32Array.of(stream.finish());
    });
  },
};

/**
 * The same for what no shape changes.
 *
 * @type {Record<string, (gumbel: Gumbel) => (Values | string)[]>}
 */
const ALONE = {
  // Enough for several words below 2^16, whose noise is refined: the far tail.
  "gumbelNoise, tail": (g) => [g.gumbelNoise(1, 2 ** 18, { seed: 1 })],
  "categorical, many draws": (g) => {
    const { logits, key } = inputs(1, 1000);
    return [g.categorical(logits, { draws: 20000, ...key })];
  },
  "marked rows": (g) => {
    const { key } = inputs(1, 1);
    const rows = [
      1,
      2,
      3,
      0,
      NaN,
      1,
      Infinity,
      0,
      Infinity,
      -Infinity,
      -Infinity,
      -Infinity,
      5,
      Infinity,
      4,
    ];
    const options = /** @type {const} */ ({ classes: 3, onInvalidRow: "mark" });
    return [
      g.softmax(rows, options),
      g.logSumExp(rows, options),
      g.gumbelMax(rows, { ...options, ...key }),
      g.categorical(rows, { ...options, ...key, draws: 2 }),
      ...relaxed(
        g.gumbelSoftmaxVjp(rows, { ...options, ...key }),
        numbers(rows.length, 1),
        numbers(5, 2),
      ),
    ];
  },
  Rng: (g) => {
    const rng = new g.Rng(SEED);
    const seeds = rng.split(2 ** 40).split(1);
    return [
      g.gumbelMax([0, 1, 2], { rng }),
      g.gumbelNoise(2, 5, { rng: seeds }),
      JSON.stringify([rng, new g.Rng(rng.state), seeds]),
    ];
  },
};

/**
 * As {@link OF_SHAPES}, for the functions of `gumbel/estimators`.
 *
 * @type {Record<string, (estimators: Estimators, classes: number, given: ReturnType<typeof inputs>) => Values[]>}
 */
const ESTIMATORS_OF_SHAPES = {
  logGumbelSoftmax: (e, classes, { logits, weights, noise, each, key }) => [
    e.logGumbelSoftmax(logits, { classes, tau: each, ...key }),
    e.logGumbelSoftmax(weights, { classes, tau: 0.5, from: "weights", noise }),
  ],
  logGumbelSoftmaxVjp: (e, classes, { logits, upstream, each, key }) => {
    const { sample, vjp } = e.logGumbelSoftmaxVjp(logits, { classes, tau: each, ...key });
    return [sample, ...gradientsOf(vjp(upstream, { tau: true }))];
  },
  gumbelMaxVjp: (e, classes, { logits, weights, upstream, each, key }) => {
    const shared = { classes, tau: each, ...key };
    const draws = [
      e.gumbelMaxVjp(weights, { ...shared, from: "weights" }),
      e.gumbelMaxVjp(logits, { classes, ...key, estimator: "straight-through" }),
      e.gumbelMaxVjp(logits, { classes, ...key, estimator: "reinmax" }),
      e.gumbelMaxVjp(logits, { ...shared, estimator: "gumbel-rao", replicas: 3 }),
      e.gumbelMaxVjp(logits, { ...shared, estimator: "gst", gap: 1 }),
      e.gumbelMaxVjp(logits, {
        ...{ classes, ...key, estimator: "decoupled" },
        ...{ temperature: 2, backwardTemperature: each },
      }),
    ];
    return draws.flatMap(({ sample, index, vjp }) => [sample, index, vjp(upstream).input]);
  },
  concreteLogProb: (e, classes, { logits, each, key }) => {
    const sample = e.logGumbelSoftmax(logits, { classes, tau: each, ...key });
    return [
      e.concreteLogProb(sample, logits, { classes, tau: 0.7 }),
      e.concreteLogProb(
        each.map(() => 1),
        each,
        { classes: 1, space: "simplex" },
      ),
    ];
  },
  concreteLogProbVjp: (e, classes, { logits, each, key }) => {
    const sample = e.logGumbelSoftmax(logits, { classes, tau: each, ...key });
    const { value, vjp } = e.concreteLogProbVjp(sample, logits, { classes, tau: each });
    return [value, ...gradientsOf(vjp(each))];
  },
  concreteKl: (e, classes, { logits, each, key }) => {
    const sample = e.logGumbelSoftmax(logits, { classes, tau: each, ...key });
    return [e.concreteKl(sample, logits, { classes, tau: each, prior: logits.map(half) })];
  },
  concreteKlVjp: (e, classes, { logits, each, key }) => {
    const sample = e.logGumbelSoftmax(logits, { classes, tau: each, ...key });
    const options = { classes, tau: 0.7, prior: logits.map(half), priorTau: each };
    const { value, vjp } = e.concreteKlVjp(sample, logits, options);
    return [value, ...gradientsOf(vjp(each))];
  },
  entropy: (e, classes, { logits, each }) => [e.entropy(logits, { classes, temperature: each })],
  entropyVjp: (e, classes, { logits, each }) => {
    const { value, vjp } = e.entropyVjp(logits, { classes, temperature: each });
    return [value, ...gradientsOf(vjp(each))];
  },
  klDivergence: (e, classes, { logits, upstream }) => [
    e.klDivergence(logits, undefined, { classes }),
    e.klDivergence(logits, upstream, { classes }),
  ],
  klDivergenceVjp: (e, classes, { logits, upstream, each }) => {
    const { value, vjp } = e.klDivergenceVjp(logits, upstream, { classes });
    return [value, ...gradientsOf(vjp(each))];
  },
  binaryConcrete: (e, classes, { logits, noise, each, key }) => [
    e.binaryConcrete(logits, { classes, tau: each, ...key }),
    e.binaryConcrete(logits, { classes, hard: true, ...key }),
    e.binaryConcrete(logits, { classes, tau: 0.5, space: "logit", noise }),
  ],
  binaryConcreteVjp: (e, classes, { logits, upstream, each, key }) => {
    const { sample, soft, vjp } = e.binaryConcreteVjp(logits, {
      ...{ classes, tau: each, hard: true },
      ...key,
    });
    return [sample, soft, ...gradientsOf(vjp(upstream, { tau: true }))];
  },
  binaryConcreteLogProb: (e, classes, { logits, noise, each, key }) => [
    e.binaryConcreteLogProb(noise, logits, { classes, tau: each, space: "logit" }),
    e.binaryConcreteLogProb(e.binaryConcrete(logits, { classes, ...key }), noise, { classes }),
  ],
  binaryConcreteLogProbVjp: (e, classes, { logits, upstream, noise, each }) => {
    const options = /** @type {const} */ ({ classes, tau: each, space: "logit" });
    const { value, vjp } = e.binaryConcreteLogProbVjp(noise, logits, options);
    return [value, ...gradientsOf(vjp(upstream))];
  },
  gumbelGivenArgmax: (e, classes, { weights, noise, each, key }) => {
    // Weights of 0 are never drawn.
    const possible = weights.map((w) => w + 1);
    const index = each.map((_, row) => row % classes);
    return [
      e.gumbelGivenArgmax(possible, index, { classes, from: "weights", ...key }),
      e.gumbelGivenArgmax(noise, index, { classes, noise }),
    ];
  },
  gumbelGivenArgmaxVjp: (e, classes, { noise, upstream, each, key }) => {
    const index = each.map((_, row) => row % classes);
    const { value, vjp } = e.gumbelGivenArgmaxVjp(noise, index, { classes, ...key });
    return [value, vjp(upstream).input];
  },
  truncatedGumbel: (e, classes, { logits, weights, noise, each, key }) => [
    e.truncatedGumbel(logits, each, { classes, ...key }),
    e.truncatedGumbel(weights, -2, { classes, from: "weights", noise }),
  ],
  truncatedGumbelVjp: (e, classes, { logits, upstream, each, key }) => {
    const { value, vjp } = e.truncatedGumbelVjp(logits, each, { classes, ...key });
    return [value, ...gradientsOf(vjp(upstream))];
  },
  gumbelTopDown: (e, classes, { weights, key }) => {
    const { index, max, value } = e.gumbelTopDown(weights, { classes, from: "weights", ...key });
    return [index, max, value];
  },
  gumbelTopDownVjp: (e, classes, { logits, upstream, key }) => {
    const { index, vjp } = e.gumbelTopDownVjp(logits, { classes, ...key });
    return [index, vjp(upstream).input];
  },
  annealedTau: (e, classes) => [Float32Array.of(e.annealedTau(classes, { every: 10, min: 0.1 }))],
};

/** @param {number} x */
function half(x) {
  return x / 2;
}

/** @param {object} gradients by the names of what they are by */
function gradientsOf(gradients) {
  return /** @type {Values[]} */ (Object.values(gradients));
}

/** @param {import("gumbel").Drawn} drawn */
function detailed({ index, logProb, logZ, entropy }) {
  return [index, logProb, logZ, entropy];
}

/**
 * @param {Gumbel["softmaxVjp"]} differentiate
 * @param {number} classes
 * @param {Float32Array} x
 * @param {Float32Array} upstream
 */
function productsOf(differentiate, classes, x, upstream) {
  const { value, vjp, jvp } = differentiate(x, { classes });
  return [value, vjp(upstream).input, jvp({ input: upstream })];
}

/**
 * @param {import("gumbel").GumbelSoftmaxSample} drawn
 * @param {Float32Array} upstream
 * @param {Float32Array} each
 */
function relaxed(drawn, upstream, each) {
  const { sample, soft, index, vjp, jvp } = drawn;
  const { input, tau } = vjp(upstream, { tau: true });
  const tangent = jvp({ input: upstream, tau: each });
  return [sample, soft, index, vjp(upstream).input, input, /** @type {Values} */ (tau), tangent];
}

/**
 * FNV-1a, 32 bits, over the bits of the values and the characters of the texts.
 *
 * @param {(Values | string)[]} results
 */
function hashOf(results) {
  let hash = 0x811c9dc5;
  for (const result of results) {
    const units =
      typeof result === "string"
        ? Array.from(result, (character) => character.charCodeAt(0))
        : new Uint8Array(result.buffer, result.byteOffset, result.byteLength);
    for (const unit of units) hash = Math.imul(hash ^ unit, 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/**
 * What runs, and the hash of everything that was called, by name.
 *
 * @param {Gumbel} gumbel the namespace of the package's main entry
 * @param {Estimators} estimators that of its entry for estimators, of the same build
 * @returns {{ backend: import("gumbel").Backend, hashes: Record<string, string> }}
 */
export function probe(gumbel, estimators) {
  const hashes = {
    ...hashesOf(OF_SHAPES, gumbel),
    ...Object.fromEntries(
      Object.entries(ALONE).map(([name, call]) => [name, hashOf(call(gumbel))]),
    ),
    ...hashesOf(ESTIMATORS_OF_SHAPES, estimators),
  };
  return { backend: gumbel.backend(), hashes };
}

/**
 * Of calls for every shape.
 *
 * @template Entry
 * @param {Record<string, (entry: Entry, classes: number, given: ReturnType<typeof inputs>) => Values[]>} calls
 * @param {Entry} entry
 */
function hashesOf(calls, entry) {
  const shapes = SHAPES.map(([rows = 0, classes = 0]) => ({
    classes,
    given: inputs(rows, classes),
  }));
  return Object.fromEntries(
    Object.entries(calls).map(([name, call]) => [
      name,
      hashOf(shapes.flatMap(({ classes, given }) => call(entry, classes, given))),
    ]),
  );
}
