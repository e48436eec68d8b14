/** What a seed promises: the four identities of DESIGN §3 by their numbers, slices, keys, and who takes a stream. */

import {
  backend,
  categorical,
  type GumbelSoftmaxSample,
  gumbelMax,
  gumbelNoise,
  gumbelSoftmax,
  gumbelSoftmaxVjp,
  type KeyOptions,
  logSoftmax,
  logSumExp,
  Rng,
  type Seed,
  softmax,
} from "gumbel";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Data, expectSameBits } from "./support/bits.ts";
import { readGolden } from "./support/golden.ts";
import { input, type Kind, upstream } from "./support/inputs.ts";

const TAUS = [1e-30, 0.01, 0.5, 2 / 3, 1, 3, 1e30];
const SHAPES: [rows: number, classes: number][] = [
  [7, 1],
  [50, 3],
  [9, 10],
  [5, 257],
  [2, 5000],
];

/** Rows that are laws: the first class of each is possible. */
function laws(kind: Kind, rows: number, classes: number, seed = 1): Float32Array {
  const x = input(kind, rows, classes, seed);
  for (let row = 0; row < rows; row++) x[row * classes] = 1;
  return x;
}

/** Every function that draws. */
const DRAWING: Record<string, (x: Float32Array, classes: number, key: KeyOptions) => Data> = {
  gumbelNoise: (x, classes, key) => gumbelNoise(x.length / classes, classes, key),
  gumbelMax: (x, classes, key) => gumbelMax(x, { classes, ...key }),
  "gumbelMax of weights": (x, classes, key) =>
    gumbelMax(x.map(weight), { classes, from: "weights", temperature: 0.7, ...key }),
  gumbelSoftmax: (x, classes, key) => gumbelSoftmax(x, { classes, tau: 0.7, ...key }),
  "gumbelSoftmax, hard": (x, classes, key) => gumbelSoftmax(x, { classes, hard: true, ...key }),
  "gumbelSoftmaxVjp, soft": (x, classes, key) => gumbelSoftmaxVjp(x, { classes, ...key }).soft,
  "gumbelSoftmaxVjp, gradient by tau": (x, classes, key) =>
    gumbelSoftmaxVjp(x, { classes, tau: 0.7, ...key }).vjp(x.map(finite), { tau: true })
      .tau as Data,
  "gumbelSoftmaxVjp, tangent": (x, classes, key) =>
    gumbelSoftmaxVjp(x, { classes, tau: 0.7, ...key }).jvp({ input: x.map(finite), tau: 1 }),
  categorical: (x, classes, key) => categorical(x, { classes, ...key }),
  "categorical, five draws": (x, classes, key) => categorical(x, { classes, draws: 5, ...key }),
};

/** A law's weights from its logits, of one sort or another. */
const weight = (x: number) => (x === -Infinity ? 0 : Math.abs(x) + 0.1);
const finite = (x: number) => (x === -Infinity ? 1 : x);

describe("identity 1: gumbelMax at temperature 1 is the index of gumbelSoftmaxVjp, for every tau", () => {
  test.each(["plain", "edges", "weights"] as const)("%s", (kind) => {
    const from = kind === "weights" ? "weights" : "logits";
    for (const [rows, classes] of SHAPES) {
      const x = laws(kind, rows, classes);
      const key = { classes, from, seed: 3, stream: 4, row: 5 } as const;
      const index = gumbelMax(x, { ...key, temperature: 1 });
      const hot = Float32Array.from(x, (_, i) =>
        index[Math.floor(i / classes)] === i % classes ? 1 : 0,
      );
      for (const tau of TAUS) {
        const label = `tau ${tau}, ${rows} x ${classes}`;
        const hard = gumbelSoftmaxVjp(x, { ...key, hard: true, tau });
        expectSameBits(hard.index, index, label);
        expectSameBits(hard.sample, hot, label);
        expectSameBits(gumbelSoftmax(x, { ...key, hard: true, tau }), hot, label);
        const soft = gumbelSoftmaxVjp(x, { ...key, tau });
        expectSameBits(soft.index, index, label);
        expectSameBits(hard.soft, soft.sample, label);
        expectSameBits(gumbelSoftmax(x, { ...key, tau }), soft.soft, label);
      }
    }
  });
});

