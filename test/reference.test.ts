/**
 * The package against float64 values by PyTorch and JAX, in fixtures/reference.json (scripts/fixtures.py makes it and
 * says how). Inputs are made here from the same words by the same float32 arithmetic; a checksum of their bits shows
 * that they are.
 *
 * Bounds follow from one: with a = |l − max l| + |G| (weights: |log w| + |log w_max| + |G|), an entry y > 2^-90 of
 * a sample is right to expm1(2^-21·(a + a_winner)/τ) + 2^-20, relative. What rests on y inherits that error, times
 * what it is multiplied with; sums of K products add 2^-20·Σ|terms|.
 */

import { readFileSync } from "node:fs";
import {
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
} from "gumbel";
import { describe, expect, test } from "vitest";

/** What the inputs of a case are made by. */
interface Case {
  name: string;
  from: "logits" | "weights";
  classes: number;
  scale: number;
  offset: number;
  masked: boolean;
  /** Given, given with some −∞, or drawn with this key. */
  noise: "given" | "masked" | { seed: string; stream: number; row: number };
  seed: number;
}

/** Null stands for −∞. Without positions, the values are those of the whole row. */
type Values = (number | null)[];

interface RelaxedRow {
  tau: number;
  checksum: number;
  index: number;
  /** ⟨y, v⟩ and ⟨dl, t⟩ over the whole row. */
  mean: number;
  pairing: number;
  byTau: number;
  byTauTerms: number;
  positions?: number[];
  soft: Values;
  byInput: Values;
  alongInput: Values;
  alongTau: Values;
}

interface PlainRow {
  temperature: number;
  checksum: number;
  positions?: number[];
  softmax: Values;
  logSoftmax: Values;
}

/** A row at temperature 1 has the products too. */
interface PlainRowAtOne extends PlainRow {
  softmaxByInput: Values;
  softmaxAlong: Values;
  logSoftmaxByInput: Values;
  logSoftmaxAlong: Values;
  logSumExp: number;
  logSumExpByInput: Values;
  logSumExpAlong: number;
}

interface NoiseKey {
  seed: string;
  stream: number;
  row: number;
  rows: number;
  classes: number;
}

interface Fixture {
  relaxed: (Case & { rows: RelaxedRow[] })[];
  plain: (Case & { rows: PlainRow[] })[];
  noise: { key: NoiseKey; rows: { refined: number; positions: number[]; noise: number[] }[] }[];
}

const fixture: Fixture = JSON.parse(
  readFileSync(new URL("fixtures/reference.json", import.meta.url), "utf8"),
);

// --- Inputs: the same in scripts/fixtures.py -------------------------------------------------------------------------

/** The words of one row: Philox4x32-10, written again so that inputs don't rest on the code under test. */
function words(seed: number, stream: number, row: number, classes: number): Uint32Array {
  const high = (a: number, b: number) => {
    const low = (a & 0xffff) * b;
    return ((a >>> 16) * b + Math.floor(low / 0x10000)) / 0x10000;
  };
  const out = new Uint32Array(Math.ceil(classes / 4) * 4);
  for (let block = 0; block < out.length / 4; block++) {
    let [a, b, c, d] = [block, row, stream, 0];
    for (let round = 0, k = seed, l = 0; round < 10; round++) {
      [a, b, c, d] = [
        (high(0xcd9e8d57, c) ^ b ^ k) >>> 0,
        Math.imul(0xcd9e8d57, c) >>> 0,
        (high(0xd2511f53, a) ^ d ^ l) >>> 0,
        Math.imul(0xd2511f53, a) >>> 0,
      ];
      k = (k + 0x9e3779b9) >>> 0;
      l = (l + 0xbb67ae85) >>> 0;
    }
    out.set([a, b, c, d], 4 * block);
  }
  return out.subarray(0, classes);
}

