/** The kernel of Gumbel-Rao: both backends to the bit, against float64, and what its replicas are. */

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createWasmEstimatorKernels } from "../ts/estimators/wasm.ts";
import { createJsEstimatorKernels } from "../ts/js/estimators.ts";
import type { Batch } from "../ts/kernels.ts";
import { prepare } from "../ts/wasm.ts";
import { bits, expectSameBits, NAN_BITS } from "./support/bits.ts";
import { fnv1a } from "./support/fnv.ts";
import { input, KINDS, type Kind, spoil, testWords, upstream } from "./support/inputs.ts";
import { batchOf, js, wasmBytes, wasmEstimators } from "./support/kernels.ts";
import { noiseOfReplicas, type RaoRow, raoReference } from "./support/rao.ts";
import { words } from "./support/words.ts";

const BACKENDS = [
  ["TypeScript", createJsEstimatorKernels()],
  ["wasm", wasmEstimators],
] as const;
const [[, jsRao], [, wasmRao]] = BACKENDS;

test("replicas take no memory: 3000 of them as much as one", () => {
  const instance = prepare(new WebAssembly.Module(wasmBytes));
  const kernels = createWasmEstimatorKernels(instance);
  const [rows, classes] = [50, 1000];
  const batch = batchOf({ rows, classes, key: KEY, t: 0.5 });
  const x = input("plain", rows, classes, 1);
  const v = upstream(x.length, 2);
  const bytes = [1, 3000].map((replicas) => {
    kernels.gumbelRao(batch, x, new Int32Array(rows), v, replicas, new Float32Array(x.length));
    return instance.wasm.memory.buffer.byteLength;
  });
  expect(bytes[1]).toBe(bytes[0]);
});

/** Classes, replicas and hash, which crates/kernels/tests/rao.rs computes natively; it says what of. */
const HASHES = readFileSync(new URL("fixtures/rao-hashes.txt", import.meta.url), "utf8")
  .trimEnd()
  .split("\n");

/** Made by scripts/fixtures_rao.py with PyTorch, noise included: nothing of the package is in it. */
const FIXTURES: Fixture[] = JSON.parse(
  readFileSync(new URL("fixtures/rao.json", import.meta.url), "utf8"),
);

interface Fixture {
  readonly row: number;
  readonly replicas: number;
  readonly tau: number;
  readonly index: number;
  readonly logits: number[];
  readonly v: number[];
  readonly gradient: number[];
}

const KEY = { seed: 5n, stream: 7, row: 2 };

interface Case {
  readonly rows: number;
  readonly classes: number;
  readonly replicas: number;
  readonly kind?: Kind;
  readonly t?: number;
  readonly seed?: number;
  readonly spoilt?: boolean;
  /** One in so many upstream values is NaN or infinite. */
  readonly spacing?: number;
}

interface Prepared {
  readonly batch: Batch;
  readonly x: Float32Array;
  readonly index: Int32Array;
  readonly v: Float32Array;
}

/** The drawn class is that of Gumbel-Max, −1 where a row is invalid. */
function prepared({ rows, classes, kind = "plain", t = 0.5, seed = 1, ...more }: Case): Prepared {
  const key = { seed: BigInt(seed) << 31n, stream: seed, row: 3 };
  const spec = { rows, classes, key, weights: kind === "weights", mark: true };
  const x = input(kind, rows, classes, seed);
  if (more.spoilt) spoil(x, classes, seed + 2000);
  const index = new Int32Array(rows);
  js.gumbelMax(batchOf(spec), x, undefined, { index });
  const v = upstream(x.length, seed + 4000, more.spacing);
  return { batch: batchOf({ ...spec, t }), x, index, v };
}

function expectSame(given: Case): void {
  const { batch, x, index, v } = prepared(given);
  const [a, b] = [new Float32Array(x.length).fill(9), new Float32Array(x.length).fill(8)];
  wasmRao.gumbelRao(batch, x, index, v, given.replicas, a);
  jsRao.gumbelRao(batch, x, index, v, given.replicas, b);
  expectSameBits(a, b, () => JSON.stringify(given));
}