test("identity 2: noise given by gumbelNoise is the noise that the key draws", () => {
  const [rows, classes] = [9, 300];
  for (const kind of ["plain", "edges", "weights"] as const) {
    const x = laws(kind, rows, classes);
    const from = kind === "weights" ? "weights" : "logits";
    const key = { seed: 2n ** 63n + 5n, stream: 2 ** 40, row: 77 };
    const noise = gumbelNoise(rows, classes, key);
    const shape = { classes, from } as const;
    for (const temperature of [0, 0.3, 1, 9]) {
      const drawn = gumbelMax(x, { ...shape, temperature, ...key });
      expectSameBits(gumbelMax(x, { ...shape, temperature, noise }), drawn, `T ${temperature}`);
    }
    for (const tau of TAUS) {
      const [given, drawn] = [{ noise }, key].map((source) =>
        gumbelSoftmaxVjp(x, { ...shape, tau, ...source }),
      ) as [GumbelSoftmaxSample, GumbelSoftmaxSample];
      const v = upstream(x.length, 1);
      const [a, b] = [given.vjp(v, { tau: true }), drawn.vjp(v, { tau: true })];
      expectSameBits(given.soft, drawn.soft, `soft, tau ${tau}`);
      expectSameBits(a.input, b.input, `gradient, tau ${tau}`);
      expectSameBits(a.tau as Data, b.tau as Data, `gradient by tau ${tau}`);
      expectSameBits(given.jvp({ tau: 1 }), drawn.jvp({ tau: 1 }), `tangent, tau ${tau}`);
      expect(given.key).toBeUndefined();
    }
  }
});

test.each(Object.entries(DRAWING))(
  "identity 3: new Rng(s)'s first call = { seed: s, stream: 0 } = seed: s, the second is stream 1: %s",
  (_, draw) => {
    const x = laws("plain", 20, 40);
    for (const seed of [0, 42, 2n ** 64n - 1n]) {
      const rng = new Rng(seed);
      const first = draw(x, 40, { rng });
      expectSameBits(first, draw(x, 40, { seed, stream: 0 }), "stream 0");
      expectSameBits(first, draw(x, 40, { seed }), "default stream");
      expectSameBits(draw(x, 40, { rng }), draw(x, 40, { seed, stream: 1 }), "stream 1");
    }
  },
);

describe.each(Object.entries(DRAWING))("identity 4: %s", (_, draw) => {
  test("one call on 1,000 rows = 1,000 calls on one row", () => {
    const [rows, classes] = [1000, 23];
    const x = laws("plain", rows, classes);
    const whole = draw(x, classes, { seed: 1, stream: 2, row: 3 });
    const width = whole.length / rows;
    for (let row = 0; row < rows; row++) {
      const alone = draw(x.subarray(row * classes, (row + 1) * classes), classes, {
        seed: 1,
        stream: 2,
        row: 3 + row,
      });
      expectSameBits(alone, whole.subarray(row * width, (row + 1) * width), `row ${row}`);
    }
  });

  test("seeds, streams and rows may differ from row to row", () => {
    const [rows, classes] = [60, 300];
    const x = laws("plain", rows, classes);
    const each = Array.from({ length: rows }, (_, i) => i);
    const seed = each.map((i): Seed => (i % 2 === 0 ? i >> 2 : (BigInt(i) << 40n) + 1n));
    const stream = each.map((i) => (i % 3) * 2 ** 51);
    const row = each.map((i) => (i * 2_654_435_761) % 2 ** 32);
    const whole = draw(x, classes, { seed, stream, row });
    const width = whole.length / rows;
    for (const i of each) {
      const key = { seed: seed[i] as Seed, stream: stream[i] as number, row: row[i] as number };
      const alone = draw(x.subarray(i * classes, (i + 1) * classes), classes, key);
      expectSameBits(alone, whole.subarray(i * width, (i + 1) * width), `row ${i}`);
    }
  });

  test("nothing depends on the batch: rows from the middle, or shuffled", () => {
    const [rows, classes] = [150, 257];
    const x = laws("plain", rows, classes);
    const whole = draw(x, classes, { seed: 5 });
    const width = whole.length / rows;
    const middle = draw(x.slice(70 * classes, 90 * classes), classes, { seed: 5, row: 70 });
    expectSameBits(middle, whole.subarray(70 * width, 90 * width), "rows 70 to 89");
    const order = Array.from({ length: rows }, (_, i) => (i * 77) % rows);
    const shuffled = new Float32Array(x.length);
    order.forEach((from, to) => {
      shuffled.set(x.subarray(from * classes, (from + 1) * classes), to * classes);
    });
    const drawn = draw(shuffled, classes, { seed: 5, row: order });
    order.forEach((from, to) => {
      const [got, expected] = [
        drawn.subarray(to * width, (to + 1) * width),
        whole.subarray(from * width, (from + 1) * width),
      ];
      expectSameBits(got, expected, `row ${from} in place ${to}`);
    });
  });

  test("seed 0 is a seed, 5 and 5n are the same", () => {
    const x = laws("plain", 1, 200);
    expectSameBits(draw(x, 200, { seed: 0 }), draw(x, 200, { seed: 0n }), "0");
    expectSameBits(draw(x, 200, { seed: 5 }), draw(x, 200, { seed: 5n }), "5");
    const big = Number.MAX_SAFE_INTEGER;
    expectSameBits(draw(x, 200, { seed: big }), draw(x, 200, { seed: BigInt(big) }), "2^53 - 1");
  });

  test("all 64 bits of the seed, 53 of the stream and 32 of the row count", () => {
    const [rows, classes] = [16, 1000];
    const x = laws("plain", rows, classes);
    const keys: KeyOptions[] = [
      { seed: 0 },
      ...[0, 1, 31, 32, 33, 52, 53, 63].map((bit) => ({ seed: 2n ** BigInt(bit) })),
      ...[0, 1, 31, 32, 33, 52].map((bit) => ({ seed: 0, stream: 2 ** bit })),
      ...[16, 30, 31].map((bit) => ({ seed: 0, row: 2 ** bit })),
      { seed: 2n ** 64n - 1n, stream: 2 ** 53 - 1, row: 2 ** 32 - 16 },
    ];
    const seen = new Set(keys.map((key) => draw(x, classes, key).join()));
    expect(seen.size).toBe(keys.length);
  });
});

