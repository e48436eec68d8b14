/** Plans: the values of the plain functions, in views that stay, on both backends. */

import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as gumbel from "gumbel";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { detached, errorOf, type Refused, refused, type Untyped } from "./support/api-errors.ts";
import { bits, expectSameBits } from "./support/bits.ts";
import { givenNoise, input, KINDS, type Kind, spoil, upstream } from "./support/inputs.ts";

type Api = typeof gumbel;
type Shape = [rows: number, classes: number];

/** The package as it is where WebAssembly is missing. */
async function withoutWasm(): Promise<Api> {
  vi.stubGlobal("WebAssembly", undefined);
  vi.resetModules();
  const api: Api = await import("gumbel");
  expect(api.backend().name).toBe("js");
  vi.unstubAllGlobals();
  return api;
}

const CLASSES = [1, 3, 4, 5, 15, 16, 17, 32, 33, 255, 256, 257, 1000];
const ROWS = [0, 1, 3, 4, 5, 17];
/** More than a chunk of 64 kB, the last one shorter; and one row that is longer than a chunk. */
const LARGE: Shape[] = [
  [5000, 3],
  [4097, 8],
  [100, 1000],
  [3, 20_000],
];
const KEY = { seed: 0x123456789abcn, stream: 2 ** 40 + 3, row: 7 };

interface Case {
  readonly kind?: Kind;
  readonly hard?: boolean;
  /** Whether the noise is given. */
  readonly given?: boolean;
  readonly tau?: number;
  /** Whether some rows are invalid or certain; they are marked. */
  readonly spoilt?: boolean;
}

/** Runs a plan and the plain function on the same input, and compares everything. */
function compare(api: Api, rows: number, classes: number, given: Case): void {
  const { kind = "plain", hard = false, tau = 0.5 } = given;
  const name = `${rows} x ${classes} ${JSON.stringify(given)}`;
  const from = kind === "weights" ? "weights" : "logits";
  const seed = rows + classes;
  const x = input(kind, rows, classes, seed);
  const noise = given.given ? givenNoise(rows * classes, seed + 1) : undefined;
  if (given.spoilt) {
    spoil(x, classes, seed + 2);
    if (noise) spoil(noise, classes, seed + 3);
  }
  const v = upstream(rows * classes, seed + 4, 50);
  const key = noise ? {} : KEY;
  const options = { hard, from, onInvalidRow: "mark" } as const;

  const plain = api.gumbelSoftmaxVjp(x, { ...options, ...key, classes, tau, noise });
  const plan = api.gumbelSoftmaxPlan({ ...options, rows, classes, tau, noise: given.given });
  plan.logits.set(x);
  if (noise) plan.noise?.set(noise);
  expect(plan.forward(key)).toBe(plan.sample);
  expectSameBits(plan.sample, plain.sample, `sample ${name}`);
  expectSameBits(plan.soft, plain.soft, `soft ${name}`);
  expectSameBits(plan.index, plain.index, `index ${name}`);
  expect(plan.key).toEqual(plain.key);
  expectSameBits(plan.logits, x, `logits ${name}`);

  // As bits, since a move may make a signalling NaN quiet.
  bits(plan.upstream).set(bits(v));
  expect(plan.backward()).toBe(plan.gradient);
  expectSameBits(plan.gradient, plain.vjp(v).input, `gradient ${name}`);
  expect(plan.backward({ tau: true })).toBe(plan.gradient);
  const both = plain.vjp(v, { tau: true });
  expectSameBits(plan.gradient, both.input, `gradient with tau ${name}`);
  expectSameBits(plan.tauGradient, both.tau as Float32Array, `tau ${name}`);
  expectSameBits(plan.upstream, v, `upstream ${name}`);

  const sampler = api.gumbelSoftmaxPlan({
    ...{ ...options, rows, classes, tau, noise: given.given },
    gradient: false,
  });
  sampler.logits.set(x);
  if (noise) sampler.noise?.set(noise);
  sampler.forward(key);
  expectSameBits(sampler.sample, plain.sample, `sample alone ${name}`);
  expectSameBits(sampler.index, plain.index, `index alone ${name}`);
}

