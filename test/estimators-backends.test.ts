/** WebAssembly = TypeScript, bit for bit, in every kernel of estimators and relaxed laws. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeBatch } from "../ts/batch.ts";
import type { EstimatorKernels } from "../ts/estimators/kernels.ts";
import { createJsEstimatorKernels } from "../ts/js/estimators.ts";
import type { Batch } from "../ts/kernels.ts";
import { expectSameBits } from "./support/bits.ts";
import { givenNoise, input, KINDS, type Kind, spoil, upstream } from "./support/inputs.ts";
import { js as coreKernels, wasmEstimators as wasm } from "./support/kernels.ts";

const js = createJsEstimatorKernels();

interface Case {
  readonly rows: number;
  readonly classes: number;
  readonly kind: Kind;
  /** τ of all rows; else one a row. */
  readonly tau?: number | undefined;
  /** Whether each row has a seed, a stream and a number of its own. */
  readonly keys?: boolean;
  /** Whether the noise is given. */
  readonly given?: boolean;
  /** Whether some rows are invalid or certain. */
  readonly spoilt?: boolean;
  readonly mark?: boolean;
  readonly seed: number;
}

/** What an output holds before the call: rows that are not completed must keep it. */
const BEFORE = 123.25;

interface Given {
  readonly batch: Batch;
  readonly x: Float32Array;
  readonly noise: Float32Array | undefined;
}

function prepared({ rows, classes, kind, tau, keys, given, spoilt, mark, seed }: Case): Given {
  const each = <T>(of: (row: number) => T) => Array.from({ length: rows }, (_, row) => of(row));
  const key = keys
    ? {
        seed: each((row) => BigInt(seed + row) << 31n),
        stream: each((row) => 2 ** 40 + 7 * row),
        row: each((row) => (row * 0x9e3779b9) % 2 ** 32),
        rng: undefined,
      }
    : { seed, stream: 2 ** 33, row: 3, rng: undefined };
  const x = input(kind, rows, classes, seed);
  const noise = given ? givenNoise(rows * classes, seed + 1000) : undefined;
  if (spoilt) {
    spoil(x, classes, seed + 2000);
    if (noise) spoil(noise, classes, seed + 3000);
  }
  const batch = makeBatch(
    { rows, classes },
    {
      key,
      t: tau ?? each((row) => [0.1, 2 / 3, 1, 30][row % 4] as number),
      from: kind === "weights" ? "weights" : "logits",
      onInvalidRow: mark ? "mark" : "throw",
    },
  );
  return { batch, x, noise };
}

type Method = (kernels: EstimatorKernels, given: Given) => [rows: number, ...Float32Array[]];

/** How each method is called; a record, so that none is forgotten. */
const METHODS: Record<keyof EstimatorKernels, Method> = {
  logGumbelSoftmax(kernels, { batch, x, noise }) {
    const out = new Float32Array(x.length).fill(BEFORE);
    return [kernels.logGumbelSoftmax(batch, x, noise, out), out];
  },
  // Noise is never given here; more of this kernel is in estimators-rao.test.ts.
  gumbelRao(kernels, { batch, x }) {
    const index = new Int32Array(batch.rows);
    coreKernels.gumbelMax({ ...batch, mark: true }, x, undefined, { index });
    const out = new Float32Array(x.length).fill(BEFORE);
    kernels.gumbelRao(batch, x, index, upstream(x.length, 1), 3, out);
    return [batch.rows, out];
  },
  binaryConcrete(kernels, { batch, x, noise }) {
    const [soft, logit, hard] = [x, x, x].map(({ length }) =>
      new Float32Array(length).fill(BEFORE),
    );
    const rows = kernels.binaryConcrete(batch, x, noise, { soft, logit, hard });
    return [rows, soft, logit, hard] as [number, ...Float32Array[]];
  },
};

function compare(name: keyof EstimatorKernels, given: Case): void {
  const [[rows, ...ours], [expected, ...theirs]] = [wasm, js].map((kernels) =>
    METHODS[name](kernels, prepared(given)),
  ) as [[number, ...Float32Array[]], [number, ...Float32Array[]]];
  const label = () => `${name} ${JSON.stringify(given)}`;
  if (rows !== expected) expect.fail(`${label()}: ${rows} rows, expected ${expected}`);
  theirs.forEach((values, i) => {
    expectSameBits(ours[i] as Float32Array, values, () => `${label()}, output ${i}`);
  });
}

const LENGTHS = [1, 3, 4, 5, 15, 16, 17, 33, 64, 65, 255, 256, 257, 511, 512, 513];
const TAUS = [undefined, 1e-30, 0.1, 0.5, 2 / 3, 1, 1e30];

describe.each(Object.keys(METHODS) as (keyof EstimatorKernels)[])("%s", (name) => {
  test.each(KINDS)("for every length, τ and kind of key, on %s", (kind) => {
    LENGTHS.forEach((classes, seed) => {
      for (const tau of TAUS) {
        const given = { rows: 5, classes, kind, tau, seed };
        compare(name, { ...given, keys: true });
        compare(name, { ...given, given: true });
        compare(name, { ...given, keys: true, spoilt: true, mark: true, rows: 24 });
        compare(name, { ...given, given: true, spoilt: true, mark: true, rows: 24 });
        compare(name, { ...given, given: true, spoilt: true, rows: 24 });
      }
    });
  });

  test("around the border of a chunk, and without rows", () => {
    for (const [seed, classes] of [1, 17, 257, 4099, 16_384, 16_385].entries()) {
      const fit = Math.min(2048, Math.floor(16_384 / classes));
      for (const rows of [0, fit - 1, fit, fit + 1, 2 * fit + 1]) {
        if (rows < 0) continue;
        const kind = KINDS[seed % 3] as Kind;
        compare(name, { rows, classes, kind, seed });
        compare(name, { rows, classes, kind, seed, given: true, spoilt: true, mark: true });
      }
    }
  });

  test("at random", () => {
    const shape = fc.record({
      rows: fc.integer({ min: 0, max: 20 }),
      classes: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 1500 })),
      kind: fc.constantFrom(...KINDS),
      tau: fc.double({ min: 0.05, max: 20, noNaN: true }),
      keys: fc.boolean(),
      given: fc.boolean(),
      spoilt: fc.boolean(),
      mark: fc.boolean(),
      seed: fc.integer({ min: 0, max: 1e6 }),
    });
    fc.assert(
      fc.property(shape, (given) => compare(name, given)),
      { seed: 42, numRuns: 60 },
    );
  });
});

test.each([
  ["TypeScript", js],
  ["wasm", wasm],
])("%s: the sample may go where the logits or the noise are", (_, kernels) => {
  const given: Case = { rows: 70, classes: 257, kind: "plain", seed: 7, given: true, mark: true };
  const expected = METHODS.logGumbelSoftmax(kernels, prepared(given))[1] as Float32Array;
  for (const name of ["x", "noise"] as const) {
    const { batch, x, noise } = prepared(given);
    const out = { x, noise: noise as Float32Array }[name];
    kernels.logGumbelSoftmax(batch, x, noise, out);
    expectSameBits(out, expected, `into ${name}`);
  }
});
