/** What may hold an input, where a result may go, and that neither changes a bit. */

import {
  categorical,
  gumbelMax,
  gumbelNoise,
  gumbelSoftmax,
  gumbelSoftmaxVjp,
  logSoftmax,
  logSoftmaxVjp,
  logSumExp,
  logSumExpVjp,
  type Matrix,
  softmax,
  softmaxBackward,
  softmaxVjp,
} from "gumbel";
import { describe, expect, test } from "vitest";
import { expectSame, random } from "./support/api-arrays.ts";
import { BUFFERS, type MakeView, ResizableBuffer } from "./support/api-buffers.ts";

const seed = 1;

/** Copies into wasm that are short and long; one chunk and several; a row beyond a chunk. */
const SHAPES: [rows: number, classes: number][] = [
  [2, 3],
  [70, 300],
  [5000, 3],
  [2, 20_000],
];

type Result = Float32Array | Int32Array;

interface Options {
  classes: number;
}

/** A function as one of arrays in the shape of its input. */
type Call = (inputs: Matrix[], options: Options) => Result[];

const vjpOf =
  (f: typeof softmaxVjp): Call =>
  ([x, v, t], o) => {
    const d = f(x, o);
    return [d.value, d.vjp(v).input, d.jvp({ input: t })];
  };

const CALLS: [name: string, inputs: number, call: Call][] = [
  ["softmax", 1, ([x], o) => [softmax(x, o)]],
  ["logSoftmax", 1, ([x], o) => [logSoftmax(x, o)]],
  ["logSumExp", 1, ([x], o) => [logSumExp(x, o)]],
  ["gumbelMax", 2, ([x, noise], o) => [gumbelMax(x, { ...o, noise })]],
  ["gumbelMax of weights", 1, ([x], o) => [gumbelMax(x, { ...o, from: "weights", seed })]],
  ["gumbelSoftmax", 2, ([x, noise], o) => [gumbelSoftmax(x, { ...o, noise })]],
  ["categorical", 1, ([x], o) => [categorical(x, { ...o, seed, draws: 3 })]],
  ["softmaxBackward", 2, ([y, v], o) => [softmaxBackward(y, v, { ...o, tau: 0.5 })]],
  [
    "gumbelSoftmaxVjp",
    4,
    ([x, noise, v, t], o) => {
      const g = gumbelSoftmaxVjp(x, { ...o, noise });
      const { input, tau } = g.vjp(v, { tau: true });
      return [g.soft, g.index, input, tau as Float32Array, g.jvp({ input: t, tau: 1 })];
    },
  ],
  ["softmaxVjp", 3, vjpOf(softmaxVjp)],
  ["logSoftmaxVjp", 3, vjpOf(logSoftmaxVjp)],
  [
    "logSumExpVjp",
    2,
    ([x, t], o) => {
      const d = logSumExpVjp(x, o);
      return [d.value, d.vjp(2).input, d.jvp({ input: t })];
    },
  ],
];

