/** Every function that reads rows, behind one face: results written to arrays that the test holds. */

import {
  categorical,
  type From,
  filterTokens,
  gumbelMax,
  gumbelSoftmax,
  gumbelSoftmaxVjp,
  logSoftmax,
  logSoftmaxVjp,
  logSumExp,
  logSumExpVjp,
  type OnInvalidRow,
  type Rng,
  softmax,
  softmaxVjp,
} from "gumbel";

export interface RowsOptions {
  classes: number;
  onInvalidRow?: OnInvalidRow | undefined;
  /** The following go with functions that draw. */
  from?: From | undefined;
  noise?: Float32Array | undefined;
  rng?: Rng | undefined;
  seed?: number | undefined;
}

export type Out = Float32Array | Int32Array;

export interface OnRows {
  name: string;
  /** What messages call the input. */
  label: "x" | "logits";
  /** Whether it takes weights and keys, and whether noise. */
  draws: boolean;
  noise: boolean;
  /** Whether `out` may be the input itself, where lengths agree. */
  inPlace: boolean;
  /** Arrays for its results. */
  outs(rows: number, classes: number): Out[];
  run(x: Float32Array, options: RowsOptions, outs: Out[]): void;
}

const floats = (rows: number, classes: number) => [new Float32Array(rows * classes)];
const one = (rows: number) => [new Float32Array(rows)];
const indices = (rows: number) => [new Int32Array(rows)];

const DRAWS = 3;

type Function = (x: Float32Array, options: RowsOptions & { out: never }) => unknown;

function simple(
  call: { name: string },
  outs: OnRows["outs"],
  kind: Partial<OnRows>,
  more: object = {},
): OnRows {
  const run = call as unknown as Function;
  return {
    name: call.name + (Object.keys(more).length > 0 ? ` ${JSON.stringify(more)}` : ""),
    label: "x",
    draws: false,
    noise: false,
    inPlace: false,
    outs,
    run: (x, options, [out]) => run(x, { ...options, ...more, out: out as never }),
    ...kind,
  };
}

const sampler = { label: "logits", draws: true, noise: true } as const;

const relaxedVjp = (hard: boolean): OnRows => ({
  name: `gumbelSoftmaxVjp {"hard":${hard}}`,
  ...sampler,
  inPlace: false,
  outs: (rows, classes) => [
    new Float32Array(rows * classes),
    new Int32Array(rows),
    ...(hard ? floats(rows, classes) : []),
  ],
  run(x, options, [soft, index, sample]) {
    const out = { soft, index, sample } as never;
    gumbelSoftmaxVjp(x, { ...options, hard, tau: 0.7, out });
  },
});

const withDetails = (call: { name: string }, draws: number, noise: boolean): OnRows => ({
  name: `${call.name} {"details":true}`,
  ...sampler,
  noise,
  inPlace: false,
  outs: (rows) => [...indices(rows * draws), ...one(rows * draws), ...one(rows), ...one(rows)],
  run(x, options, [index, logProb, logZ, entropy]) {
    const out = { index, logProb, logZ, entropy } as never;
    const more = { details: true, ...(draws > 1 && { draws }) };
    (call as unknown as Function)(x, { ...options, ...more, out });
  },
});

export const ON_ROWS: OnRows[] = [
  simple(softmax, floats, { inPlace: true }),
  simple(logSoftmax, floats, { inPlace: true }),
  simple(logSumExp, one, {}),
  simple(softmaxVjp, floats, {}),
  simple(logSoftmaxVjp, floats, {}),
  simple(logSumExpVjp, one, {}),
  simple(filterTokens, floats, { label: "logits", inPlace: true }, { topK: 3, topP: 0.9 }),
  simple(gumbelMax, indices, sampler),
  simple(gumbelSoftmax, floats, { ...sampler, inPlace: true }, { tau: 0.7 }),
  simple(gumbelSoftmax, floats, { ...sampler, inPlace: true }, { hard: true }),
  relaxedVjp(false),
  relaxedVjp(true),
  simple(
    categorical,
    (rows) => [new Int32Array(rows * DRAWS)],
    { ...sampler, noise: false },
    { draws: DRAWS },
  ),
  withDetails(gumbelMax, 1, true),
  withDetails(categorical, DRAWS, false),
];
