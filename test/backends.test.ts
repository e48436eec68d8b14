/** WebAssembly = TypeScript, bit for bit, in every method of the interface that both implement. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Batch, DetailsOut, Kernels, Program } from "../ts/kernels.ts";
import { bits, type Data, expectSameBits } from "./support/bits.ts";
import {
  givenNoise,
  input,
  KINDS,
  type Kind,
  spoil,
  testWords,
  upstream,
} from "./support/inputs.ts";
import { BACKENDS, type BatchSpec, batchOf, js, wasm } from "./support/kernels.ts";
import { programOf } from "./support/token-programs.ts";
import { type WordKey, words } from "./support/words.ts";

/** A case as the tables below write it. */
interface Case {
  readonly rows: number;
  readonly classes: number;
  readonly kind?: Kind;
  readonly t?: number;
  /** Whether the noise is given. */
  readonly given?: boolean;
  /** Whether some rows are invalid or certain. */
  readonly spoilt?: boolean;
  readonly mark?: boolean;
  /** One in so many upstream values is NaN or infinite. */
  readonly spacing?: number;
  readonly draws?: number;
  readonly first?: number;
  readonly seed?: number;
}

type Outputs = Record<string, Data | number | undefined>;
type Method = (kernels: Kernels, given: Prepared, out: Float32Array) => Outputs;

/** What an output holds before the call: rows that are not completed must keep it. */
const BEFORE = 123.25;

/** The inputs of a case, each made when it is asked for. Methods leave them as they are. */
class Prepared {
  readonly batch: Batch;
  readonly marking: Batch;
  /** At a temperature of 1. */
  readonly atOne: Batch;
  readonly draws: number;
  readonly x: Float32Array;
  readonly noise: Float32Array | undefined;
  readonly #given: Case;

  constructor(given: Case) {
    const { rows, classes, kind = "plain", t = 0.5, mark = true, seed = 1, first = 0 } = given;
    const key: WordKey = { seed: BigInt(seed) << 33n, stream: 2 ** 33 + seed, row: 3 };
    const spec: BatchSpec = { rows, classes, key, t, first, weights: kind === "weights" };
    this.#given = given;
    this.draws = given.draws ?? 5;
    this.batch = batchOf({ ...spec, mark });
    this.marking = batchOf({ ...spec, mark: true });
    this.atOne = batchOf({ ...spec, t: 1, mark });
    this.x = input(kind, rows, classes, seed);
    this.noise = given.given ? givenNoise(rows * classes, seed + 1000) : undefined;
    if (!given.spoilt) return;
    spoil(this.x, classes, seed + 2000);
    if (this.noise) spoil(this.noise, classes, seed + 3000);
  }