const backends: Record<string, Api> = { "wasm-simd": gumbel };

beforeAll(async () => {
  backends.js = await withoutWasm();
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => vi.resetModules());

describe.each(["wasm-simd", "js"])("%s", (backend) => {
  const api = () => backends[backend] as Api;
  const simple = () => api().gumbelSoftmaxPlan({ rows: 2, classes: 3, tau: 0.5 });
  const LOGITS = [0.2, 1, -1, 0, 2, 0.3];

  describe.each(KINDS)("%s: same bits as the plain functions", (kind) => {
    for (const hard of [false, true]) {
      test.each(CLASSES)(`%i classes${hard ? ", hard" : ""}`, (classes) => {
        for (const rows of ROWS) {
          compare(api(), rows, classes, { kind, hard });
          compare(api(), rows, classes, { kind, hard, given: true });
          compare(api(), rows, classes, { kind, hard, spoilt: true, tau: 2 / 3 });
          compare(api(), rows, classes, { kind, hard, spoilt: true, given: true });
        }
      });
    }
    test.each(LARGE)("%i x %i", (rows, classes) => {
      compare(api(), rows, classes, { kind, hard: true });
      compare(api(), rows, classes, { kind, given: true, spoilt: true });
    });
  });

  test("the arrays stay what they are, whatever is called", () => {
    const plan = api().gumbelSoftmaxPlan({
      ...{ rows: 40, classes: 1000, hard: true, noise: true, onInvalidRow: "mark" },
    });
    const views = { ...plan } as Record<string, unknown>;
    const lengths: Record<string, number> = {};
    for (const [name, view] of Object.entries(views)) {
      if (ArrayBuffer.isView(view)) lengths[name] = view.byteLength;
    }
    const [all, each] = [40 * 1000 * 4, 40 * 4];
    expect(lengths).toEqual({
      ...{ logits: all, noise: all, sample: all, soft: all, upstream: all, gradient: all },
      ...{ index: each, tauGradient: each },
    });
    const { buffer } = plan.logits;
    const size = buffer.byteLength;
    for (let i = 0; i < 3; i++) {
      plan.forward({ tau: Array.from({ length: 40 }, (_, i) => 1 + i) });
      plan.backward();
      plan.backward({ tau: true });
      // The plain functions grow a memory of their own.
      api().softmax(new Float32Array(200_000 * (i + 1)));
      expect({ ...plan }).toEqual(views);
      expect(plan.logits.buffer).toBe(buffer);
      expect(buffer.byteLength).toBe(size);
    }
    if (backend === "js") return;
    for (const view of Object.values(views)) {
      if (!ArrayBuffer.isView(view)) continue;
      expect(view.buffer).toBe(buffer);
      expect(view.byteOffset % 16).toBe(0);
    }
    // Engines refuse to move it, or copy it.
    errorOf(() => structuredClone(buffer, { transfer: [buffer as ArrayBuffer] }));
    expect(plan.logits).toHaveLength(40 * 1000);
  });

  test("nothing can be put in the place of the arrays or the shape", () => {
    const plan = simple();
    const names = Object.keys(plan) as (keyof typeof plan)[];
    expect(names).toContain("logits");
    for (const name of [...names, "key"]) {
      expect(Reflect.set(plan, name, new Float32Array(6)), name).toBe(false);
      expect(errorOf(() => Object.assign(plan, { [name]: 1 }))).toMatch(/^TypeError: /);
    }
    plan.logits.set(LOGITS);
    const expected = api().gumbelSoftmax(LOGITS, { classes: 3, tau: 0.5, seed: 1 });
    expectSameBits(plan.forward({ seed: 1 }), expected, "sample");
    expect(plan.backward()).toHaveLength(6);
  });

  test("plans are apart from each other, and from the plain functions", () => {
    const [a, b] = [simple(), simple()];
    a.logits.set(LOGITS);
    b.logits.set(LOGITS.toReversed());
    const first = a.forward({ seed: 1 }).slice();
    const second = b.forward({ seed: 2 }).slice();
    api().gumbelSoftmax(LOGITS, { classes: 2, seed: 3, out: b.logits });
    expectSameBits(a.sample, first, "first");
    expectSameBits(b.sample, second, "second");
    expectSameBits(b.logits, api().gumbelSoftmax(LOGITS, { classes: 2, seed: 3 }), "as out");
    api().softmax(a.logits, { classes: 3, out: a.logits });
    expectSameBits(a.logits, api().softmax(LOGITS, { classes: 3 }), "in place");
  });

  test("tau of a call goes before that of the plan, and backward follows it", () => {
    const { gumbelSoftmaxPlan, gumbelSoftmaxVjp } = api();
    const plan = gumbelSoftmaxPlan({ rows: 2, classes: 3, tau: [0.5, 2] });
    plan.logits.set(LOGITS);
    plan.upstream.set([1, 2, 3, 3, 2, 1]);
    for (const tau of [undefined, 0.1, [3, 0.3]]) {
      const options = { classes: 3, seed: 1, tau: tau ?? [0.5, 2] };
      const plain = gumbelSoftmaxVjp(LOGITS, options);
      expectSameBits(plan.forward({ seed: 1, tau }), plain.sample, `sample at ${tau}`);
      const { input, tau: byTau } = plain.vjp(plan.upstream, { tau: true });
      expectSameBits(plan.backward({ tau: true }), input, `gradient at ${tau}`);
      expectSameBits(plan.tauGradient, byTau as Float32Array, `gradient by tau at ${tau}`);
    }
  });

  test("keys a row, the key again, and entropy", () => {
    const { gumbelSoftmax } = api();
    const plan = simple();
    plan.logits.set(LOGITS);
    const keys = { seed: [1, 2n ** 63n], stream: [5, 6], row: [9, 9] };
    plan.forward(keys);
    keys.seed[0] = 3;
    expect(plan.key).toEqual({ seed: [1, 2n ** 63n], stream: [5, 6], row: [9, 9] });
    const again = gumbelSoftmax(LOGITS, { classes: 3, tau: 0.5, ...plan.key });
    expectSameBits(plan.sample, again, "keys a row");
    const first = plan.forward().slice();
    const { key } = plan;
    expect(bits(plan.forward())).not.toEqual(bits(first));
    expectSameBits(plan.forward(key), first, "drawn again");
  });

  test("a call that succeeds takes one stream, one that throws takes none", () => {
    const plan = simple();
    plan.logits.set(LOGITS);
    const rng = new (api().Rng)(5);
    plan.forward({ rng });
    expect(plan.key).toEqual({ seed: 5n, stream: 0, row: 0 });
    plan.forward({ rng });
    expect(rng.stream).toBe(2);
    plan.backward({ tau: true });
    expect(errorOf(() => plan.forward({ rng, tau: 0 }))).toMatch(/^RangeError: "tau"/);
    plan.logits[4] = Number.NaN;
    expect(errorOf(() => plan.forward({ rng }))).toBe(
      'RangeError: "logits" expected no NaN, got NaN at row 1, class 1',
    );
    expect(rng.stream).toBe(2);
  });

  test("an invalid row: rows before it are done, later ones untouched, and backward refuses", () => {
    for (const classes of [5, 40]) {
      for (const bad of [0, 1, 6, 9]) {
        const rows = 10;
        const plan = api().gumbelSoftmaxPlan({ rows, classes, hard: true });
        const x = input("plain", rows, classes, 1);
        plan.logits.set(x);
        const { sample, soft, index } = api().gumbelSoftmaxVjp(x, { classes, hard: true, ...KEY });
        plan.logits.fill(-Infinity, bad * classes, (bad + 1) * classes);
        for (const view of [plan.sample, plan.soft, plan.index]) view.fill(77);
        expect(errorOf(() => plan.forward(KEY))).toBe(
          `RangeError: "logits" expected a logit above -Infinity in each row, got none in row ${bad}`,
        );
        const split = bad * classes;
        for (const [got, whole, at] of [
          [plan.sample, sample, split],
          [plan.soft, soft, split],
          [plan.index, index, bad],
        ] as const) {
          expectSameBits(got.slice(0, at), whole.slice(0, at), `before row ${bad}`);
          expect(got.slice(at).every((value) => value === 77)).toBe(true);
        }
        expect(plan.key).toBeUndefined();
        expect(errorOf(() => plan.backward())).toBe(
          'Error: "backward" expected a forward pass that succeeded before it, got none',
        );
        plan.logits.set(x);
        plan.forward(KEY);
        plan.backward();
        expectSameBits(plan.sample, sample, "after it was put right");
      }
    }
  });

  test("a row made invalid by given noise: the others as above, its own unspecified", () => {
    for (const classes of [5, 40, 300]) {
      for (const hard of [false, true]) {
        for (const bad of [0, 1, 6, 9]) {
          const rows = 10;
          const plan = api().gumbelSoftmaxPlan({ rows, classes, hard, noise: true });
          const x = input("plain", rows, classes, 1);
          const noise = givenNoise(rows * classes, 2);
          plan.logits.set(x);
          plan.noise.set(noise);
          const { sample, soft, index } = api().gumbelSoftmaxVjp(x, { classes, hard, noise });
          plan.noise[bad * classes + 3] = Number.NaN;
          for (const view of [plan.sample, plan.soft, plan.index]) view.fill(77);
          expect(errorOf(() => plan.forward())).toBe(
            `RangeError: "noise" expected finite values or -Infinity, got NaN at row ${bad}, class 3`,
          );
          for (const [got, whole, width] of [
            [plan.sample, sample, classes],
            [plan.soft, soft, classes],
            [plan.index, index, 1],
          ] as const) {
            const [from, to] = [bad * width, (bad + 1) * width];
            expectSameBits(got.slice(0, from), whole.slice(0, from), `before row ${bad}`);
            expect(got.slice(to).every((value) => value === 77)).toBe(true);
          }
        }
      }
    }
  });

  test("backward before any forward; a call with wrong options leaves the last pass", () => {
    const plan = simple();
    expect(errorOf(() => plan.backward())).toBe(
      'Error: "backward" expected a forward pass that succeeded before it, got none',
    );
    const first = plan.forward({ seed: 1 }).slice();
    const { key } = plan;
    expect(errorOf(() => plan.forward({ seed: -1 }))).toMatch(/^RangeError: "seed"/);
    expect(plan.key).toEqual(key);
    expectSameBits(plan.sample, first, "sample");
    expect(plan.backward()).toBe(plan.gradient);
  });

  test("given noise has its array, with a backward pass or without", () => {
    const shape = { rows: 2, classes: 3, tau: 0.5, noise: true } as const;
    const noise = givenNoise(6, 1);
    const expected = api().gumbelSoftmax(LOGITS, { classes: 3, tau: 0.5, noise });
    for (const plan of [
      api().gumbelSoftmaxPlan(shape),
      api().gumbelSoftmaxPlan({ ...shape, gradient: false }),
    ]) {
      plan.logits.set(LOGITS);
      // No "?.": the types know that it is there.
      plan.noise.set(noise);
      expectSameBits(plan.forward(), expected, "sample");
    }
    expect(api().gumbelSoftmaxPlan(shape).upstream).toHaveLength(6);
  });

  test("without a gradient there is nothing for it, without hard one sample", () => {
    const { gumbelSoftmaxPlan } = api();
    const sampler = gumbelSoftmaxPlan({ rows: 2, classes: 3, hard: true, gradient: false });
    expect(sampler).toMatchObject({ soft: undefined, upstream: undefined, gradient: undefined });
    sampler.forward({ seed: 1 });
    expect(errorOf(() => (sampler as gumbel.GumbelSoftmaxPlan).backward())).toBe(
      'TypeError: "gradient" expected true for a backward pass, got false',
    );
    const plan = simple();
    expect(plan.soft).toBe(plan.sample);
    expect(plan.noise).toBeUndefined();
    expect(gumbelSoftmaxPlan({ rows: 1, classes: 2, hard: true }).soft).toHaveLength(2);
  });

  const WASM_ALONE: Shape[] = [
    [1, 2 ** 30],
    [2 ** 32, 1],
  ];
  // Ordinary arrays may be larger than a WebAssembly memory.
  const tooLarge: Shape[] = [
    [2 ** 32, 2 ** 30],
    [100_000, 1_000_000],
    ...(backend === "js" ? [] : WASM_ALONE),
  ];
  test.each(tooLarge)("%i x %i: a RangeError that names rows and classes", (rows, classes) => {
    expect(errorOf(() => api().gumbelSoftmaxPlan({ rows, classes }))).toBe(
      `RangeError: "rows" expected as many as fit in memory with ${classes} classes each, got ${rows}`,
    );
  });
});

describe("errors", () => {
  const make = gumbel.gumbelSoftmaxPlan as Untyped;
  const shape = { rows: 2, classes: 3 };
  const plan = make(shape);
  const names = "rows, classes, tau, hard, from, noise, gradient, onInvalidRow";
  const tauHint = '(for the limit at 0 use "hard", or gumbelMax)';
  const next = "(use the next stream for more)";
  const cases: Refused[] = [
    ["no options", () => make(), '"options" expected a plain object, got undefined'],
    [
      "unknown option",
      () => make({ ...shape, row: 1 }),
      `"options" expected only ${names}, got "row"`,
    ],
    ["no rows", () => make({ classes: 3 }), '"rows" expected a number, got undefined'],
    ["no classes", () => make({ rows: 3 }), '"classes" expected a number, got undefined'],
    ["hard", () => make({ ...shape, hard: 1 }), '"hard" expected true or false, got 1'],
    ["noise", () => make({ ...shape, noise: [1] }), '"noise" expected true or false, got an Array'],
    ["gradient", () => make({ ...shape, gradient: 0 }), '"gradient" expected true or false, got 0'],
    ["from", () => make({ ...shape, from: 1 }), '"from" expected "logits" or "weights", got 1'],
    ["tau", () => make({ ...shape, tau: "1" }), '"tau" expected a number, got "1"'],
    ["forward", () => plan.forward(1), '"options" expected a plain object, got 1'],
    [
      "forward with a generator",
      () => plan.forward(new gumbel.Rng(1)),
      '"options" expected a plain object, got an Rng',
    ],
    [
      "forward hard",
      () => plan.forward({ hard: true }),
      '"options" expected only seed, stream, row, rng, tau, got "hard"',
    ],
    [
      "forward seed",
      () => plan.forward({ seed: "1" }),
      '"seed" expected an integer from 0 to 2^53 - 1 or a bigint from 0 to 2^64 - 1, got "1"',
    ],
    [
      "forward seed and rng",
      () => plan.forward({ seed: 1, rng: new gumbel.Rng(1) }),
      '"rng" expected no "seed" with it, got 1',
    ],
    [
      "forward stream alone",
      () => plan.forward({ stream: 1 }),
      '"stream" expected a "seed" with it, got 1',
    ],
    [
      "a key beside noise",
      () => make({ ...shape, noise: true }).forward({ seed: 1 }),
      '"noise" expected no "seed" with it, got 1',
    ],
    ["backward", () => plan.backward({ out: 1 }), '"options" expected only tau, got "out"'],
    ["backward tau", () => plan.backward({ tau: 1 }), '"tau" expected true or false, got 1'],
  ].map(([name, call, error]) => [name, call, `TypeError: ${error}`] as unknown as Refused);
  const values: Refused[] = [
    [
      "rows",
      () => make({ ...shape, rows: -1 }),
      '"rows" expected an integer from 0 to 2^32, got -1',
    ],
    [
      "more rows",
      () => make({ ...shape, rows: 2 ** 33 }),
      `"rows" expected an integer from 0 to 2^32 ${next}, got ${2 ** 33}`,
    ],
    [
      "classes",
      () => make({ ...shape, classes: 0 }),
      '"classes" expected an integer from 1 to 2^30, got 0',
    ],
    [
      "tau",
      () => make({ ...shape, tau: 0 }),
      `"tau" expected a finite number > 0 ${tauHint}, got 0`,
    ],
    [
      "tau a row",
      () => make({ ...shape, tau: [1] }),
      '"tau" expected one value, or one a row (2), got length 1',
    ],
    [
      "from",
      () => make({ ...shape, from: "probs" }),
      '"from" expected "logits" or "weights", got "probs"',
    ],
    [
      "onInvalidRow",
      () => make({ ...shape, onInvalidRow: "skip" }),
      '"onInvalidRow" expected "throw" or "mark", got "skip"',
    ],
    [
      "forward tau",
      () => plan.forward({ tau: [1, 0] }),
      `"tau[1]" expected a finite number > 0 ${tauHint}, got 0`,
    ],
    [
      "forward seeds",
      () => plan.forward({ seed: [1, 2, 3] }),
      '"seed" expected one value, or one a row (2), got length 3',
    ],
  ].map(([name, call, error]) => [name, call, `RangeError: ${error}`] as unknown as Refused);
  refused([...cases, ...values]);

  test("given noise that makes a row invalid", () => {
    const plan = make({ ...shape, noise: true });
    plan.noise[4] = Number.NaN;
    expect(errorOf(() => plan.forward())).toBe(
      'RangeError: "noise" expected finite values or -Infinity, got NaN at row 1, class 1',
    );
  });

  test("no memory for another instance", () => {
    vi.spyOn(WebAssembly, "Instance").mockImplementation(() => {
      throw new RangeError("WebAssembly.Instance(): Out of memory");
    });
    expect(errorOf(() => make(shape))).toBe(
      'RangeError: "plan" expected memory for one more (engines hold some thousands at once), got none',
    );
  });

  test("ordinary arrays that were moved away", () => {
    const plan = (backends.js as Api).gumbelSoftmaxPlan(shape);
    plan.forward();
    detached(plan.gradient);
    const error = 'TypeError: "gradient" expected an attached buffer, got a detached one';
    expect(errorOf(() => plan.backward())).toBe(error);
    expect(errorOf(() => plan.forward())).toBe(error);
  });
});

test("10,000 plans come and go, and memory comes back", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const settled = async () => {
    for (let i = 0; i < 5; i++) {
      collect();
      await setTimeout(10);
    }
    return process.memoryUsage();
  };
  const [rows, classes] = [16, 1000];
  const expected = gumbel.gumbelSoftmax(new Float32Array(rows * classes), { classes, seed: 1 });
  let before = await settled();
  let right = 0;
  for (let i = 0; i < 10_000; i++) {
    const plan = gumbel.gumbelSoftmaxPlan({ rows, classes });
    right += plan.forward({ seed: 1 })[i] === expected[i] ? 1 : 0;
    plan.backward();
    if (i === 1000) before = await settled();
  }
  const after = await settled();
  expect(right).toBe(10_000);
  // 9,000 plans hold more than 4 GB, of which 1.8 GB have been touched.
  const MB = 2 ** 20;
  expect(after.heapUsed - before.heapUsed).toBeLessThan(20 * MB);
  expect(after.external - before.external).toBeLessThan(20 * MB);
  expect(after.rss - before.rss).toBeLessThan(200 * MB);
});