test("identity 4: a row doesn't depend on an invalid one beside it", () => {
  const [rows, classes] = [30, 50];
  const x = laws("plain", rows, classes);
  const spoilt = x.slice();
  for (let row = 1; row < rows; row += 3) spoilt[row * classes + 9] = Number.NaN;
  const options = { classes, seed: 4, onInvalidRow: "mark" } as const;
  const [index, marked] = [gumbelMax(x, options), gumbelMax(spoilt, options)];
  const [draws, markedDraws] = [categorical(x, options), categorical(spoilt, options)];
  for (let row = 0; row < rows; row++) {
    expect(marked[row]).toBe(row % 3 === 1 ? -1 : index[row]);
    expect(markedDraws[row]).toBe(row % 3 === 1 ? -1 : draws[row]);
  }
});

test("two equal rows get different noise, and different draws", () => {
  const [rows, classes] = [500, 6];
  const x = new Float32Array(rows * classes);
  const noise = gumbelNoise(rows, classes, { seed: 1 });
  expect(new Set(noise).size).toBeGreaterThan(rows * classes * 0.999);
  for (const index of [gumbelMax(x, { classes, seed: 1 }), categorical(x, { classes, seed: 1 })]) {
    const counts = Array.from({ length: classes }, (_, k) => index.filter((i) => i === k).length);
    for (const count of counts) expect(count).toBeGreaterThan(50);
  }
});

test("identity 4: temperatures and taus of one row each are those of many", () => {
  const [rows, classes] = [40, 33];
  const x = laws("plain", rows, classes);
  const temperature = Array.from({ length: rows }, (_, i) => [0, 0.5, 1, 4][i % 4] as number);
  const tau = temperature.map((t) => t + 0.25);
  const key = { classes, seed: 9 };
  const draws = categorical(x, { ...key, temperature });
  const index = gumbelMax(x, { ...key, temperature });
  const soft = gumbelSoftmax(x, { ...key, tau });
  for (let row = 0; row < rows; row++) {
    const [at, end] = [row * classes, (row + 1) * classes];
    const own = { seed: 9, row };
    const t = temperature[row] as number;
    const values = x.subarray(at, end);
    expect(categorical(values, { ...own, temperature: t })[0]).toBe(draws[row]);
    expect(gumbelMax(values, { ...own, temperature: t })[0]).toBe(index[row]);
    const alone = gumbelSoftmax(values, { ...own, tau: tau[row] as number });
    expectSameBits(alone, soft.subarray(at, end), `row ${row}`);
  }
});