  get v(): Float32Array {
    return upstream(this.x.length, (this.#given.seed ?? 1) + 4000, this.#given.spacing);
  }

  /** Tokens have logits alone: whatever the kind, `x` holds some. */
  get ofLogits(): Batch {
    return { ...this.batch, weights: false };
  }

  get program(): Program {
    const { rows, classes } = this.batch;
    return programOf(rows, classes, this.#given.seed ?? 1);
  }

  get each(): Float32Array {
    return upstream(this.batch.rows, (this.#given.seed ?? 1) + 5000, this.#given.spacing);
  }

  /** The sample that goes into a product: always the TypeScript one, invalid rows marked. */
  get soft(): Float32Array {
    const soft = new Float32Array(this.x.length);
    js.gumbelSoftmax(this.marking, this.x, this.noise, { soft });
    return soft;
  }

  value(kernel: "softmax" | "logSoftmax"): Float32Array {
    const out = new Float32Array(this.x.length);
    js[kernel](this.marking, this.x, out);
    return out;
  }

  /** Fresh outputs: all elements, or one a row. */
  out(): Float32Array {
    return new Float32Array(this.x.length).fill(BEFORE);
  }

  one(): Float32Array {
    return new Float32Array(this.batch.rows).fill(BEFORE);
  }

  details(draws: number): DetailsOut {
    const logProb = new Float32Array(this.batch.rows * draws).fill(BEFORE);
    return { logProb, logZ: this.one(), entropy: this.one() };
  }
  floats(width: number): Float32Array {
    return new Float32Array(this.batch.rows * width).fill(BEFORE);
  }

  ints(width = 1): Int32Array {
    return new Int32Array(this.batch.rows * width).fill(BEFORE);
  }
}

/** How each method is called; a record, so that none is forgotten. */
const METHODS: Record<keyof Kernels, Method> = {
  noise(kernels, { batch }, out) {
    kernels.noise(batch, out);
    return { out };
  },
  softmax(kernels, { batch, x }, out) {
    return { rows: kernels.softmax(batch, x, out), out };
  },
  logSoftmax(kernels, { batch, x }, out) {
    return { rows: kernels.logSoftmax(batch, x, out), out };
  },
  logSumExp(kernels, given) {
    const one = given.one();
    return { rows: kernels.logSumExp(given.batch, given.x, one), one };
  },
  gumbelMax(kernels, given, sample) {
    const { batch, x, noise } = given;
    const [index, alone] = [given.ints(), given.ints()];
    const rows = kernels.gumbelMax(batch, x, noise, { sample, index });
    kernels.gumbelMax(batch, x, noise, { index: alone });
    const details = given.details(1);
    const again = given.ints();
    kernels.gumbelMax(batch, x, noise, { index: again, details });
    expectSameBits(again, alone, "with details");
    return { rows, sample, index, alone, ...details };
  },
  gumbelSoftmax(kernels, given, soft) {
    const { batch, x, noise } = given;
    const [sample, alone, index] = [given.out(), given.out(), given.ints()];
    const rows = kernels.gumbelSoftmax(batch, x, noise, { soft, sample, index });
    kernels.gumbelSoftmax(batch, x, noise, { soft: alone });
    return { rows, soft, sample, index, alone };
  },
  categorical(kernels, given) {
    const { batch, x, draws } = given;
    const out = given.ints(draws);
    const rows = kernels.categorical(batch, x, draws, out);
    const details = given.details(draws);
    const again = given.ints(draws);
    kernels.categorical(batch, x, draws, again, details);
    expectSameBits(again, out, "with details");
    return { rows, out, ...details };
  },
  decode(kernels, { x }, out) {
    const halves = new Uint16Array(x.buffer).subarray(0, x.length);
    const bfloats = new Float32Array(x.length);
    kernels.decode(halves, "float16", out);
    kernels.decode(halves, "bfloat16", bfloats);
    return { out, bfloats };
  },
  packMask(kernels, { x, batch: { rows, classes } }) {
    const mask = Uint8Array.from(x, (value) => (value > 0 ? 255 * value : 0));
    const bits = new Int32Array(rows * Math.ceil(classes / 32));
    kernels.packMask(mask, classes, bits);
    return { bits };
  },
  filterTokens(kernels, given, out) {
    return { rows: kernels.filterTokens(given.ofLogits, given.x, given.program, out), out };
  },
  sampleTokens(kernels, given) {
    const out = given.ints();
    return { rows: kernels.sampleTokens(given.ofLogits, given.x, given.program, out), out };
  },
  softmaxBackward(kernels, given, out) {
    kernels.softmaxBackward(given.batch, given.value("softmax"), given.v, out);
    return { out };
  },
  gumbelSoftmaxVjp(kernels, given, out) {
    const { batch, x, noise, soft, v } = given;
    const [byTau, alone] = [given.one(), given.out()];
    kernels.gumbelSoftmaxVjp(batch, x, noise, soft, v, out, byTau);
    kernels.gumbelSoftmaxVjp(batch, x, noise, soft, v, alone, undefined);
    return { out, byTau, alone };
  },
  gumbelSoftmaxJvp(kernels, given, out) {
    const { batch, x, noise, soft, v: input, each: tau } = given;
    const [along, alongTau] = [given.out(), given.out()];
    kernels.gumbelSoftmaxJvp(batch, x, noise, soft, { input, tau }, out);
    kernels.gumbelSoftmaxJvp(batch, x, noise, soft, { input }, along);
    kernels.gumbelSoftmaxJvp(batch, x, noise, soft, { tau }, alongTau);
    return { out, along, alongTau };
  },
  logSoftmaxVjp(kernels, given, out) {
    kernels.logSoftmaxVjp(given.batch, given.value("logSoftmax"), given.v, out);
    return { out };
  },
  logSoftmaxJvp(kernels, given, out) {
    kernels.logSoftmaxJvp(given.batch, given.value("logSoftmax"), given.v, out);
    return { out };
  },
  logSumExpVjp(kernels, { batch, x, each }, out) {
    kernels.logSumExpVjp(batch, x, each, out);
    return { out };
  },
  logSumExpJvp(kernels, given) {
    const one = given.one();
    kernels.logSumExpJvp(given.batch, given.x, given.v, one);
    return { one };
  },
  gumbelTopK(kernels, given) {
    const { batch, x, noise } = given;
    const { classes } = batch;
    // The best alone, some, and as many as some rows have and others haven't.
    const calls = [1, Math.ceil(classes / 9), Math.ceil(classes * 0.85)].map((k) => {
      const out = { index: given.ints(k), score: given.floats(k), logProb: given.floats(k) };
      return { rows: kernels.gumbelTopK(batch, x, noise, k, out), ...out };
    });
    return numbered(calls);
  },
  gumbelGivenMax(kernels, given, out) {
    const { atOne, x, noise } = given;
    const max = Float32Array.from(
      testWords(6000, atOne.rows),
      (k) => Math.fround(k | 0) * 2 ** -25,
    );
    return { rows: kernels.gumbelGivenMax(atOne, x, noise, max, out), out };
  },
  gumbelMaxPart(kernels, given) {
    const { batch, x } = given;
    const largest = x.reduce((a, b) => (a < b ? b : a), 0);
    // Without a maximum, with one that is too small for some rows, and with one for all.
    const calls = [Number.NaN, 1, largest].map((max) => {
      const leader = new Float32Array(2 * batch.rows).fill(-Infinity);
      const index = given.ints();
      // Twice, so that there is a leader to be passed, and one that is certain.
      const parts = [0, 1].map(() => kernels.gumbelMaxPart(batch, x, max, { leader, index }));
      return { rows: 10_000 * parts[0] + parts[1], leader, index };
    });
    return numbered(calls);
  },
};

/** The outputs of several calls as those of one. */
function numbered(calls: (Outputs & { rows: number })[]): Outputs {
  const arrays = calls.flatMap(({ rows, ...parts }, i) =>
    Object.entries(parts).map(([name, part]): [string, Outputs[string]] => [`${name} ${i}`, part]),
  );
  const rows = calls.reduce((all, { rows }) => all * 1e5 + rows, 0);
  return { rows, ...Object.fromEntries(arrays) };
}

/** Those for which T = 0 means something; for the others it isn't a temperature but τ. */
const COLD: (keyof Kernels)[] = [
  "softmax",
  "logSoftmax",
  "gumbelMax",
  "categorical",
  "gumbelTopK",
  "gumbelMaxPart",
  "filterTokens",
  "sampleTokens",
];

function compare(name: keyof Kernels, given: Case): void {
  const prepared = new Prepared(given);
  const [got, expected] = [wasm, js].map((kernels) =>
    METHODS[name](kernels, prepared, prepared.out()),
  ) as [Outputs, Outputs];
  for (const [part, theirs] of Object.entries(expected)) {
    const ours = got[part];
    const label = () => `${name} ${JSON.stringify(given)}, ${part}`;
    if (typeof theirs === "object" && typeof ours === "object") expectSameBits(ours, theirs, label);
    else if (ours !== theirs) expect.fail(`${label()} is ${ours}, expected ${theirs}`);
  }
}

const LENGTHS = [1, 3, 4, 5, 15, 16, 17, 18, 32, 33, 63, 64, 65, 255, 256, 257, 399, 400, 401];
const TAUS = [1e-30, 0.1, 0.5, 2 / 3, 1, 1e30];
/** Elements of a 64 kB chunk, and the most rows of one: a row's record has eight. */
const CHUNK = 16_384;
const CHUNK_ROWS = 2048;

/** One less, as many, and one more than go into a chunk. */
function aroundChunk(classes: number): Case[] {
  const fit = Math.min(CHUNK_ROWS, Math.floor(CHUNK / classes));
  return [fit - 1, fit, fit + 1].map((rows) => ({ rows, classes }));
}

const BATCHES: Case[] = [
  ...[1, 17, 257, 4099].flatMap(aroundChunk),
  { rows: 2 * 63 + 1, classes: 257 },
  // A row that is a chunk, one less, one more.
  ...[CHUNK - 1, CHUNK, CHUNK + 1].map((classes) => ({ rows: 2, classes })),
];

describe.each(Object.keys(METHODS) as (keyof Kernels)[])("%s: wasm = TypeScript", (name) => {
  const temperatures = COLD.includes(name) ? [...TAUS, 0] : TAUS;

  test.each(KINDS)("for every length and τ, on %s", (kind) => {
    LENGTHS.forEach((classes, seed) => {
      for (const t of temperatures) {
        compare(name, { rows: 4, classes, kind, t, seed });
        compare(name, { rows: 4, classes, kind, t, seed: seed + 50, given: true, spacing: 4 });
        compare(name, { rows: 4, classes, kind, t, seed: seed + 90, given: true, spacing: 200 });
      }
    });
  });

  test("around the border of a chunk", () => {
    for (const [seed, given] of BATCHES.entries()) {
      if (name === "categorical") compare(name, { ...given, seed, draws: 1, first: seed });
      compare(name, { ...given, seed, kind: KINDS[seed % 3] as Kind });
      compare(name, { ...given, seed: seed + 100, spoilt: true, given: true });
    }
  });

  test("where rows are invalid or certain, marked or not", () => {
    for (const [seed, classes] of [...LENGTHS, ...LENGTHS].entries()) {
      for (const kind of KINDS) {
        for (const given of [false, true]) {
          const rough = { rows: 24, classes, kind, given, spoilt: true, spacing: 20, seed };
          compare(name, { ...rough, mark: true });
          compare(name, { ...rough, mark: false });
          if (COLD.includes(name)) compare(name, { ...rough, t: 0 });
        }
      }
    }
  });

  test("without rows", () => {
    const given = { rows: 0, classes: 5 };
    compare(name, given);
    const { rows, ...outputs } = METHODS[name](wasm, new Prepared(given), new Float32Array());
    expect(rows ?? 0).toBe(0);
    for (const out of Object.values(outputs)) expect(out).toHaveLength(0);
  });

  test("at random", () => {
    const shape = fc.record({
      rows: fc.integer({ min: 0, max: 20 }),
      classes: fc.oneof(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 250, max: 260 }),
        fc.integer({ min: 1, max: 1500 }),
      ),
      kind: fc.constantFrom(...KINDS),
      t: fc.oneof(fc.constantFrom(...temperatures), fc.double({ min: 0.05, max: 20, noNaN: true })),
      given: fc.boolean(),
      spoilt: fc.boolean(),
      mark: fc.boolean(),
      spacing: fc.constantFrom(4, 100, 10_000),
      draws: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 250, max: 300 })),
      first: fc.constantFrom(0, 1, 2, 3, 4, 255, 2 ** 30 - 300),
      seed: fc.integer({ min: 0, max: 1e6 }),
    });
    fc.assert(
      fc.property(shape, (given) => compare(name, given)),
      { seed: 42, numRuns: 60 },
    );
  });
});