/** One row of float32 values, each from its word and column. */
function make(w: Uint32Array, value: (word: number, column: number) => number): Float32Array {
  return Float32Array.from(w, value);
}

/** [−1, 1]: a word as int32, rounded once. */
const unit = (word: number) => Math.fround(word | 0) * 2 ** -31;

function makeInput({ from, scale, offset, masked }: Case, w: Uint32Array): Float32Array {
  if (from === "logits") {
    return make(w, (word, i) =>
      masked && i % 7 === 3 ? -Infinity : Math.fround(unit(word) * scale) + offset,
    );
  }
  return make(w, (word, i) =>
    masked && i % 7 === 3 ? 0 : ((word >>> 8) + 1) * 2 ** (-24 - (word & 15)) * scale,
  );
}

/** Multiples of 2^-17 in [−3, 20.5) with a tail like the Gumbel distribution's. */
function makeNoise({ noise }: Case, w: Uint32Array): Float32Array {
  return make(w, (word, i) =>
    noise === "masked" && i % 11 === 5
      ? -Infinity
      : Math.clz32(word) * 0.6875 + (word & 0xffff) * 2 ** -16 * 1.5 - 3,
  );
}

interface Input {
  /** Logits or weights. */
  x: Float32Array;
  /** Upstream gradient. */
  v: Float32Array;
  /** Tangent. */
  t: Float32Array;
  /** Given noise; empty where it is drawn. */
  g: Float32Array;
  checksum: number;
}

function makeRow(given: Case, row: number, withNoise: boolean): Input {
  const { seed, classes, from, noise } = given;
  const x = makeInput(given, words(seed, 0, row, classes));
  const g =
    withNoise && typeof noise === "string"
      ? makeNoise(given, words(seed, 1, row, classes))
      : new Float32Array(0);
  const v = make(words(seed, 2, row, classes), (word) => unit(word) * 3);
  const t = make(
    words(seed, 3, row, classes),
    (word, i) => unit(word) * (from === "weights" ? x[i] : 2),
  );
  let checksum = 0;
  for (const array of [x, v, t, g]) {
    for (const bits of new Uint32Array(array.buffer)) checksum = (checksum + bits) >>> 0;
  }
  return { x, v, t, g, checksum };
}

function concatenate(rows: Float32Array[]): Float32Array {
  const out = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
  let at = 0;
  for (const row of rows) {
    out.set(row, at);
    at += row.length;
  }
  return out;
}

// --- Bounds ----------------------------------------------------------------------------------------------------------

const EPSILON = 2 ** -20;
/** Entries below this are out of the bound on soft samples. */
const SMALL = 2 ** -90;
/** exp2 ends at 2^-100 of the largest entry. */
const FLOOR = 2 ** -98;
/** Half of float32's smallest number, for products that are hardly above it. */
const HALF_LEAST = 2 ** -150;

/** A row in float64, and how far from it float32 may be. */
interface Terms {
  tau: number;
  winner: number;
  /** Score less the largest one, over τ; −∞ for the impossible. */
  z: Float64Array;
  y: Float64Array;
  /** 2^-21·(a + a_winner)/τ, the bound on the error of z. */
  delta: Float64Array;
  /** Bound on the error of y, absolute. */
  error: Float64Array;
  /** Whether rounding may have made another class the winner. */
  tie: boolean;
}

interface TermsOptions {
  weights?: boolean;
  /** Drawn noise is off by 2·10^-7·max(1, |G|) itself. */
  drawn?: boolean;
}