describe("the result doesn't depend on what holds the input", () => {
  class Mine extends Float32Array {}
  const rowsOf = (x: Float32Array, classes: number) =>
    Array.from({ length: x.length / classes }, (_, row) =>
      x.subarray(row * classes, (row + 1) * classes),
    );
  const filled = (view: Float32Array, x: Float32Array) => {
    view.set(x);
    return view;
  };

  const KINDS: [name: string, convert: (x: Float32Array, classes: number) => Matrix][] = [
    ["number[]", (x) => [...x]],
    ["number[][]", (x, classes) => rowsOf(x, classes).map((row) => [...row])],
    ["Float32Array[]", rowsOf],
    ["Float64Array", (x) => Float64Array.from(x)],
    ["Float64Array[]", (x, classes) => rowsOf(x, classes).map((row) => Float64Array.from(row))],
    ["an object with a length", (x) => ({ ...x, length: x.length })],
    ["a subclass", (x) => filled(new Mine(x.length), x)],
    ...BUFFERS.map(([name, make]): [string, (x: Float32Array) => Float32Array] => [
      name,
      (x) => filled(make(Float32Array as MakeView<Float32Array>, x.length), x),
    ]),
  ];

  test.each(CALLS)("%s", (_, inputs, call) => {
    for (const [rows, classes] of SHAPES) {
      const given = Array.from({ length: inputs }, (_, i) => random(rows * classes, i + 1, 0.1, 3));
      const expected = call(given, { classes });
      for (const [kind, convert] of KINDS) {
        const converted = given.map((x) => convert(x, classes));
        call(converted, { classes }).forEach((result, i) => {
          expectSame(result, expected[i], `${kind}, result ${i}`);
        });
        // Compared where that is quick.
        if (classes > 3 || rows > 2) continue;
        const again = given.map((x) => convert(x, classes));
        expect(converted, "inputs are only read").toEqual(again);
      }
    }
  });

  const INTEGERS = [Uint8Array, Int8Array, Uint8ClampedArray, Uint16Array, Int32Array, Uint32Array];

  test.each(CALLS)("%s: arrays of integers", (_, inputs, call) => {
    const given = Array.from({ length: inputs }, (_, i) =>
      random(300, i + 1, 1, 100).map(Math.floor),
    );
    const expected = call(given, { classes: 30 });
    for (const Integers of INTEGERS) {
      const converted = given.map((x) => Integers.from(x));
      call(converted, { classes: 30 }).forEach((result, i) => {
        expectSame(result, expected[i], Integers.name);
      });
    }
  });

  test("numbers are rounded to float32 once, as Math.fround does", () => {
    const x = [0.1, 1 + 2 ** -24, 1 + 3 * 2 ** -24, 2 ** -150, 2 ** 24 + 1, 1e-46];
    expectSame(logSumExp(x, { classes: 1 }), Float32Array.from(x));
    expectSame(logSumExp(Int32Array.of(2 ** 24 + 1)), Float32Array.of(2 ** 24));
    // The largest double that still rounds to a finite float32.
    expect(logSumExp([3.4028235677973362e38])[0]).toBe((2 - 2 ** -23) * 2 ** 127);
  });

  test("`classes` defaults to the whole flat array, or to a nested row", () => {
    expectSame(softmax([1, 2, 3, 4]), softmax([[1, 2, 3, 4]]));
    expectSame(softmax([1, 2, 3, 4], { classes: 2 }), softmax([[1, 2], Float32Array.of(3, 4)]));
    expectSame(softmax([[1, 2]], { classes: 2 }), softmax([1, 2]));
  });

  test("one value a row: any array of numbers, read as float64", () => {
    const x = random(9, 1);
    const values = [0.1, 1, 3];
    const rows = values.map((tau, row) =>
      gumbelSoftmax(x.slice(3 * row, 3 * row + 3), { tau, seed, row }),
    );
    const expected = Float32Array.from(rows.flatMap((row) => [...row]));
    for (const tau of [values, Float64Array.from(values), { ...values, length: 3 }]) {
      expectSame(gumbelSoftmax(x, { classes: 3, tau, seed }), expected);
    }
    const single = Float32Array.from(values);
    expectSame(
      gumbelSoftmax(x, { classes: 3, tau: single, seed }),
      gumbelSoftmax(x, { classes: 3, tau: [...single], seed }),
    );
    const seeds = [0, 5, 2 ** 53 - 1];
    const keys = [
      seeds,
      BigUint64Array.from(seeds, BigInt),
      Float64Array.from(seeds),
      [0n, 5, 2n ** 53n - 1n],
    ];
    const [first, ...others] = keys.map((seed) => gumbelNoise(3, 5, { seed }));
    for (const other of others) expectSame(other, first);
    const d = logSumExpVjp(x, { classes: 3 });
    const { input } = d.vjp([2, 2, 2]);
    for (const v of [2, Float64Array.of(2, 2, 2), Uint8Array.of(2, 2, 2)]) {
      expectSame(d.vjp(v).input, input);
    }
  });
});