test("the first invalid row, wherever it is in a chunk, ends the call", () => {
  const [rows, classes] = [70, 257];
  for (const bad of [0, 1, 62, 63, 64, 69]) {
    const { x } = new Prepared({ rows, classes });
    x[bad * classes + 100] = Number.NaN;
    const batch = batchOf({ rows, classes });
    const outs = BACKENDS.map(([, kernels]) => {
      const out = new Float32Array(x.length).fill(BEFORE);
      expect(kernels.softmax(batch, x, out)).toBe(bad);
      expect(out.subarray(bad * classes).every((y) => y === BEFORE)).toBe(true);
      return out;
    });
    expectSameBits(outs[1] as Float32Array, outs[0] as Float32Array, `bad row ${bad}`);
  }
});

test("2^22 words of noise, refined ones among them, are the same", () => {
  const [rows, classes] = [64, 2 ** 16];
  const key: WordKey = { seed: 11n, stream: 12, row: 13 };
  const [a, b] = BACKENDS.map(([, kernels]) => {
    const out = new Float32Array(rows * classes);
    kernels.noise(batchOf({ rows, classes, key }), out);
    return out;
  }) as [Float32Array, Float32Array];
  expectSameBits(b, a, "noise");
  let refined = 0;
  for (let row = 0; row < rows; row++) {
    words({ ...key, row: key.row + row }, 0, 0, classes).forEach((word, i) => {
      if (word >= 2 ** 16) return;
      refined++;
      // −log(2^-16), and the tail reaches beyond it.
      expect(a[row * classes + i]).toBeGreaterThan(11.09);
    });
  }
  expect(refined).toBeGreaterThan(40);
  expect(refined).toBeLessThan(90);
});