function termsOf(
  x: Float32Array,
  noise: Float32Array | undefined,
  tau: number,
  { weights = false, drawn = false }: TermsOptions = {},
): Terms {
  const logits = weights ? Float64Array.from(x, Math.log) : Float64Array.from(x);
  const most = largest(logits);
  const scores = logits.map((l, i) => l - most + (noise?.[i] ?? 0));
  const best = largest(scores);
  const winner = scores.indexOf(best);
  const off = logits.map((l, i) => {
    const g = Math.abs(noise?.[i] ?? 0);
    const a = (weights ? Math.abs(l) + Math.abs(most) : Math.abs(l - most)) + g;
    return 2 ** -21 * a + (drawn ? 2e-7 * Math.max(1, g) : 0);
  });
  const z = scores.map((s) => (s - best) / tau);
  const e = z.map(Math.exp);
  const total = sum(e);
  const y = e.map((e) => e / total);
  const delta = off.map((d) => (d + off[winner]) / tau);
  const error = y.map((y, i) => {
    if (z[i] === -Infinity) return 0;
    if (y < FLOOR) return Math.min(1, Math.exp(z[i] + delta[i]));
    return Math.min(1, y * (Math.expm1(delta[i]) + EPSILON));
  });
  // What the others may gain is all that the winner can lose.
  error[winner] = Math.min(error[winner], sum(error) - error[winner] + EPSILON);
  const tie = scores.some(
    (s, i) => i !== winner && s > -Infinity && best - s <= off[i] + off[winner],
  );
  return { tau, winner, z, y, delta, error, tie };
}

const largest = (x: Float64Array) => x.reduce((a, b) => Math.max(a, b));
const sum = (x: ArrayLike<number>) => dot(x, () => 1);
const absolute = (x: ArrayLike<number>) => (i: number) => Math.abs(x[i]);

/** Σ a·b in float64, over the entries with a ≠ 0. */
function dot(a: ArrayLike<number>, b: ArrayLike<number> | ((i: number) => number)): number {
  const at = typeof b === "function" ? b : (i: number) => b[i];
  let sum = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== 0) sum += a[i] * at(i);
  return sum;
}

/**
 * Bounds on the error of y ⊙ (v − ⟨y, v⟩)/τ, where v itself is off by `off`: y's error times |v − ⟨y, v⟩|, and y
 * times that of the bracket.
 */
function productBound(
  { y, error, tau }: Terms,
  v: ArrayLike<number>,
  off?: Float64Array,
): Float64Array {
  const mean = dot(y, v);
  const size = dot(y, absolute(v));
  const high = y.map((y, i) => y + error[i]);
  const meanError = dot(error, absolute(v)) + EPSILON * size + (off ? dot(high, off) : 0);
  return y.map((y, i) =>
    y === 0 && error[i] === 0
      ? 0
      : (error[i] * Math.abs(v[i] - mean) +
          high[i] * (meanError + EPSILON * Math.abs(v[i]) + (off ? off[i] : 0))) /
          tau +
        HALF_LEAST * Math.max(1, 1 / tau),
  );
}

/** Keeps the largest error over its bound, to fail once with a place. */
class Worst {
  ratio = 0;
  place = "";

  check(place: string, value: number, reference: number, bound: number): void {
    const error = value === reference ? 0 : Math.abs(value - reference);
    const ratio = error === 0 ? 0 : error / bound;
    if (ratio <= this.ratio) return;
    this.ratio = Number.isNaN(ratio) ? Infinity : ratio;
    this.place = `${place}: ${value}, reference ${reference}, off by ${error}, bound ${bound}`;
  }

  /** All positions of a row. `bound` is by column. */
  checkRow(
    place: string,
    values: Float32Array,
    reference: Values,
    positions: number[] | undefined,
    bound: (column: number, reference: number) => number,
  ): void {
    reference.forEach((value, i) => {
      const column = positions?.[i] ?? i;
      const wanted = value ?? -Infinity;
      this.check(`${place}, class ${column}`, values[column], wanted, bound(column, wanted));
    });
  }

  done(): void {
    expect(this.ratio, this.place).toBeLessThanOrEqual(1);
  }
}