describe("WebAssembly = TypeScript, bit for bit", () => {
  const LENGTHS = [
    1, 2, 3, 4, 5, 8, 15, 16, 17, 33, 61, 63, 64, 65, 127, 128, 255, 256, 257, 513, 1000,
  ];

  test.each(LENGTHS)("%i classes", (classes) => {
    for (const replicas of [1, 2, 3, 4, 7, 64]) {
      for (const kind of KINDS) {
        expectSame({ rows: 3, classes, replicas, kind });
        expectSame({ rows: 4, classes, replicas, kind, t: 0.01, spacing: 5, seed: 2 });
      }
    }
  });

  test("rows that are invalid or certain, several chunks of rows, temperatures of any size", () => {
    for (const classes of [1, 3, 17, 300]) {
      for (const kind of KINDS) {
        for (const t of [1e-30, 0.3, 1e30]) {
          expectSame({ rows: 150, classes, replicas: 3, kind, t, spoilt: true, spacing: 40 });
        }
      }
    }
    expectSame({ rows: 9000, classes: 4, replicas: 5 });
    expectSame({ rows: 0, classes: 4, replicas: 5 });
  });

  test("at random", () => {
    const cases = fc.record({
      rows: fc.integer({ min: 1, max: 5 }),
      classes: fc.integer({ min: 1, max: 600 }),
      replicas: fc.integer({ min: 1, max: 70 }),
      kind: fc.constantFrom(...KINDS),
      t: fc.constantFrom(0.03, 0.5, 1, 20),
      seed: fc.integer({ min: 1, max: 10 ** 6 }),
      spoilt: fc.boolean(),
      spacing: fc.constantFrom(3, 50, 10 ** 6),
    });
    fc.assert(fc.property(cases, expectSame), { numRuns: 150, seed: 20 });
  });
});

/** Standard normal enough for logits and upstreams. */
function normals(count: number, seed: number, scale: number): Float32Array {
  return Float32Array.from(testWords(seed, count), (k) => scale * ((k >>> 8) / 2 ** 23 - 1));
}

/** The error bound of ARCHITECTURE.md ("Semantics"), for each class. */
function expectGradient(out: Float32Array, row: RaoRow): void {
  const { gradient, size, terms } = raoReference(row);
  const relative = 2 ** -20 + Math.expm1((2 ** -21 * terms) / row.tau);
  gradient.forEach((truth, k) => {
    const error = Math.abs((out[k] as number) - truth);
    expect(error).toBeLessThanOrEqual(relative * (size[k] as number) + 2 ** -80);
  });
}