describe("out", () => {
  /** With an `out` of the right type and length, of one row or several. */
  const x = random(21_000, 1);
  const [v, t] = [random(21_000, 2), random(21_000, 3)];
  const classes = 300;
  const floats = Float32Array as MakeView<Float32Array>;
  const ints = Int32Array as MakeView<Int32Array>;
  const g = () => gumbelSoftmaxVjp(x, { classes, seed });

  type WithOut = [
    name: string,
    type: MakeView<Float32Array> | MakeView<Int32Array>,
    length: number,
    call: (out: never) => Result,
  ];
  const WITH_OUT: WithOut[] = [
    ["gumbelNoise", floats, 21_000, (out) => gumbelNoise(70, 300, { seed, out })],
    ["softmax", floats, 21_000, (out) => softmax(x, { classes, out })],
    ["logSoftmax", floats, 21_000, (out) => logSoftmax(x, { classes, out })],
    ["logSumExp", floats, 70, (out) => logSumExp(x, { classes, out })],
    ["gumbelMax", ints, 70, (out) => gumbelMax(x, { classes, seed, out })],
    ["gumbelSoftmax", floats, 21_000, (out) => gumbelSoftmax(x, { classes, seed, out })],
    ["hard", floats, 21_000, (out) => gumbelSoftmax(x, { classes, seed, hard: true, out })],
    ["categorical", ints, 210, (out) => categorical(x, { classes, draws: 3, seed, out })],
    ["softmaxBackward", floats, 21_000, (out) => softmaxBackward(x, v, { classes, out })],
    ["softmaxVjp", floats, 21_000, (out) => softmaxVjp(x, { classes, out }).value],
    ["logSoftmaxVjp", floats, 21_000, (out) => logSoftmaxVjp(x, { classes, out }).value],
    ["logSumExpVjp", floats, 70, (out) => logSumExpVjp(x, { classes, out }).value],
    [
      "its soft",
      floats,
      21_000,
      (soft) => gumbelSoftmaxVjp(x, { classes, seed, out: { soft } }).soft,
    ],
    [
      "its sample",
      floats,
      21_000,
      (sample) => gumbelSoftmaxVjp(x, { classes, seed, out: { sample } }).sample,
    ],
    [
      "its hard sample",
      floats,
      21_000,
      (sample) => gumbelSoftmaxVjp(x, { classes, seed, hard: true, out: { sample } }).sample,
    ],
    [
      "its index",
      ints,
      70,
      (index) => gumbelSoftmaxVjp(x, { classes, seed, out: { index } }).index,
    ],
    ["its vjp", floats, 21_000, (out) => g().vjp(v, { out }).input],
    ["its vjp by tau too", floats, 21_000, (out) => g().vjp(v, { out, tau: true }).input],
    ["its jvp", floats, 21_000, (out) => g().jvp({ input: t, tau: 1 }, { out })],
    ["softmaxVjp().vjp", floats, 21_000, (out) => softmaxVjp(x, { classes }).vjp(v, { out }).input],
    [
      "logSoftmaxVjp().jvp",
      floats,
      21_000,
      (out) => logSoftmaxVjp(x, { classes }).jvp({ input: t }, { out }),
    ],
    [
      "logSumExpVjp().vjp",
      floats,
      21_000,
      (out) => logSumExpVjp(x, { classes }).vjp(2, { out }).input,
    ],
    [
      "logSumExpVjp().jvp",
      floats,
      70,
      (out) => logSumExpVjp(x, { classes }).jvp({ input: t }, { out }),
    ],
  ];

  test.each(WITH_OUT)(
    "%s: the same object back, the same bits, on any buffer",
    (_, type, length, call) => {
      const expected = call(undefined as never);
      for (const [kind, make] of BUFFERS) {
        const out = make(type as MakeView<Float32Array>, length);
        const around = new Uint8Array(out.buffer).fill(0xaa);
        expect(call(out as never), kind).toBe(out);
        expectSame(out, expected, kind);
        const outside = around.filter(
          (_, i) => i < out.byteOffset || i >= out.byteOffset + 4 * length,
        );
        expect(
          outside.every((byte) => byte === 0xaa),
          `${kind}: nothing is written outside`,
        ).toBe(true);
      }
    },
  );

  test("without hard, sample and soft are one array, whichever was given", () => {
    const mine = new Float32Array(x.length);
    for (const out of [{}, { soft: mine }, { sample: mine }, { soft: mine, sample: mine }]) {
      const g = gumbelSoftmaxVjp(x, { classes, seed, out });
      expect(g.sample).toBe(g.soft);
      if (Object.keys(out).length > 0) expect(g.soft).toBe(mine);
    }
  });

  test("a fixed view that a resized buffer has left behind is refused", () => {
    const buffer = new ResizableBuffer(16, { maxByteLength: 16 });
    const view = new Float32Array(buffer, 8, 2);
    buffer.resize(8);
    expect(() => softmax([1, 2], { out: view })).toThrow('"out" expected length 2, got length 0');
    expect(() => softmax(view)).toThrow('"x" expected at least one number');
  });
});