// So many classes that halving finds them; of the draws, few enough for a search of each and enough for a guide.
test.each([2 ** 15, 2 ** 17])("draws that need a second word: %i the same, and exact", (draws) => {
  // With equal classes the law is floor(u·classes).
  const classes = 2 ** 20 + 7;
  const key: WordKey = { seed: 21n, stream: 22, row: 23 };
  const [a, b] = BACKENDS.map(([, kernels]) => {
    const out = new Int32Array(draws);
    kernels.categorical(batchOf({ rows: 1, classes, key }), new Float32Array(classes), draws, out);
    return out;
  }) as [Int32Array, Int32Array];
  expectSameBits(b, a, "draws");
  const [high, low] = [words(key, 2, 0, draws), words(key, 3, 0, draws)];
  const column = (u: bigint, bits: bigint) => Number((u * BigInt(classes)) >> bits);
  let open = 0;
  for (let i = 0; i < draws; i++) {
    const word = BigInt(high[i] as number);
    if (column(word, 32n) !== column(word + 1n, 32n)) open++;
    const u = 2n * ((word << 32n) + BigInt(low[i] as number)) + 1n;
    if (a[i] !== column(u, 65n)) expect.fail(`draw ${i} is ${a[i]}, expected ${column(u, 65n)}`);
  }
  expect(open).toBeGreaterThan(3);
});

