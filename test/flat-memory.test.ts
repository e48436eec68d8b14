/**
 * 150,000 calls of changing sizes and kinds leave memory as it was, plans and kept laws included. Vitest gives each file
 * a process.
 */

import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as gumbel from "gumbel";
import * as estimators from "gumbel/estimators";
import { expect, test } from "vitest";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const KB = 2 ** 10;
const MB = 2 ** 20;

const CALLS = 150_000;
/** By then all code is optimised and the heap has found its size; the other calls are judged. */
const WARM_UP = 100_000;

async function memory(): Promise<NodeJS.MemoryUsage> {
  for (let i = 0; i < 5; i++) {
    collect();
    await setTimeout(10);
  }
  return process.memoryUsage();
}

const MOST_VALUES = 40_000;
const values = new Float32Array(MOST_VALUES).map((_, i) => Math.sin(i));

const halves = Uint16Array.from(values, (_, i) => i % 0x7000);
const allowed = new Uint8Array(MOST_VALUES).fill(1);

interface Given {
  readonly x: Float32Array;
  readonly rows: number;
  readonly classes: number;
  readonly seed: number;
}

/** Mostly short, sometimes longer than a chunk of 64 kB; classes on both sides of every path's border. */
function given(seed: number, shape: number): Given {
  const classes = [1, 3, 10, 64, 65, 400, 1000, 20_000][shape % 8];
  const most = Math.floor((shape % 97 === 0 ? MOST_VALUES : 2000) / classes);
  const rows = Math.max(1, (seed * 31) % (most + 1));
  return { x: values.subarray(0, rows * classes), rows, classes, seed };
}

/** A kind of call, with its derivatives: the results, one a call. */
type Kind = (given: Given) => unknown[];

const GRADIENTS = [
  { estimator: "straight-through-gumbel" },
  { estimator: "straight-through" },
  { estimator: "decoupled" },
  { estimator: "reinmax" },
  { estimator: "gumbel-rao", replicas: 2 },
  { estimator: "gst" },
] as const;

const KINDS: readonly Kind[] = [
  ({ rows, classes, seed }) => [gumbel.gumbelNoise(rows, classes, { seed })],
  ({ x, classes }) => [gumbel.softmax(x, { classes }), gumbel.logSoftmax(x, { classes })],
  ({ x, rows, classes }) => [gumbel.softmax(x, { shape: [classes, rows], axis: 0 })],
  ({ x, classes }) => {
    const d = gumbel.logSumExpVjp(x, { classes });
    return [d.value, d.vjp(1), d.jvp({ input: x })];
  },
  ({ x, classes, seed }) => [
    gumbel.gumbelMax(x, { classes, seed }),
    gumbel.gumbelMax(x, { classes, seed, details: true }),
  ],
  ({ x, classes, seed }) => [
    gumbel.categorical(x, { classes, seed, draws: seed % 300 }),
    gumbel.categorical(x, { classes, seed, draws: seed % 30, details: true }),
  ],
  ({ x, classes, seed }) => {
    const g = gumbel.gumbelSoftmaxVjp(x, { classes, seed, hard: seed % 2 === 0 });
    return [g, g.vjp(x, { tau: true }), g.jvp({ input: x, tau: 1 })];
  },
  ({ x, classes, seed }) => [
    gumbel.gumbelTopK(x, 1 + (seed % Math.min(classes, 50)), { classes, seed }),
  ],
  ({ x, classes, seed }) => [gumbel.gumbelGivenMax(x, 1, { classes, seed })],
  ({ x, classes, seed }) => {
    const mask = allowed.subarray(0, classes);
    const bias = x.subarray(0, classes);
    return [
      gumbel.sampleTokens(x, { classes, seed, topK: 20, topP: 0.9, mask, bias }),
      gumbel.filterTokens(x, { classes, typicalP: 0.9, minP: 0.01 }),
    ];
  },
  ({ x, classes, seed }) => {
    const logits = halves.subarray(0, x.length);
    return [gumbel.sampleTokens(logits, { classes, seed, dtype: "float16" })];
  },
  ({ x, seed }) => {
    const stream = gumbel.gumbelMaxStream({ seed });
    stream.push(x.subarray(0, seed % (x.length + 1)));
    stream.push(x);
    return [stream.finish()];
  },
  ({ x, classes, seed }) => {
    const g = estimators.gumbelMaxVjp(x, { classes, seed, ...GRADIENTS[seed % 6] });
    return [g, g.vjp(x)];
  },
  ({ x, classes, seed }) => {
    const g = estimators.logGumbelSoftmaxVjp(x, { classes, seed });
    const density = estimators.concreteLogProbVjp(g.sample, x, { classes });
    const divergence = estimators.concreteKlVjp(g.sample, x, { classes, priorTau: 2 });
    return [g, g.vjp(x, { tau: true }), density, density.vjp(1), divergence, divergence.vjp(1)];
  },
  ({ x, classes, seed }) => {
    const space = "logit";
    const g = estimators.binaryConcreteVjp(x, { classes, seed, space });
    const density = estimators.binaryConcreteLogProbVjp(g.sample, x, { classes, space });
    return [g, g.vjp(x, { tau: true }), density, density.vjp(x)];
  },
  ({ x, classes }) => {
    const entropy = estimators.entropyVjp(x, { classes });
    const divergence = estimators.klDivergenceVjp(x, x.subarray(0, classes), { classes });
    return [entropy, entropy.vjp(1), divergence, divergence.vjp(1)];
  },
  ({ x, classes, seed }) => {
    const g = estimators.gumbelTopDownVjp(x, { classes, seed });
    const given = estimators.gumbelGivenArgmax(x, g.index, { classes, seed });
    const truncated = estimators.truncatedGumbelVjp(x, 1, { classes, seed });
    return [g, g.vjp(x), given, truncated, truncated.vjp(x)];
  },
];

/** What takes as long as fifty other calls: it has an instance of its own. */
const RARE: readonly Kind[] = [
  ({ rows, classes, seed }) => {
    const plan = gumbel.gumbelSoftmaxPlan({ rows, classes });
    return [plan, plan.forward({ seed }), plan.backward({ tau: true })];
  },
  ({ x, classes, seed }) => {
    const law = gumbel.categoricalLaw(x.subarray(0, classes));
    return [law, law.draw(seed % 300, { seed }), law.counts(seed % 300, { seed })];
  },
];

/** The kinds in turn, each with all shapes. */
function callsOf(turn: number): unknown[] {
  const [kinds, nth] = turn % 50 === 0 ? [RARE, turn / 50] : [KINDS, turn];
  return kinds[nth % kinds.length](given(turn, Math.floor(nth / kinds.length)));
}

test("150,000 calls leave memory flat", async () => {
  let calls = 0;
  let before: NodeJS.MemoryUsage | undefined;
  for (let turn = 0; calls < CALLS; turn++) {
    if (before === undefined && calls >= WARM_UP) before = await memory();
    calls += callsOf(turn).length;
  }
  const after = await memory();
  const growth = (part: keyof NodeJS.MemoryUsage) => after[part] - (before?.[part] ?? 0);
  // Ten bytes a call, less than the smallest object; 100 kB were seen.
  expect(growth("heapUsed")).toBeLessThan(500 * KB);
  expect(growth("external")).toBeLessThan(500 * KB);
  // The heap's pages come and go: 4 MB were seen. A third of a kB a call would show.
  expect(growth("rss")).toBeLessThan(16 * MB);
});