describe("out may be the same view as an input", () => {
  type InPlace = [
    name: string,
    call: (x: Float32Array, out: Float32Array | undefined, o: Options) => Float32Array,
  ];
  const other = (x: Float32Array) => random(x.length, 7);
  const noisy = (x: Float32Array, classes: number) => gumbelSoftmaxVjp(other(x), { classes, seed });

  const IN_PLACE: InPlace[] = [
    ["softmax", (x, out, o) => softmax(x, { ...o, out })],
    ["logSoftmax", (x, out, o) => logSoftmax(x, { ...o, out })],
    ["gumbelSoftmax", (x, out, o) => gumbelSoftmax(x, { ...o, seed, out })],
    [
      "gumbelSoftmax of weights",
      (x, out, o) => gumbelSoftmax(x, { ...o, from: "weights", seed, out }),
    ],
    ["gumbelSoftmax hard", (x, out, o) => gumbelSoftmax(x, { ...o, seed, hard: true, out })],
    ["gumbelSoftmax: noise", (noise, out, o) => gumbelSoftmax(other(noise), { ...o, noise, out })],
    [
      "gumbelSoftmax hard: noise",
      (noise, out, o) => gumbelSoftmax(other(noise), { ...o, noise, hard: true, out }),
    ],
    ["gumbelSoftmax: logits and noise", (x, out, o) => gumbelSoftmax(x, { ...o, noise: x, out })],
    ["softmaxBackward: y", (y, out, o) => softmaxBackward(y, other(y), { ...o, out })],
    ["softmaxBackward: v", (v, out, o) => softmaxBackward(other(v), v, { ...o, out })],
    ["softmaxBackward: y and v", (y, out, o) => softmaxBackward(y, y, { ...o, out })],
    ["gumbelSoftmaxVjp().vjp", (v, out, { classes }) => noisy(v, classes).vjp(v, { out }).input],
    [
      "gumbelSoftmaxVjp().vjp by tau",
      (v, out, { classes }) => noisy(v, classes).vjp(v, { out, tau: true }).input,
    ],
    [
      "gumbelSoftmaxVjp().jvp",
      (input, out, { classes }) => noisy(input, classes).jvp({ input, tau: 2 }, { out }),
    ],
    ["softmaxVjp().vjp", (v, out, o) => softmaxVjp(other(v), o).vjp(v, { out }).input],
    ["softmaxVjp().jvp", (input, out, o) => softmaxVjp(other(input), o).jvp({ input }, { out })],
    ["logSoftmaxVjp().vjp", (v, out, o) => logSoftmaxVjp(other(v), o).vjp(v, { out }).input],
    [
      "logSoftmaxVjp().jvp",
      (input, out, o) => logSoftmaxVjp(other(input), o).jvp({ input }, { out }),
    ],
  ];

  /** Those whose lengths agree only for one class. */
  const OF_ONE: InPlace[] = [
    ["logSumExp", (x, out, o) => logSumExp(x, { ...o, out })],
    ["logSumExpVjp().vjp", (v, out, o) => logSumExpVjp(other(v), o).vjp(v, { out }).input],
    [
      "logSumExpVjp().jvp",
      (input, out, o) => logSumExpVjp(other(input), o).jvp({ input }, { out }),
    ],
    [
      "gumbelSoftmaxVjp().jvp of tau",
      (tau, out, { classes }) => noisy(tau, classes).jvp({ tau }, { out }),
    ],
  ];

  const CASES = [
    ...IN_PLACE.map(([name, call]) => ({ name, call, shapes: SHAPES })),
    ...OF_ONE.map(([name, call]) => ({ name, call, shapes: [[9000, 1]] as const })),
  ];

  test.each(CASES)("$name", ({ call, shapes }) => {
    for (const [rows, classes] of shapes) {
      const x = random(rows * classes, 1, 0.1, 3);
      const expected = call(x, undefined, { classes });
      expectSame(x, random(rows * classes, 1, 0.1, 3), "the input without out");
      expect(call(x, x, { classes })).toBe(x);
      expectSame(x, expected, `${rows} x ${classes}`);
      // Another object that is the same view.
      const { buffer } = new Float32Array(rows * classes + 2);
      const [a, b] = [0, 1].map(() => new Float32Array(buffer, 4, rows * classes));
      a.set(random(rows * classes, 1, 0.1, 3));
      expect(call(a, b, { classes })).toBe(b);
      expectSame(a, expected, `${rows} x ${classes}, two objects`);
    }
  });
});