test("draws from logits too far apart for float32, at temperatures that bring them together", () => {
  const [rows, classes] = [2000, 2];
  const x = Float32Array.from({ length: rows * classes }, (_, i) => (i % 2 === 0 ? 3e38 : -3e38));
  for (const t of [4e36, 6e36, 1e38, Number.MAX_VALUE]) {
    for (const kernels of [wasm, js]) {
      const out = new Int32Array(rows).fill(BEFORE);
      kernels.categorical(batchOf({ rows, classes, t }), x, 1, out);
      expect(out.every((column) => column === 0)).toBe(true);
    }
  }
});

describe.each(BACKENDS)("%s: an output may be an input", (_, kernels) => {
  const [rows, classes] = [70, 257];
  const batch = batchOf({ rows, classes, t: 0.5, mark: true });
  const atOne = batchOf({ rows, classes, t: 1, mark: true });
  const most = new Float32Array(rows).fill(0.75);

  function arrays() {
    const given = new Prepared({ rows, classes, spoilt: true, given: true, seed: 7 });
    const { x, noise = x, v, each, soft: y } = given;
    return { x, noise, v, each, y, byTau: given.one(), out: given.out() };
  }
  type Arrays = ReturnType<typeof arrays>;

  /** `call(arrays, out)` with an array of its own, and with each of the inputs named. */
  const ALIASED: [string, (a: Arrays, out: Float32Array) => void, (keyof Arrays)[]][] = [
    ["softmax", ({ x }, out) => kernels.softmax(batch, x, out), ["x"]],
    ["logSoftmax", ({ x }, out) => kernels.logSoftmax(batch, x, out), ["x"]],
    [
      "gumbelMax",
      ({ x, noise }, sample) => kernels.gumbelMax(batch, x, noise, { sample }),
      ["x", "noise"],
    ],
    [
      "gumbelSoftmax",
      ({ x, noise }, soft) => kernels.gumbelSoftmax(batch, x, noise, { soft }),
      ["x", "noise"],
    ],
    [
      "filterTokens",
      ({ x }, out) => kernels.filterTokens(batch, x, programOf(rows, classes, 1), out),
      ["x"],
    ],
    ["softmaxBackward", ({ y, v }, out) => kernels.softmaxBackward(batch, y, v, out), ["y", "v"]],
    [
      "gumbelSoftmaxVjp",
      ({ x, noise, y, v, byTau }, out) =>
        kernels.gumbelSoftmaxVjp(batch, x, noise, y, v, out, byTau),
      ["v"],
    ],
    [
      "gumbelSoftmaxJvp",
      ({ x, noise, y, v, each }, out) =>
        kernels.gumbelSoftmaxJvp(batch, x, noise, y, { input: v, tau: each }, out),
      ["v"],
    ],
    [
      "gumbelGivenMax",
      ({ x, noise }, out) => kernels.gumbelGivenMax(atOne, x, noise, most, out),
      ["x", "noise"],
    ],
    ["logSoftmaxVjp", ({ y, v }, out) => kernels.logSoftmaxVjp(batch, y, v, out), ["v"]],
    ["logSoftmaxJvp", ({ y, v }, out) => kernels.logSoftmaxJvp(batch, y, v, out), ["v"]],
  ];

  test.each(ALIASED)("%s", (label, call, names) => {
    const expected = arrays();
    call(expected, expected.out);
    for (const name of names) {
      const shared = arrays();
      const out = shared[name];
      call(shared, out);
      expectSameBits(out, expected.out, `${label} into ${name}`);
    }
  });
});

test("the inputs of these tests hold what they promise", () => {
  const x = input("edges", 8, 4099, 1);
  for (const special of [0, -0, -1e38, 1e38, -Infinity].map(Math.fround)) {
    expect(x.some((value) => Object.is(value, special))).toBe(true);
  }
  expect(x.some((value) => value !== 0 && Math.abs(value) < 2 ** -126)).toBe(true);
  expect(
    new Set(bits(upstream(4099, 1, 4)).filter((b) => (b & 0x7fffffff) > 0x7f800000)).size,
  ).toBe(4);
  expect(new Set(testWords(1, 1000)).size).toBe(1000);
});
