/** Every error about where results go, and about memory that is shared or gone, word for word. */

import { describe, expect, test } from "vitest";
import { ResizableBuffer } from "./support/api-buffers.ts";
import {
  detached,
  errorOf,
  NO_ARRAY,
  type Refused,
  refused,
  type Untyped,
} from "./support/api-errors.ts";
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
  softmax,
  softmaxBackward,
  softmaxVjp,
} from "./support/api-untyped.ts";

const seed = 1;

describe("out", () => {
  const four = [1, 2, 3, 4];
  const two = { seed, classes: 2 };
  const g = () => gumbelSoftmaxVjp(four, two);
  type Out = [
    name: string,
    label: string,
    type: "Float32Array" | "Int32Array",
    length: number,
    call: Untyped,
  ];
  const OUTS: Out[] = [
    ["gumbelNoise", "out", "Float32Array", 4, (out) => gumbelNoise(2, 2, { seed, out })],
    ["softmax", "out", "Float32Array", 4, (out) => softmax(four, { out })],
    ["logSoftmax", "out", "Float32Array", 4, (out) => logSoftmax(four, { out })],
    ["logSumExp", "out", "Float32Array", 2, (out) => logSumExp(four, { classes: 2, out })],
    ["softmaxVjp", "out", "Float32Array", 4, (out) => softmaxVjp(four, { out })],
    ["logSoftmaxVjp", "out", "Float32Array", 4, (out) => logSoftmaxVjp(four, { out })],
    ["logSumExpVjp", "out", "Float32Array", 2, (out) => logSumExpVjp(four, { classes: 2, out })],
    ["gumbelMax", "out", "Int32Array", 2, (out) => gumbelMax(four, { ...two, out })],
    ["gumbelSoftmax", "out", "Float32Array", 4, (out) => gumbelSoftmax(four, { ...two, out })],
    ["categorical", "out", "Int32Array", 6, (out) => categorical(four, { ...two, draws: 3, out })],
    ["softmaxBackward", "out", "Float32Array", 4, (out) => softmaxBackward(four, four, { out })],
    [
      "gumbelSoftmaxVjp",
      "out.soft",
      "Float32Array",
      4,
      (soft) => gumbelSoftmaxVjp(four, { ...two, out: { soft } }),
    ],
    [
      "gumbelSoftmaxVjp",
      "out.sample",
      "Float32Array",
      4,
      (sample) => gumbelSoftmaxVjp(four, { ...two, out: { sample } }),
    ],
    [
      "gumbelSoftmaxVjp hard",
      "out.sample",
      "Float32Array",
      4,
      (sample) => gumbelSoftmaxVjp(four, { ...two, hard: true, out: { sample } }),
    ],
    [
      "gumbelSoftmaxVjp",
      "out.index",
      "Int32Array",
      2,
      (index) => gumbelSoftmaxVjp(four, { ...two, out: { index } }),
    ],
    ["gumbelSoftmaxVjp().vjp", "out", "Float32Array", 4, (out) => g().vjp(four, { out })],
    [
      "gumbelSoftmaxVjp().jvp",
      "out",
      "Float32Array",
      4,
      (out) => g().jvp({ input: four }, { out }),
    ],
    ["softmaxVjp().vjp", "out", "Float32Array", 4, (out) => softmaxVjp(four).vjp(four, { out })],
    [
      "softmaxVjp().jvp",
      "out",
      "Float32Array",
      4,
      (out) => softmaxVjp(four).jvp({ input: four }, { out }),
    ],
    [
      "logSoftmaxVjp().vjp",
      "out",
      "Float32Array",
      4,
      (out) => logSoftmaxVjp(four).vjp(four, { out }),
    ],
    [
      "logSoftmaxVjp().jvp",
      "out",
      "Float32Array",
      4,
      (out) => logSoftmaxVjp(four).jvp({ input: four }, { out }),
    ],
    ["logSumExpVjp().vjp", "out", "Float32Array", 4, (out) => logSumExpVjp(four).vjp(1, { out })],
    [
      "logSumExpVjp().jvp",
      "out",
      "Float32Array",
      2,
      (out) => logSumExpVjp(four, { classes: 2 }).jvp({ input: four }, { out }),
    ],
  ];
  const make = { Float32Array, Int32Array };

  test.each(OUTS)(
    "%s: %s is a %s of length %i on an attached buffer",
    (_, label, type, length, call) => {
      const other = type === "Float32Array" ? new Int32Array(length) : new Float32Array(length);
      const article = type === "Float32Array" ? "a" : "an";
      for (const [value, shown] of [
        ...NO_ARRAY,
        [[1, 2, 3, 4], "an Array"],
        [other, type === "Float32Array" ? "an Int32Array" : "a Float32Array"],
        [new Float64Array(length), "a Float64Array"],
        [new Uint8Array(length), "a Uint8Array"],
      ]) {
        expect(errorOf(() => call(value))).toBe(
          `TypeError: "${label}" expected ${article} ${type}, got ${shown}`,
        );
      }
      for (const wrong of [0, length - 1, length + 1]) {
        expect(errorOf(() => call(new make[type](wrong)))).toBe(
          `RangeError: "${label}" expected length ${length}, got length ${wrong}`,
        );
      }
      expect(errorOf(() => call(detached(new make[type](length))))).toBe(
        `TypeError: "${label}" expected an attached buffer, got a detached one`,
      );
      expect(errorOf(() => call(new make[type](length)))).toBe("no error");
    },
  );

  /** Four floats, and four that share two of them. */
  const shifted = () => {
    const { buffer } = Float32Array.of(1, 2, 3, 4, 5, 6);
    return [new Float32Array(buffer, 0, 4), new Float32Array(buffer, 8, 4)] as const;
  };
  type Shared = [
    name: string,
    label: string,
    call: (input: Float32Array, out: Float32Array) => unknown,
  ];
  const PARTIAL: Shared[] = [
    ["softmax", "x", (x, out) => softmax(x, { out })],
    ["logSoftmax", "x", (x, out) => logSoftmax(x, { out })],
    ["logSumExp", "x", (x, out) => logSumExp(x, { classes: 1, out })],
    [
      "gumbelMax",
      "logits",
      (x, { buffer, byteOffset }) =>
        gumbelMax(x, { seed, classes: 1, out: new Int32Array(buffer, byteOffset, 4) }),
    ],
    [
      "gumbelMax",
      "noise",
      (noise, { buffer, byteOffset }) =>
        gumbelMax(four, { noise, classes: 1, out: new Int32Array(buffer, byteOffset, 4) }),
    ],
    [
      "categorical",
      "logits",
      (x, { buffer, byteOffset }) =>
        categorical(x, { seed, classes: 1, out: new Int32Array(buffer, byteOffset, 4) }),
    ],
    ["gumbelSoftmax", "logits", (x, out) => gumbelSoftmax(x, { seed, out })],
    ["gumbelSoftmax hard", "logits", (x, out) => gumbelSoftmax(x, { seed, hard: true, out })],
    ["gumbelSoftmax", "noise", (noise, out) => gumbelSoftmax(four, { noise, out })],
    ["softmaxBackward", "y", (y, out) => softmaxBackward(y, four, { out })],
    ["softmaxBackward", "v", (v, out) => softmaxBackward(four, v, { out })],
    ["gumbelSoftmaxVjp().vjp", "v", (v, out) => g().vjp(v, { out })],
    ["gumbelSoftmaxVjp().jvp", "input", (input, out) => g().jvp({ input }, { out })],
    [
      "gumbelSoftmaxVjp().jvp",
      "tau",
      (tau, out) => gumbelSoftmaxVjp(four, { seed, classes: 1 }).jvp({ tau }, { out }),
    ],
    ["softmaxVjp().vjp", "v", (v, out) => softmaxVjp(four).vjp(v, { out })],
    ["softmaxVjp().jvp", "input", (input, out) => softmaxVjp(four).jvp({ input }, { out })],
    ["logSoftmaxVjp().vjp", "v", (v, out) => logSoftmaxVjp(four).vjp(v, { out })],
    ["logSoftmaxVjp().jvp", "input", (input, out) => logSoftmaxVjp(four).jvp({ input }, { out })],
    ["logSumExpVjp().vjp", "v", (v, out) => logSumExpVjp(four, { classes: 1 }).vjp(v, { out })],
    [
      "logSumExpVjp().jvp",
      "input",
      (input, out) => logSumExpVjp(four, { classes: 1 }).jvp({ input }, { out }),
    ],
  ];

  test.each(PARTIAL)("%s: out may not share only some memory with %s", (_, label, call) => {
    const [a, b] = shifted();
    const error = `RangeError: "out" expected the same view as "${label}" or memory of its own, got overlapping views`;
    expect(errorOf(() => call(a, b))).toBe(error);
    expect(errorOf(() => call(b, a))).toBe(error);
    expect([...a, ...b], "nothing is written").toEqual([1, 2, 3, 4, 3, 4, 5, 6]);
    // Views that touch without sharing are good.
    const { buffer } = new Float32Array(8);
    const [low, high] = [0, 16].map((offset) => new Float32Array(buffer, offset, 4));
    expect(errorOf(() => call(low, high))).toBe("no error");
    expect(errorOf(() => call(high, low))).toBe("no error");
  });

  test("views that begin together and end apart aren't the same view", () => {
    const x = Float32Array.of(1, 2, 3, 4);
    const out = x.subarray(0, 2);
    const error = (label: string) =>
      `RangeError: "out" expected the same view as "${label}" or memory of its own, got overlapping views`;
    expect(errorOf(() => logSumExp(x, { classes: 2, out }))).toBe(error("x"));
    const d = logSumExpVjp(four, { classes: 2 });
    expect(errorOf(() => d.jvp({ input: x }, { out }))).toBe(error("input"));
    expect(errorOf(() => d.vjp(out, { out: x }))).toBe(error("v"));
  });

  /** Two views on the same four floats, as floats and as integers. */
  const same = () => {
    const x = Float32Array.of(1, 2, 3, 4);
    return [x, new Int32Array(x.buffer)] as const;
  };
  const apart = (label: string, name: string) =>
    `RangeError: "${label}" expected memory apart from "${name}", got shared memory`;
  const keyed = { seed, classes: 1 };
  const withOut = (x: unknown, out: unknown, options: object = {}) =>
    gumbelSoftmaxVjp(x, { ...keyed, ...options, out });
  const soft = () => new Float32Array(4);

  const APART: Refused[] = [
    ...Object.entries({ softmaxVjp, logSoftmaxVjp, logSumExpVjp }).map(([name, call]): Refused => {
      const run = (x: Float32Array) => call(x, { classes: 1, out: x });
      return [`${name}: out is x`, () => run(same()[0]), apart("out", "x")];
    }),
    ...Object.entries({ softmaxVjp, logSoftmaxVjp }).flatMap(([name, call]): Refused[] => {
      return [
        [
          `${name}: out overlaps x`,
          () => {
            const [x, out] = shifted();
            call(x, { out });
          },
          apart("out", "x"),
        ],
        [
          `${name}().vjp: out is value`,
          () => {
            const d = call(four);
            d.vjp(four, { out: d.value });
          },
          apart("out", "value"),
        ],
        [
          `${name}().jvp: out is value and input`,
          () => {
            const d = call(four);
            d.jvp({ input: d.value }, { out: d.value });
          },
          apart("out", "value"),
        ],
      ];
    }),
    [
      "logSumExpVjp().vjp: out is x",
      () => {
        const [x] = same();
        logSumExpVjp(x, { classes: 1 }).vjp(1, { out: x });
      },
      apart("out", "x"),
    ],
    [
      "logSumExpVjp().jvp: out is x and input",
      () => {
        const [x] = same();
        logSumExpVjp(x, { classes: 1 }).jvp({ input: x }, { out: x });
      },
      apart("out", "x"),
    ],
    ["soft is logits", () => ((x) => withOut(x, { soft: x }))(soft()), apart("out.soft", "logits")],
    [
      "sample is logits",
      () => ((x) => withOut(x, { sample: x }))(soft()),
      apart("out.sample", "logits"),
    ],
    [
      "hard sample is logits",
      () => ((x) => withOut(x, { sample: x }, { hard: true }))(soft()),
      apart("out.sample", "logits"),
    ],
    [
      "index is logits",
      () => {
        const [x, index] = same();
        withOut(x, { index });
      },
      apart("out.index", "logits"),
    ],
    [
      "soft is noise",
      () => ((noise) => gumbelSoftmaxVjp(four, { noise, out: { soft: noise } }))(soft()),
      apart("out.soft", "noise"),
    ],
    [
      "hard sample is soft",
      () => ((soft) => withOut(four, { soft, sample: soft }, { hard: true }))(soft()),
      apart("out.sample", "out.soft"),
    ],
    [
      "index is soft",
      () => {
        const [soft, index] = same();
        withOut(four, { soft, index });
      },
      apart("out.index", "out.soft"),
    ],
    [
      "index is sample without soft",
      () => {
        const [sample, index] = same();
        withOut(four, { sample, index });
      },
      apart("out.index", "out.sample"),
    ],
    [
      "index is hard sample",
      () => {
        const [sample, index] = same();
        withOut(four, { sample, index }, { hard: true });
      },
      apart("out.sample", "out.index"),
    ],
    [
      "sample other than soft without hard",
      () => withOut(four, { soft: soft(), sample: soft() }),
      'TypeError: "out.sample" expected the same array as "out.soft", or "hard" with it, got a Float32Array',
    ],
    [
      "sample the same array as soft",
      () => ((a) => withOut(four, { soft: a, sample: a }))(soft()),
      "no error",
    ],
    ...(["soft", "sample"] as const).map(
      (kept): Refused => [
        `gumbelSoftmaxVjp().vjp: out is ${kept}`,
        () => {
          const g = withOut(four, undefined, { hard: true });
          g.vjp(four, { out: g[kept] });
        },
        apart("out", kept),
      ],
    ),
    [
      "gumbelSoftmaxVjp().jvp: out is soft",
      () => {
        const g = withOut(four, undefined);
        g.jvp({ input: four }, { out: g.soft });
      },
      apart("out", "soft"),
    ],
    [
      "gumbelSoftmaxVjp().vjp: out is logits, and v too",
      () => ((x) => withOut(x, undefined).vjp(x, { out: x }))(soft()),
      apart("out", "logits"),
    ],
    [
      "gumbelSoftmaxVjp().vjp: out is noise",
      () => ((noise) => gumbelSoftmaxVjp(four, { noise }).vjp(four, { out: noise }))(soft()),
      apart("out", "noise"),
    ],
  ];
  refused(APART);

  test("arrays that a closure keeps must be there still when it runs", () => {
    const gone = (label: string) =>
      `TypeError: "${label}" expected an attached buffer, got a detached one`;
    for (const kept of ["logits", "noise", "soft"] as const) {
      const [logits, noise] = [Float32Array.of(1, 2), Float32Array.of(0, 1)];
      const g = gumbelSoftmaxVjp(logits, { noise });
      detached({ logits, noise, soft: g.soft }[kept]);
      expect(errorOf(() => g.vjp([1, 2]))).toBe(gone(kept));
      expect(errorOf(() => g.jvp({ tau: 1 }))).toBe(gone(kept));
    }
    for (const make of [softmaxVjp, logSoftmaxVjp]) {
      const d = make([1, 2]);
      detached(d.value);
      expect(errorOf(() => d.vjp([1, 2]))).toBe(gone("value"));
    }
    const x = Float32Array.of(1, 2);
    const d = logSumExpVjp(x);
    detached(x);
    expect(errorOf(() => d.vjp(1))).toBe(gone("x"));
  });
});