test("identity 4: n draws = n calls with draw 0 to n − 1, and any slice of them", () => {
  const [rows, classes, draws] = [6, 300, 600];
  const x = laws("plain", rows, classes);
  const key = { classes, seed: 17, stream: 3 };
  const all = categorical(x, { ...key, draws });
  const slice = (from: number, to: number) =>
    Int32Array.from({ length: rows * (to - from) }, (_, i) => {
      const width = to - from;
      return all[Math.floor(i / width) * draws + from + (i % width)] as number;
    });
  for (let draw = 0; draw < 300; draw++) {
    expectSameBits(categorical(x, { ...key, draw }), slice(draw, draw + 1), `draw ${draw}`);
  }
  for (const [from, to] of [
    [1, 4],
    [2, 9],
    [3, 263],
    [255, 257],
    [256, 600],
    [599, 600],
  ] as const) {
    const part = categorical(x, { ...key, draw: from, draws: to - from });
    expectSameBits(part, slice(from, to), `draws ${from} to ${to}`);
  }
  expect(categorical(x, { ...key, draws: 0 })).toHaveLength(0);
});

describe("identity 4: the backend doesn't matter", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  test("the same calls without WebAssembly give the same bits", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    vi.resetModules();
    const other: typeof import("gumbel") = await import("gumbel");
    expect(other.backend().name).toBe("js");
    expect(backend().name).toBe("wasm-simd");
    const [rows, classes] = [70, 257];
    const x = laws("edges", rows, classes);
    const key = { classes, seed: 99n, stream: 2 ** 45, row: 1 };
    expectSameBits(
      other.gumbelNoise(rows, classes, { seed: 99n }),
      gumbelNoise(rows, classes, { seed: 99n }),
      "noise",
    );
    expectSameBits(other.softmax(x, { classes }), softmax(x, { classes }), "softmax");
    expectSameBits(other.logSoftmax(x, { classes }), logSoftmax(x, { classes }), "logSoftmax");
    expectSameBits(other.logSumExp(x, { classes }), logSumExp(x, { classes }), "logSumExp");
    expectSameBits(other.gumbelMax(x, key), gumbelMax(x, key), "gumbelMax");
    expectSameBits(
      other.categorical(x, { ...key, draws: 9 }),
      categorical(x, { ...key, draws: 9 }),
      "categorical",
    );
    for (const tau of TAUS) {
      const [a, b] = [
        other.gumbelSoftmaxVjp(x, { ...key, tau }),
        gumbelSoftmaxVjp(x, { ...key, tau }),
      ];
      const v = upstream(x.length, 2);
      expectSameBits(a.soft, b.soft, `soft, tau ${tau}`);
      expectSameBits(a.vjp(v).input, b.vjp(v).input, `gradient, tau ${tau}`);
      expectSameBits(a.jvp({ tau: 1 }), b.jvp({ tau: 1 }), `tangent, tau ${tau}`);
    }
  });
});

describe("Rng of another copy of the package, as CommonJS and ES modules have", () => {
  test("gives the same draws and takes a stream", async () => {
    vi.resetModules();
    const other: typeof import("gumbel") = await import("gumbel");
    expect(other.Rng).not.toBe(Rng);
    const rng = new other.Rng(42);
    const draws = [0, 1].map(() => gumbelMax([0, 1, 2], { rng })[0]);
    expect(draws).toEqual([0, 1].map((stream) => gumbelMax([0, 1, 2], { seed: 42, stream })[0]));
    expect(rng.state).toEqual({ seed: "0x2a", stream: 2 });
  });
});