/** Bit equality, which `toEqual` takes seconds for on half a million values. */
function expectSame(a: Float32Array, b: Float32Array): void {
  expect(Buffer.compare(bytesOf(a), bytesOf(b)), "bits differ").toBe(0);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

function slicer(classes: number) {
  return (array: Float32Array, row: number) => array.subarray(row * classes, (row + 1) * classes);
}

// --- Relaxed samples -------------------------------------------------------------------------------------------------

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

describe.each(fixture.relaxed)("relaxed: $name ($classes)", (given) => {
  const { classes, from, noise, rows } = given;
  const slice = slicer(classes);
  const weights = from === "weights";
  const drawn = typeof noise !== "string";
  const key = drawn
    ? { seed: BigInt(noise.seed), stream: noise.stream, row: noise.row }
    : undefined;

  const prepared = once(() => {
    const inputs = rows.map((_, row) => makeRow(given, row, true));
    const [x, v, t] = (["x", "v", "t"] as const).map((name) =>
      concatenate(inputs.map((input) => input[name])),
    );
    // Of drawn noise the bounds need the size.
    const g = key ? gumbelNoise(rows.length, classes, key) : concatenate(inputs.map(({ g }) => g));
    const options = {
      classes,
      from,
      tau: rows.map(({ tau }) => tau),
      ...(key ?? { noise: g }),
    };
    const terms = rows.map(({ tau }, row) =>
      termsOf(slice(x, row), slice(g, row), tau, { weights, drawn }),
    );
    return { inputs, x, v, t, options, terms, sample: gumbelSoftmaxVjp(x, options) };
  });

  test("inputs are those of the fixture; no winner is left to rounding", () => {
    const { inputs, terms } = prepared();
    expect(inputs.map(({ checksum }) => checksum)).toEqual(rows.map(({ checksum }) => checksum));
    expect(terms.map(({ winner }) => winner)).toEqual(rows.map(({ index }) => index));
    expect(terms.filter(({ tie }) => tie)).toEqual([]);
  });

  test("soft samples: expm1(2^-21·(a + a_winner)/τ) + 2^-20; rows sum to 1 within 10^-6", () => {
    const { x, v, options, terms, sample } = prepared();
    const soft = gumbelSoftmax(x, options);
    expectSame(soft, sample.soft);
    const worst = new Worst();
    rows.forEach((row, r) => {
      const { y, delta, error, winner } = terms[r];
      const [got, upstream] = [slice(soft, r), slice(v, r)];
      worst.checkRow(`row ${r}`, got, row.soft, row.positions, (i, reference) =>
        reference > SMALL && i !== winner ? reference * (Math.expm1(delta[i]) + EPSILON) : error[i],
      );
      worst.check(`row ${r}, sum`, sum(got), 1, 1e-6);
      worst.check(`row ${r}, mean`, dot(got, upstream), row.mean, dot(error, absolute(upstream)));
      expect(got.every((got, i) => got >= 0 && (got === 0 || y[i] > 0))).toBe(true);
    });
    worst.done();
  });

  test("gradients by the input, from the bound on y; those by logits sum to 0", () => {
    const { x, v, t, terms, sample } = prepared();
    const { input } = sample.vjp(v);
    const worst = new Worst();
    rows.forEach((row, r) => {
      const { y, tau } = terms[r];
      const [got, given, upstream, tangent] = [input, x, v, t].map((array) => slice(array, r));
      const least = HALF_LEAST * Math.max(1, 1 / tau);
      const bounds = productBound(terms[r], upstream);
      if (weights) {
        for (let i = 0; i < classes; i++) bounds[i] = given[i] === 0 ? 0 : bounds[i] / given[i];
      }
      worst.checkRow(`row ${r}`, got, row.byInput, row.positions, (i, reference) =>
        weights ? bounds[i] + EPSILON * Math.abs(reference) : bounds[i],
      );
      const paired = dot(bounds, absolute(tangent));
      worst.check(
        `row ${r}, ⟨gradient, t⟩`,
        dot(got, tangent),
        row.pairing,
        paired * (1 + EPSILON),
      );
      if (!weights) {
        const size = dot(y, absolute(upstream));
        worst.check(`row ${r}, sum`, sum(got), 0, (EPSILON * size) / tau + classes * least);
      }
      expect(got.every((got, i) => got === 0 || y[i] > 0)).toBe(true);
    });
    worst.done();
  });

  test("gradients by τ: 10^-5 of the sum of the terms' sizes, for y > 2^-90", () => {
    const { v, terms, sample } = prepared();
    const { input, tau } = sample.vjp(v, { tau: true });
    expectSame(input, sample.vjp(v).input);
    const worst = new Worst();
    rows.forEach((row, r) => {
      const { y, z } = terms[r];
      const upstream = slice(v, r);
      const mean = dot(y, upstream);
      // No bound holds for an entry below 2^-90: its term may be missing.
      const small = y.map((y) => (y < SMALL ? y : 0));
      const missing = dot(small, (i) => Math.abs(z[i] * (upstream[i] - mean))) / row.tau;
      const bound = 1e-5 * row.byTauTerms + missing + HALF_LEAST;
      worst.check(`row ${r}, τ = ${row.tau}`, tau?.[r] as number, row.byTau, bound);
    });
    worst.done();
  });

  test("tangents along input and τ, from the bound on y", () => {
    const { x, v, t, terms, sample } = prepared();
    const tau = rows.map(({ tau }) => Math.fround(tau) * 0.75);
    const alongInput = sample.jvp({ input: t });
    const alongTau = sample.jvp({ tau });
    const along = sample.jvp({ input: t, tau });
    const worst = new Worst();
    rows.forEach((row, r) => {
      const { z, delta } = terms[r];
      const [given, tangent] = [slice(x, r), slice(t, r)];
      // What is given to the softmax: t, t/w or −ẑ·τ̇, with three roundings; ẑ is off by delta.
      const byInput = Float64Array.from(tangent, (t, i) => (weights && t !== 0 ? t / given[i] : t));
      const byTau = z.map((z) => -z * tau[r]);
      const inputBound = productBound(
        terms[r],
        byInput,
        byInput.map((u) => 2 ** -22 * Math.abs(u)),
      );
      const tauBound = productBound(
        terms[r],
        byTau,
        byTau.map((u, i) => 2 ** -22 * Math.abs(u) + delta[i] * tau[r]),
      );
      const { positions } = row;
      worst.checkRow(
        `row ${r}, input`,
        slice(alongInput, r),
        row.alongInput,
        positions,
        (i) => inputBound[i],
      );
      worst.checkRow(
        `row ${r}, τ`,
        slice(alongTau, r),
        row.alongTau,
        positions,
        (i) => tauBound[i],
      );
      const both = row.alongInput.map((value, i) => (value ?? 0) + (row.alongTau[i] ?? 0));
      worst.checkRow(
        `row ${r}, both`,
        slice(along, r),
        both,
        positions,
        (i) => inputBound[i] + tauBound[i],
      );
      const paired = dot(inputBound, absolute(slice(v, r)));
      worst.check(
        `row ${r}, ⟨v, tangent⟩`,
        dot(slice(alongInput, r), slice(v, r)),
        row.pairing,
        paired,
      );
    });
    worst.done();
  });

  test("hard samples: one-hot at the reference's class, the soft sample's gradient", () => {
    const { x, v, t, options, sample: soft } = prepared();
    const hard = gumbelSoftmaxVjp(x, { ...options, hard: true });
    const [gradient, softGradient] = [hard, soft].map((g) => g.vjp(v, { tau: true }));
    expectSame(gradient.input, softGradient.input);
    expect(gradient.tau).toEqual(softGradient.tau);
    expectSame(hard.jvp({ input: t }), soft.jvp({ input: t }));
    expectSame(hard.sample, gumbelSoftmax(x, { ...options, hard: true }));
    expectSame(hard.soft, soft.soft);
    expect(hard.index).toEqual(soft.index);
    rows.forEach(({ index }, r) => {
      const wanted = new Float32Array(classes);
      wanted[hard.index[r]] = 1;
      expectSame(slice(hard.sample, r), wanted);
      expect(hard.index[r]).toBe(index);
    });
  });
});

// --- Softmax, log-softmax, log-sum-exp -------------------------------------------------------------------------------

describe.each(fixture.plain)("plain: $name ($classes)", (given) => {
  const { classes, rows } = given;
  const slice = slicer(classes);
  const isAtOne = (row: PlainRow): row is PlainRowAtOne => row.temperature === 1;

  const prepared = once(() => {
    const inputs = rows.map((_, row) => makeRow(given, row, false));
    const [x, v, t] = (["x", "v", "t"] as const).map((name) =>
      concatenate(inputs.map((input) => input[name])),
    );
    const terms = rows.map(({ temperature }, row) =>
      termsOf(slice(x, row), undefined, temperature),
    );
    const temperature = rows.map(({ temperature }) => temperature);
    return { inputs, x, v, t, terms, temperature };
  });

  /** Error of a log-softmax value that the rounding of x − max, 1/T and log Σ allows. */
  const logError = ({ z }: Terms, value: number, i: number) =>
    2 ** -22 * (1 + Math.abs(value) - z[i]);

  test("inputs are those of the fixture", () => {
    const { inputs } = prepared();
    expect(inputs.map(({ checksum }) => checksum)).toEqual(rows.map(({ checksum }) => checksum));
  });

  test("softmax: expm1(2^-21·|x − max|/T) + 2^-20; rows sum to 1 within 10^-6", () => {
    const { x, terms, temperature } = prepared();
    const value = softmax(x, { classes, temperature });
    const worst = new Worst();
    rows.forEach((row, r) => {
      const { delta, error } = terms[r];
      worst.checkRow(`row ${r}`, slice(value, r), row.softmax, row.positions, (i, reference) =>
        reference > SMALL ? reference * (Math.expm1(delta[i]) + EPSILON) : error[i],
      );
      worst.check(`row ${r}, sum`, sum(slice(value, r)), 1, 1e-6);
    });
    worst.done();
  });

  test("log-softmax: 2^-22·(1 + |value| + |x − max|/T)", () => {
    const { x, terms, temperature } = prepared();
    const value = logSoftmax(x, { classes, temperature });
    const worst = new Worst();
    rows.forEach((row, r) => {
      worst.checkRow(`row ${r}`, slice(value, r), row.logSoftmax, row.positions, (i, reference) =>
        logError(terms[r], reference, i),
      );
    });
    worst.done();
  });

  test("log-sum-exp: one rounding and 2^-22", () => {
    const value = logSumExp(prepared().x, { classes });
    const worst = new Worst();
    rows.forEach((row, r) => {
      if (!isAtOne(row)) return;
      const bound = 2 ** -24 * Math.abs(row.logSumExp) + 2 ** -22;
      worst.check(`row ${r}`, value[r], row.logSumExp, bound);
    });
    worst.done();
  });

  test("gradients and tangents of the softmax, from the bound on y", () => {
    const { x, v, t, terms } = prepared();
    const { value, vjp, jvp } = softmaxVjp(x, { classes });
    const [gradient, tangent] = [vjp(v).input, jvp({ input: t })];
    const backward = softmaxBackward(value, v, { classes });
    const worst = new Worst();
    rows.forEach((row, r) => {
      if (!isAtOne(row)) return;
      const { positions } = row;
      const bounds = productBound(terms[r], slice(v, r));
      const wanted = row.softmaxByInput;
      worst.checkRow(`row ${r}, vjp`, slice(gradient, r), wanted, positions, (i) => bounds[i]);
      worst.checkRow(`row ${r}, backward`, slice(backward, r), wanted, positions, (i) => bounds[i]);
      const along = productBound(terms[r], slice(t, r));
      worst.checkRow(
        `row ${r}, jvp`,
        slice(tangent, r),
        row.softmaxAlong,
        positions,
        (i) => along[i],
      );
    });
    worst.done();
  });

  test("gradients and tangents of the log-softmax", () => {
    const { x, v, t, terms } = prepared();
    const { value, vjp, jvp } = logSoftmaxVjp(x, { classes });
    expectSame(value, logSoftmax(x, { classes }));
    const [gradient, tangent] = [vjp(v).input, jvp({ input: t })];
    const worst = new Worst();
    rows.forEach((row, r) => {
      if (!isAtOne(row)) return;
      const { z, y } = terms[r];
      const [upstream, direction] = [slice(v, r), slice(t, r)];
      const possible = z.map((z) => (z === -Infinity ? 0 : 1));
      // y is computed from the value: its error, and that of two more float32 operations.
      const error = y.map((y, i) =>
        y === 0 ? 0 : y * (Math.expm1(2 * logError(terms[r], Math.log(y), i)) + EPSILON),
      );
      const total = dot(possible, upstream);
      const size = dot(possible, absolute(upstream));
      worst.checkRow(
        `row ${r}, vjp`,
        slice(gradient, r),
        row.logSoftmaxByInput,
        row.positions,
        (i) =>
          possible[i] *
          (error[i] * Math.abs(total) + EPSILON * (y[i] * size + Math.abs(upstream[i]))),
      );
      const meanError = dot(error, absolute(direction)) + EPSILON * dot(y, absolute(direction));
      worst.checkRow(
        `row ${r}, jvp`,
        slice(tangent, r),
        row.logSoftmaxAlong,
        row.positions,
        (i) => possible[i] * (meanError + EPSILON * Math.abs(direction[i])),
      );
    });
    worst.done();
  });

  test("gradients and tangents of the log-sum-exp, from the bound on y", () => {
    const { x, v, t, terms } = prepared();
    const { value, vjp, jvp } = logSumExpVjp(x, { classes });
    expectSame(value, logSumExp(x, { classes }));
    const upstream = rows.map((_, r) => slice(v, r)[0]);
    const [gradient, tangent] = [vjp(upstream).input, jvp({ input: t })];
    const worst = new Worst();
    rows.forEach((row, r) => {
      if (!isAtOne(row)) return;
      const { y, error } = terms[r];
      worst.checkRow(
        `row ${r}, vjp`,
        slice(gradient, r),
        row.logSumExpByInput,
        row.positions,
        (i) => Math.abs(upstream[r]) * (error[i] + EPSILON * y[i]) + (error[i] && HALF_LEAST),
      );
      const size = absolute(slice(t, r));
      worst.check(
        `row ${r}, jvp`,
        tangent[r],
        row.logSumExpAlong,
        dot(error, size) + EPSILON * dot(y, size),
      );
    });
    worst.done();
  });
});

// --- Noise -----------------------------------------------------------------------------------------------------------

describe.each(fixture.noise)("noise: seed $key.seed, $key.classes classes", ({ key, rows }) => {
  test("within 2·10^-7·max(1, |G|) of the definition", () => {
    const { seed, stream, row, classes } = key;
    const noise = gumbelNoise(rows.length, classes, { seed: BigInt(seed), stream, row });
    const slice = slicer(classes);
    const worst = new Worst();
    rows.forEach(({ positions, noise: wanted }, r) => {
      worst.checkRow(
        `row ${r}`,
        slice(noise, r),
        wanted,
        positions,
        (_, g) => 2e-7 * Math.max(1, Math.abs(g)),
      );
    });
    worst.done();
  });
});

test("the noise of the fixture has words refined to 2^-64", () => {
  const refined = fixture.noise.flatMap(({ rows }) => rows.map(({ refined }) => refined));
  expect(sum(refined)).toBeGreaterThan(3);
});