test("arrays that a closure keeps must not be shorter when it runs", () => {
  const shrinking = (make: (buffer: ArrayBuffer) => Float32Array) => {
    const buffer = new ResizableBuffer(16, { maxByteLength: 32 });
    const view = make(buffer);
    view.set([1, 2, 3, 4]);
    return { view, resize: (values: number) => buffer.resize(4 * values) };
  };
  const tracking = () => shrinking((buffer) => new Float32Array(buffer));
  const fixed = () => shrinking((buffer) => new Float32Array(buffer, 0, 4));
  for (const [make, values, left] of [
    [tracking, 2, 2],
    [tracking, 0, 0],
    [fixed, 2, 0],
  ] as const) {
    const short = (label: string) =>
      `RangeError: "${label}" expected length 4, as before, got length ${left}`;
    for (const kept of ["logits", "noise", "soft"] as const) {
      const arrays = { logits: make(), noise: make(), soft: make() };
      const [logits, noise, soft] = [arrays.logits.view, arrays.noise.view, arrays.soft.view];
      const g = gumbelSoftmaxVjp(logits, { noise, classes: 2, out: { soft } });
      arrays[kept].resize(values);
      expect(errorOf(() => g.vjp([1, 2, 3, 4]))).toBe(short(kept));
      expect(errorOf(() => g.jvp({ tau: 1 }))).toBe(short(kept));
    }
    for (const softmaxLike of [softmaxVjp, logSoftmaxVjp]) {
      const { view, resize } = make();
      const d = softmaxLike([1, 2, 3, 4], { classes: 2, out: view });
      resize(values);
      expect(errorOf(() => d.vjp([1, 2, 3, 4]))).toBe(short("value"));
    }
    const { view, resize } = make();
    const d = logSumExpVjp(view, { classes: 2 });
    resize(values);
    expect(errorOf(() => d.vjp(1))).toBe(short("x"));
    expect(errorOf(() => d.jvp({ input: [1, 2, 3, 4] }))).toBe(short("x"));
  }
  // Longer ones still hold what they held.
  const { view, resize } = tracking();
  const [g, d] = [gumbelSoftmaxVjp(view, { seed, classes: 2 }), logSumExpVjp(view, { classes: 2 })];
  const expected = [g.jvp({ tau: 1 }), d.vjp(1).input];
  resize(8);
  expect([g.jvp({ tau: 1 }), d.vjp(1).input]).toEqual(expected);
});

describe("results for which there is no memory", () => {
  const [rows, most] = [2 ** 14, 2 ** 30];
  const error = (length: number) =>
    `RangeError: "out" expected a result that fits in memory, got length ${length}`;
  refused([
    ["gumbelNoise", () => gumbelNoise(2 ** 32, most), error(2 ** 62)],
    [
      "categorical",
      () => categorical(new Float32Array(rows), { classes: 1, draws: most }),
      error(rows * most),
    ],
  ]);
});

test("what is checked is checked before anything is written", () => {
  const out = new Float32Array(2).fill(7);
  for (const options of [{ tau: 0 }, { hard: 1 }, { seed: -1 }, { noise: [1] }, { from: "x" }]) {
    expect(errorOf(() => gumbelSoftmax([1, 2], { out, ...options }))).not.toBe("no error");
  }
  expect([...out]).toEqual([7, 7]);
});