describe.each(BACKENDS)("%s", (_, kernels) => {
  test.each(FIXTURES)("PyTorch: row $row, $replicas replicas, τ = $tau", (fixture) => {
    const { row, replicas, tau, index, logits, v, gradient } = fixture;
    const classes = logits.length;
    const key = { seed: 0x243f6a8885a308d3n, stream: 2 ** 33 + 5, row };
    const batch = batchOf({ rows: 1, classes, key, t: tau });
    const out = new Float32Array(classes);
    const arrays = [Float32Array.from(logits), Int32Array.of(index), Float32Array.from(v)] as const;
    kernels.gumbelRao(batch, ...arrays, replicas, out);
    const noise = noiseOfReplicas(batch, replicas)[0] as number[][];
    const asked = { logits, index, v, tau, noise };
    expectGradient(out, asked);
    const { size } = raoReference(asked);
    gradient.forEach((truth, k) => {
      // The noise itself is off by 2·10^-7 here, and may weigh 1/τ of it.
      const bound = (size[k] as number) * (2e-6 + 2e-6 / tau);
      expect(Math.abs((out[k] as number) - truth)).toBeLessThanOrEqual(bound);
    });
  });

  test.each([1, 2, 4, 10, 64, 65, 100, 257, 1000])("against float64, %i classes", (classes) => {
    const rows = 5;
    for (const replicas of [1, 3, 64, 200]) {
      for (const t of [0.1, 0.7, 3]) {
        const batch = batchOf({ rows, classes, key: KEY, t, mark: true });
        const x = normals(rows * classes, classes, 4);
        const v = normals(rows * classes, classes + 1, 2);
        const index = new Int32Array(rows);
        js.gumbelMax(batchOf({ rows, classes, key: KEY }), x, undefined, { index });
        const out = new Float32Array(x.length);
        kernels.gumbelRao(batch, x, index, v, replicas, out);
        const noise = noiseOfReplicas(batch, replicas);
        for (let row = 0; row < rows; row++) {
          const [start, end] = [row * classes, (row + 1) * classes];
          expectGradient(out.subarray(start, end), {
            logits: Array.from(x.subarray(start, end)),
            index: index[row] as number,
            v: Array.from(v.subarray(start, end)),
            tau: t,
            noise: noise[row] as number[][],
          });
        }
      }
    }
  });

  test("the bits of the native kernels", () => {
    const seed = 0x243f6a8885a308d3n;
    const lines = HASHES.map((line) => {
      const [classes, replicas] = line.split(" ").map(Number) as [number, number];
      const [x, v] = [0, 1].map((stream) =>
        Float32Array.from(words({ seed, stream, row: 0 }, 0, 0, classes), (k) =>
          Math.fround(Math.fround(k | 0) * 2 ** -28),
        ),
      ) as [Float32Array, Float32Array];
      const batch = batchOf({ rows: 1, classes, key: { seed, stream: 2, row: 7 }, t: 0.5 });
      const out = new Float32Array(classes);
      kernels.gumbelRao(batch, x, Int32Array.of(Math.floor(classes / 3)), v, replicas, out);
      return `${classes} ${replicas} ${fnv1a(out)}`;
    });
    expect(lines).toEqual(HASHES);
  });

  test("one replica is the gradient of the soft sample with its noise", () => {
    // The conditional noise is l̃ − l: with it, the soft sample is that of the replica.
    const [rows, classes] = [3, 10];
    const batch = batchOf({ rows, classes, key: KEY, t: 0.5 });
    const x = normals(rows * classes, 3, 3);
    const v = normals(rows * classes, 4, 1);
    const index = new Int32Array(rows);
    js.gumbelMax(batchOf({ rows, classes, key: KEY }), x, undefined, { index });
    const out = new Float32Array(x.length);
    kernels.gumbelRao(batch, x, index, v, 1, out);
    const given = noiseOfReplicas(batch, 1).flatMap(([g], row) => {
      const logits = Array.from(x.subarray(row * classes, (row + 1) * classes));
      const z = Math.log(logits.reduce((sum, l) => sum + Math.exp(l), 0));
      const noise = g as number[];
      const top = z + (noise[index[row] as number] as number);
      return logits.map((l, k) =>
        k === index[row]
          ? top - l
          : -Math.log(Math.exp(-(l + (noise[k] as number))) + Math.exp(-top)) - l,
      );
    });
    const soft = new Float32Array(x.length);
    const drawn = new Int32Array(rows);
    js.gumbelSoftmax(batch, x, Float32Array.from(given), { soft, index: drawn });
    expect(drawn).toEqual(index);
    const expected = new Float32Array(x.length);
    js.softmaxBackward(batch, soft, v, expected);
    expected.forEach((e, i) => {
      expect(Math.abs((out[i] as number) - e)).toBeLessThan(3e-6);
    });
  });

  test("a short row is the same as the start of a long one that is impossible otherwise", () => {
    const [rows, classes, long] = [20, 30, 300];
    const { batch, x, index, v } = prepared({ rows, classes, replicas: 1 });
    const widen = (from: Float32Array, fill: number) => {
      const to = new Float32Array(rows * long).fill(fill);
      for (let row = 0; row < rows; row++) {
        to.set(from.subarray(row * classes, (row + 1) * classes), row * long);
      }
      return to;
    };
    const [short, wide] = [new Float32Array(x.length), new Float32Array(rows * long)];
    kernels.gumbelRao(batch, x, index, v, 1, short);
    const [wideX, wideV] = [widen(x, Number.NEGATIVE_INFINITY), widen(v, Number.NaN)];
    kernels.gumbelRao({ ...batch, classes: long }, wideX, index, wideV, 1, wide);
    expectSameBits(wide, widen(short, 0), "widened");
  });

  test("a row depends on its own data and key alone", () => {
    const [rows, classes, replicas] = [6, 21, 9];
    const { batch, x, index, v } = prepared({ rows, classes, replicas });
    const all = new Float32Array(x.length);
    kernels.gumbelRao(batch, x, index, v, replicas, all);
    for (let row = 0; row < rows; row++) {
      const one: Batch = {
        ...batch,
        rows: 1,
        params: (words, floats, first, count) => batch.params(words, floats, row + first, count),
      };
      const of = <T extends Float32Array>(x: T) => x.slice(row * classes, (row + 1) * classes);
      const out = new Float32Array(classes);
      kernels.gumbelRao(one, of(x), index.slice(row, row + 1), of(v), replicas, out);
      expectSameBits(out, of(all), `row ${row}`);
    }
  });

  test("classes that can't be drawn have no gradient, whatever the upstream holds", () => {
    const x = Float32Array.of(0, -Infinity, 1, -200);
    const v = Float32Array.of(1, Number.NaN, 2, Number.POSITIVE_INFINITY);
    const batch = batchOf({ rows: 1, classes: 4, key: KEY, t: 0.5 });
    const out = new Float32Array(4);
    kernels.gumbelRao(batch, x, Int32Array.of(2), v, 30, out);
    expect(out[1]).toBe(0);
    expect(out[3]).toBe(0);
    expect(out[0]).toBeLessThan(0);
    expect((out[0] as number) + (out[2] as number)).toBeCloseTo(0, 6);
  });

  test("an upstream that isn't finite makes the classes NaN or infinite that it reaches", () => {
    const batch = batchOf({ rows: 1, classes: 3, key: KEY });
    const out = new Float32Array(3);
    const v = Float32Array.of(Number.NaN, 1, 2);
    kernels.gumbelRao(batch, new Float32Array(3), Int32Array.of(0), v, 8, out);
    expect([...bits(out)]).toEqual([NAN_BITS, NAN_BITS, NAN_BITS]);
  });

  test("a certain class has the gradient 0, a marked or invalid row NaN", () => {
    const x = Float32Array.of(0, Infinity, 1, 0, 1, 2, 0, Number.NaN, 1, 0, 1, 2);
    const index = Int32Array.of(1, -1, 0, 3);
    const out = new Float32Array(12);
    const batch = batchOf({ rows: 4, classes: 3, key: KEY });
    kernels.gumbelRao(batch, x, index, new Float32Array(12).fill(3), 8, out);
    expect([...out]).toEqual([0, 0, 0, ...new Array(9).fill(Number.NaN)]);
  });

  test("by weights, the gradient by logits is divided by them; a weight of 0 has none", () => {
    const weights = Float32Array.of(0.5, 0, 2, 1);
    const logits = weights.map(Math.log);
    const v = Float32Array.of(1, -2, 3, 0.5);
    const index = Int32Array.of(3);
    const spec = { rows: 1, classes: 4, key: KEY, t: 0.5 };
    const [byLogits, byWeights] = [new Float32Array(4), new Float32Array(4)];
    kernels.gumbelRao(batchOf(spec), logits, index, v, 50, byLogits);
    kernels.gumbelRao(batchOf({ ...spec, weights: true }), weights, index, v, 50, byWeights);
    for (const k of [0, 2, 3]) {
      expect(byWeights[k]).toBeCloseTo((byLogits[k] as number) / (weights[k] as number), 5);
    }
    expect(byWeights[1]).toBe(0);
  });
});