describe("Rng", () => {
  test.each(Object.entries(DRAWING))(
    "a successful call takes exactly one stream: %s",
    (_, draw) => {
      const rng = new Rng(8);
      const x = laws("plain", 3, 500);
      for (let stream = 0; stream < 4; stream++) {
        expect(rng.state).toEqual({ seed: "0x8", stream });
        expectSameBits(
          draw(x, 500, { rng }),
          draw(x, 500, { seed: 8, stream }),
          `stream ${stream}`,
        );
      }
      draw(new Float32Array(0), 500, { rng });
      expect(rng.stream, "no rows are a success").toBe(5);
    },
  );

  test("products of a sample, and functions that don't draw, take none", () => {
    const rng = new Rng(8);
    const g = gumbelSoftmaxVjp([1, 2, 3], { rng });
    g.vjp([1, 0, 0], { tau: true });
    g.jvp({ input: [1, 0, 0], tau: 1 });
    gumbelMax([1, 2, 3], { noise: [0, 0, 0] });
    softmax([1, 2, 3]);
    expect(rng.stream).toBe(1);
  });

  const rng = new Rng(1);
  const THROWING: [string, () => unknown][] = [
    ["an unknown option", () => gumbelMax([0, 0], { rng, sed: 1 } as KeyOptions)],
    ["classes that don't divide", () => gumbelMax([0, 0, 0], { rng, classes: 2 })],
    ["no classes", () => gumbelNoise(2, 0, { rng })],
    ["tau 0", () => gumbelSoftmax([0, 0], { rng, tau: 0 })],
    ["a negative temperature", () => categorical([0, 0], { rng, temperature: -1 })],
    ["rng and seed", () => gumbelMax([0, 0], { rng, seed: 1 })],
    ["rng and stream", () => gumbelMax([0, 0], { rng, stream: 1 })],
    ["rng and noise", () => gumbelMax([0, 0], { rng, noise: [0, 0] })],
    ["an out that is too short", () => gumbelNoise(2, 2, { rng, out: new Float32Array(3) })],
    ["an out of the wrong kind", () => gumbelMax([0], { rng, out: [0] as never })],
    ["a row beyond 2^32", () => gumbelMax([0, 0], { rng, classes: 1, row: 2 ** 32 - 1 })],
    ["a draw beyond 2^30", () => categorical([0, 0], { rng, draw: 2 ** 30, draws: 1 })],
    ["a NaN in the last row", () => gumbelMax([0, 0, 0, Number.NaN], { rng, classes: 2 })],
    ["an impossible row", () => gumbelSoftmax([-Infinity, -Infinity], { rng })],
    ["an impossible row, hard", () => gumbelSoftmax([-Infinity], { rng, hard: true })],
    ["two certain classes", () => gumbelSoftmaxVjp([Infinity, Infinity], { rng })],
    ["a negative weight", () => categorical([1, -1], { rng, from: "weights" })],
    [
      "an out that overlaps",
      () => {
        const x = new Float32Array(4);
        return gumbelSoftmax(x.subarray(0, 3), { rng, out: x.subarray(1) });
      },
    ],
  ];

  test.each(THROWING)("a call that throws takes no stream: %s", (_, call) => {
    expect(call).toThrow(/^"/);
    expect(rng.stream).toBe(0);
  });

  test("a marked row is no failure", () => {
    const marked = new Rng(1);
    expect(gumbelMax([Number.NaN, 0], { rng: marked, classes: 1, onInvalidRow: "mark" })).toEqual(
      Int32Array.of(-1, 0),
    );
    expect(marked.stream).toBe(1);
  });

  test("state goes through JSON and restores, for every seed and stream", () => {
    for (const seed of [0, 5n, 2 ** 53 - 1, 2n ** 64n - 1n, 0x0123456789abcdefn]) {
      const original = new Rng(seed);
      for (let i = 0; i < 3; i++) original.next();
      expect(original.state).toEqual({ seed: `0x${BigInt(seed).toString(16)}`, stream: 3 });
      expect(JSON.parse(JSON.stringify(original))).toEqual(original.state);
      const restored = new Rng(JSON.parse(JSON.stringify(original.state)));
      expect(restored.state).toEqual(original.state);
      const [a, b] = [original, restored].map((rng) => gumbelNoise(2, 9, { rng })) as [Data, Data];
      expectSameBits(a, b, `seed ${seed}`);
      expect(restored.state).toEqual(original.state);
    }
  });

  test("next gives the key of the next call", () => {
    const rng = new Rng(3);
    const key = rng.next();
    expect(key).toEqual({ seed: 3n, stream: 0 });
    expectSameBits(gumbelNoise(1, 9, key), gumbelNoise(1, 9, { rng: new Rng(3) }), "stream 0");
    expect(rng.stream).toBe(1);
  });

  test("after the last stream comes a RangeError, not stream 0, in this process or a restored one", () => {
    const rng = new Rng({ seed: "0x1", stream: 2 ** 53 - 1 });
    gumbelMax([0, 0], { rng });
    for (const used of [rng, new Rng(rng.state)]) {
      expect(() => gumbelMax([0, 0], { rng: used })).toThrow(RangeError);
      expect(() => used.next()).toThrow(/"rng" expected a stream up to 2\^53 - 1/);
      expect(used.split(0).stream).toBe(0);
    }
  });

  test("split depends on the seed and the index alone, and draws the words of purpose 15", () => {
    const rng = new Rng(42);
    const before = rng.split(7).state;
    gumbelMax([0, 0], { rng });
    rng.split(8);
    expect(rng.split(7).state).toEqual(before);
    expect(rng.stream, "splitting takes no stream").toBe(1);
    const golden = readGolden("word").filter(([, , , purpose]) => purpose === "15");
    for (const index of [0, 1, 2 ** 53 - 1]) {
      const at = index.toString(16).padStart(16, "0");
      const [low, high] = golden.filter(([, stream]) => stream === at).map((line) => line[5]);
      expect(new Rng(42).split(index).seed).toBe(BigInt(`0x${high}${low}`));
    }
  });

  test("children differ from each other, from their parent, and from their own children", () => {
    const rng = new Rng(1);
    const family = [
      rng,
      ...Array.from({ length: 200 }, (_, i) => rng.split(i)),
      new Rng(2).split(0),
    ];
    family.push(
      rng.split(2 ** 32),
      rng.split(2 ** 53 - 1),
      rng.split(0).split(0),
      rng.split(0).split(1),
    );
    expect(new Set(family.map(({ seed }) => seed)).size).toBe(family.length);
    const noises = family.map((rng) => gumbelNoise(1, 4, { rng }).join());
    expect(new Set(noises).size).toBe(family.length);
  });
});

describe("g.key draws the same sample again", () => {
  const [rows, classes] = [5, 40];
  const x = laws("plain", rows, classes);
  const each = Array.from({ length: rows }, (_, i) => i);
  const SOURCES: [string, () => KeyOptions][] = [
    ["seed", () => ({ seed: 5 })],
    [
      "seed, stream and row",
      () => ({ seed: 2n ** 64n - 1n, stream: 2 ** 53 - 1, row: 2 ** 32 - 5 }),
    ],
    [
      "seeds, streams and rows",
      () => ({ seed: each.map(BigInt), stream: each, row: each.map((i) => i * 9) }),
    ],
    ["rng", () => ({ rng: new Rng({ seed: "0xabc", stream: 12 }) })],
    ["rng and rows", () => ({ rng: new Rng(4), row: each.toReversed() })],
    ["entropy", () => ({})],
  ];

  test.each(SOURCES)("%s", (_, source) => {
    const g = gumbelSoftmaxVjp(x, { classes, tau: 0.5, ...source() });
    const key = g.key as KeyOptions;
    expect(Object.keys(key).sort()).toEqual(["row", "seed", "stream"]);
    expectSameBits(gumbelSoftmaxVjp(x, { classes, tau: 0.5, ...key }).soft, g.soft, "vjp");
    expectSameBits(gumbelSoftmax(x, { classes, tau: 0.5, ...key }), g.soft, "soft");
    expectSameBits(gumbelMax(x, { classes, ...key }), g.index, "index");
    const noise = gumbelNoise(rows, classes, key);
    expectSameBits(gumbelSoftmax(x, { classes, tau: 0.5, noise }), g.soft, "noise");
  });

  test("it is a copy: what happens to the caller's arrays later doesn't matter", () => {
    const seed = each.slice();
    const g = gumbelSoftmaxVjp(x, { classes, seed });
    const expected = g.vjp(x.map(finite), { tau: true }).tau as Data;
    seed.fill(0);
    expect(g.key?.seed).toEqual(each);
    expectSameBits(g.vjp(x.map(finite), { tau: true }).tau as Data, expected, "gradient by tau");
  });
});

test("without a key every call draws anew, in streams of one seed", () => {
  const keys = Array.from({ length: 3 }, () => gumbelSoftmaxVjp([0, 0], {}).key);
  const [a, b, c] = keys.map((key) => key?.stream as number) as [number, number, number];
  expect([b - a, c - b]).toEqual([1, 1]);
  expect(new Set(keys.map((key) => key?.seed)).size).toBe(1);
  expect(keys[0]?.seed).not.toBe(0n);
});
