/** The seven rules of ARCHITECTURE.md, "Bits are the same everywhere", each by its number, on both backends. */

import { readdirSync, readFileSync } from "node:fs";
import binaryen from "binaryen";
import { describe, expect, test } from "vitest";
import { RECORD } from "../ts/kernels.ts";
import { bits, expectSameBits, fromBits, hex, NAN_BITS } from "./support/bits.ts";
import { input, testWords, upstream } from "./support/inputs.ts";
import { BACKENDS, batchOf, wasmBytes } from "./support/kernels.ts";
import * as naive from "./support/naive.ts";
import { type WordKey, wordByDefinition, words } from "./support/words.ts";

const f32 = Math.fround;

/** The TypeScript kernels, without comments and strings. */
const SOURCES = readdirSync(new URL("../ts/js", import.meta.url)).map((name): [string, string] => {
  const text = readFileSync(new URL(`../ts/js/${name}`, import.meta.url), "utf8");
  return [name, text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|"[^"\n]*"/g, "")];
});

/** The kinds of instruction in the binary. */
const INSTRUCTIONS = disassemble(wasmBytes);

function disassemble(bytes: Uint8Array): string[] {
  const module = binaryen.readBinary(bytes);
  const text = module.emitText();
  module.dispose();
  return [...new Set(text.match(/\b[fiv]\d+(x\d+)?\.[a-z0-9_]+/g))].sort();
}

describe("rule 1: floats meet only + − × ÷, comparisons, selections, exact conversions, bit casts", () => {
  test("TypeScript uses no Math but fround and imul, and no power but of constants", () => {
    expect(SOURCES.length).toBeGreaterThan(10);
    for (const [name, text] of SOURCES) {
      const used = [...text.matchAll(/\bMath\b(?:\.(\w+))?/g)].map(([, property]) => property);
      for (const property of used) expect(["fround", "imul"], name).toContain(property);
      for (const [power] of text.matchAll(/\S+ \*\* \S+/g)) {
        expect(power, name).toMatch(/^\(?2 \*\* -?\d+\b/);
      }
      expect(text, name).not.toMatch(/\*\*=|toFixed|toPrecision/);
    }
  });

  test("wasm has no relaxed, fused, rounding or root instruction, and imports no function but the loader's", () => {
    expect(INSTRUCTIONS).toContain("f32x4.mul");
    const exact = /^(const|load|store|splat|replace_lane|extract_lane|reinterpret|select)/;
    const rounded = /^(add|sub|mul|div)$/;
    const chosen = /^(eq|ne|lt|gt|le|ge|pmin|pmax|neg|abs|copysign)$/;
    const converted = /^(convert|promote|demote)_/;
    const floats = INSTRUCTIONS.filter((name) => /^f\d/.test(name));
    const other = floats.filter(
      (name) =>
        ![exact, rounded, chosen, converted].some((kind) => kind.test(name.split(".")[1] ?? "")),
    );
    expect(other).toEqual([]);
    expect(INSTRUCTIONS.filter((name) => name.includes("relaxed"))).toEqual([]);
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(wasmBytes));
    const others = imports.filter(({ name }) => name !== "__wbindgen_init_externref_table");
    expect(others).toEqual([]);
  });
});

describe.each(BACKENDS)("%s", (_, kernels) => {
  /** All ways to sign the zeros of `x` that differ in the first few, then all of them negative. */
  function signings(x: Float32Array): Float32Array[] {
    const zeros = Array.from(x.keys()).filter((i) => x[i] === 0);
    const patterns = 2 ** Math.min(zeros.length, 6);
    const signed = Array.from({ length: patterns }, (_, pattern) => {
      const copy = x.slice();
      zeros.forEach((i, at) => {
        copy[i] = (pattern >> (at % 6)) & 1 ? -0 : 0;
      });
      return copy;
    });
    return [...signed, x.map((value) => (value === 0 ? -0 : value))];
  }

  const ROWS_WITH_ZEROS = [
    [0, 0],
    [-Infinity, 0, 0, 0],
    [0, -1, 0, -Infinity, 0, -2, 0],
    Array.from({ length: 20 }, (_, i) => (i % 5 === 1 ? -Infinity : 0)),
    Array.from({ length: 300 }, (_, i) => (i % 50 === 0 ? 0 : -1 - (i % 3))),
  ].map((row) => Float32Array.from(row));

  test("rule 2: nothing depends on the sign of zero, be it in logits, weights or noise", () => {
    for (const x of ROWS_WITH_ZEROS) {
      const classes = x.length;
      const weights = x.map((value) => (value === 0 ? 0 : Math.abs(Math.max(value, -8))));
      weights[classes - 1] = 1;
      const v = input("plain", 1, classes, 2).map((value) => (value === -Infinity ? 1 : value));
      const results = (logits: Float32Array, w: Float32Array, noise: Float32Array) => {
        const batch = batchOf({ rows: 1, classes, t: 0.5, first: 1 });
        const ofWeights = batchOf({ rows: 1, classes, t: 0.5, first: 1, weights: true });
        const out = () => new Float32Array(classes);
        const [soft, softOfWeights, byInput, byWeights] = [out(), out(), out(), out()];
        const [p, logP, along] = [out(), out(), out()];
        const [one, byTau, index] = [out(), out(), new Int32Array(12)];
        kernels.softmax(batch, logits, p);
        kernels.logSoftmax(batch, logits, logP);
        kernels.logSumExp(batch, logits, one);
        kernels.gumbelSoftmax(batch, logits, noise, { soft, index });
        kernels.gumbelMax(batch, logits, noise, { index: index.subarray(1) });
        kernels.gumbelSoftmaxVjp(batch, logits, noise, soft, v, byInput, byTau);
        // −0 in all columns shows the sign of whatever is subtracted from it.
        const tangent = { input: out().fill(-0), tau: out().fill(1) };
        kernels.gumbelSoftmaxJvp(batch, logits, noise, soft, tangent, along);
        kernels.gumbelSoftmax(ofWeights, w, noise, {
          soft: softOfWeights,
          index: index.subarray(2),
        });
        kernels.gumbelSoftmaxVjp(ofWeights, w, noise, softOfWeights, v, byWeights, undefined);
        kernels.categorical(batch, logits, 4, index.subarray(3));
        kernels.categorical(ofWeights, w, 4, index.subarray(7));
        return { p, logP, one, soft, index, byInput, byTau, along, softOfWeights, byWeights };
      };
      const noise = new Float32Array(classes);
      const expected = results(x, weights, noise);
      for (const logits of signings(x)) {
        for (const g of signings(noise).slice(-5)) {
          for (const w of signings(weights).slice(-2)) {
            const got = results(logits, w, g);
            for (const name of Object.keys(got) as (keyof typeof got)[]) {
              expectSameBits(got[name], expected[name], `${classes} classes, ${name}`);
            }
          }
        }
      }
    }
  });

  test("rule 2: an upstream −0 gives the same values as 0", () => {
    const y = Float32Array.of(0.25, 0.5, 0, 0.25);
    const outs = signings(Float32Array.of(0, 1, 0, 0)).map((v) => {
      const out = new Float32Array(4);
      kernels.softmaxBackward(batchOf({ rows: 1, classes: 4 }), y, v, out);
      return Array.from(out, (x) => x + 0);
    });
    for (const out of outs) expect(out).toEqual(outs[0]);
  });

  test("rule 3: a NaN is found in every column, whatever its bits", () => {
    const nans = [NAN_BITS, 0xffc00000, 0x7f800001, 0xff812345, 0xffffffff];
    for (const classes of [1, 2, 5, 16, 17, 33, 256, 257, 300]) {
      const batch = batchOf({ rows: 1, classes });
      for (let column = 0; column < classes; column++) {
        const x = new Float32Array(classes);
        bits(x)[column] = nans[column % nans.length] as number;
        const out = new Float32Array(classes);
        expect(kernels.softmax(batch, x, out), `column ${column} of ${classes}`).toBe(0);
        expect(kernels.gumbelMax(batch, x, undefined, {}), `${column} of ${classes}`).toBe(0);
      }
    }
  });

  test("rule 3: the NaN written is 0x7fc00000, wherever it comes from", () => {
    const [rows, classes] = [40, 37];
    const batch = batchOf({ rows, classes, t: 0.3, mark: true });
    const x = input("plain", rows, classes, 31).map((value, i) =>
      i % 5 === 4 ? -Infinity : value,
    );
    // Differences of 200 give a probability of 0 to a possible class; every fourth row is invalid.
    for (let row = 0; row < rows; row++) {
      x[row * classes] = 200;
      if (row % 4 === 3) bits(x)[row * classes + 7] = 0xff812345;
    }
    const [soft, logs] = [new Float32Array(x.length), new Float32Array(x.length)];
    const sample = new Float32Array(x.length);
    let found = 0;
    for (const spacing of [4, 30, 300, 3000]) {
      const v = upstream(x.length, spacing, spacing);
      const each = upstream(rows, spacing + 1, 3);
      const outs = Array.from({ length: 9 }, () => new Float32Array(x.length));
      const out = (i: number) => outs[i] as Float32Array;
      const [a, b] = [new Float32Array(rows), new Float32Array(rows)];
      kernels.softmax(batch, x, soft);
      kernels.logSoftmax(batch, x, logs);
      kernels.softmaxBackward(batch, soft, v, out(0));
      kernels.logSoftmaxVjp(batch, logs, v, out(1));
      kernels.logSoftmaxJvp(batch, logs, v, out(2));
      kernels.logSumExpVjp(batch, x, each, out(3));
      kernels.logSumExpJvp(batch, x, v, a);
      kernels.gumbelSoftmax(batch, x, undefined, { soft: out(4), sample });
      kernels.gumbelSoftmaxVjp(batch, x, undefined, out(4), v, out(5), b);
      kernels.gumbelSoftmaxJvp(batch, x, undefined, out(4), { input: v, tau: each }, out(6));
      kernels.gumbelSoftmaxJvp(batch, x, undefined, out(4), { tau: each }, out(7));
      for (const [i, values] of [soft, logs, sample, a, b, ...outs].entries()) {
        for (const word of bits(values)) {
          if ((word & 0x7fffffff) <= 0x7f800000) continue;
          found++;
          if (word !== NAN_BITS) expect.fail(`output ${i} holds the NaN ${hex(word)}`);
        }
      }
    }
    expect(found).toBeGreaterThan(10_000);
  });

  test("rule 4: exponents are rounded to the nearest integer, ties to even, and clamped", () => {
    // Exponents around all half integers, over all magnitudes, and far out.
    const halves = Array.from({ length: 230 }, (_, i) => -i / 2);
    const around = halves.flatMap((t) => [
      t,
      -fromBits(hexBits(-t) + 1),
      -fromBits(hexBits(-t) - 1),
    ]);
    const sizes = Array.from({ length: 277 }, (_, i) => -(1.2 * 2 ** (i - 149))).map(f32);
    const any = Array.from(testWords(4, 20_000), (k) => -f32(k * 2 ** -32 * 110));
    const exponents = [...around, ...sizes, ...any, -3.4e38, -Infinity]
      .map(f32)
      .filter((t) => t <= 0);
    const rows = exponents.length;
    const x = Float32Array.from(exponents.flatMap((t) => [0, t]));
    const out = new Float32Array(x.length);
    kernels.softmax({ rows, classes: 2, weights: false, mark: false, params: unitRate }, x, out);
    exponents.forEach((t, row) => {
      const e = naive.exp2(t);
      const expected = f32(e * f32(1 / f32(1 + e)));
      if (out[2 * row + 1] !== expected)
        expect.fail(`exp2(${t}) gives ${out[2 * row + 1]}, not ${expected}`);
    });
    expect(exponents.filter((t) => t < -100).length).toBeGreaterThan(500);
  });

  test("rule 4: at both ends of the temperatures nothing overflows", () => {
    const x = Float32Array.of(-1e30, 0, -1e-45, 1e30, -Infinity);
    const out = new Float32Array(5);
    kernels.softmax(batchOf({ rows: 1, classes: 5, t: 5e-324 }), x, out);
    expect(Array.from(out)).toEqual([0, 0, 0, 1, 0]);
    kernels.softmax(batchOf({ rows: 1, classes: 5, t: 1e308 }), x, out);
    for (const y of out.subarray(0, 4)) expect(y).toBeCloseTo(0.25, 6);
    expect(out[4]).toBe(0);
  });

  test("rule 5: words are converted as signed integers: G is right at both ends of the words", () => {
    const [rows, classes] = [16, 2 ** 16];
    const key: WordKey = { seed: 51n, stream: 52, row: 53 };
    const noise = new Float32Array(rows * classes);
    kernels.noise(batchOf({ rows, classes, key }), noise);
    let [low, high, worst] = [0, 0, 0];
    for (let row = 0; row < rows; row++) {
      words({ ...key, row: key.row + row }, 0, 0, classes).forEach((k, i) => {
        if (k < 2 ** 16) return;
        // 1 − w is exact above one half, where log1p would lose it.
        const [w, rest] = [(k + 0.5) * 2 ** -32, (2 ** 32 - k - 0.5) * 2 ** -32];
        const g = w < 0.5 ? -Math.log(-Math.log1p(-w)) : -Math.log(-Math.log(rest));
        const error = Math.abs((noise[row * classes + i] as number) - g) / Math.max(1, Math.abs(g));
        worst = Math.max(worst, error);
        if (k < 2 ** 18) low++;
        if (k >= 2 ** 32 - 2 ** 18) high++;
      });
    }
    expect(worst).toBeLessThan(2e-7);
    expect(Math.min(low, high)).toBeGreaterThan(10);
  });

  test("rule 6: a row is summed in blocks of 256 with sixteen partial sums, blocks in float64", () => {
    let others = 0;
    for (const [seed, classes] of [1, 3, 5, 16, 17, 255, 256, 257, 513, 4099].entries()) {
      const x = input("plain", 1, classes, seed);
      x[0] = 1;
      const y = new Float32Array(classes);
      kernels.softmax(batchOf({ rows: 1, classes, t: 4 }), x, y);
      expectSameBits(y, naive.softmax(x, Math.LOG2E / 4), `softmax of ${classes}`);

      const v = input("edges", 1, classes, seed + 20).map((value) => (value < -9 ? 0.3 : value));
      const out = new Float32Array(classes);
      kernels.softmaxBackward(batchOf({ rows: 1, classes, t: 4 }), y, v, out);
      const expected = naive.softmaxBackward(y, v, 1 / 4);
      // Where y = 0 it is a plain 0.
      expectSameBits(
        out,
        expected.map((dz, i) => (y[i] === 0 ? 0 : dz)),
        `backward of ${classes}`,
      );

      const terms = y.map((p, i) => p * (v[i] as number));
      const inOrder = terms.reduce((total, term) => f32(total + term), 0);
      const inFloat64 = terms.reduce((total, term) => total + term, 0);
      if (f32(naive.sum(terms)) !== inOrder && f32(naive.sum(terms)) !== f32(inFloat64)) others++;
    }
    expect(others, "the order must matter, or this shows nothing").toBeGreaterThan(3);
  });

  test("rule 6: categorical sums in the same order in float64, and searches as described", () => {
    for (const [seed, classes] of [1, 5, 17, 256, 257, 1000, 4099].entries()) {
      const x = input("plain", 1, classes, seed);
      x[0] = 1;
      const key: WordKey = { seed: 61n, stream: seed, row: 0 };
      const out = new Int32Array(400);
      kernels.categorical(batchOf({ rows: 1, classes, key, t: 2 }), x, 400, out);
      expectSameBits(out, naive.categorical(x, Math.LOG2E / 2, key, 400), `draws of ${classes}`);
    }
  });

  test("rule 7: the logarithm takes subnormal weights as what they are", () => {
    // Powers of two from the smallest float32 to the largest, and random subnormal numbers.
    const powers = Array.from({ length: 277 }, (_, i) => 2 ** (i - 149));
    const subnormal = Array.from(testWords(7, 500), (k) => fromBits(k >>> 9)).sort((a, b) => a - b);
    for (const [weights, tau] of [
      [Float32Array.from(powers), 40],
      [Float32Array.from(subnormal), 1],
    ] as const) {
      const classes = weights.length;
      const soft = new Float32Array(classes);
      const batch = batchOf({ rows: 1, classes, weights: true, t: tau });
      kernels.gumbelSoftmax(batch, weights, new Float32Array(classes), { soft });
      const logs = Array.from(weights, Math.log);
      const largest = Math.max(...logs);
      const e = logs.map((log) => Math.exp((log - largest) / tau));
      const total = e.reduce((a, b) => a + b);
      for (let i = 0; i < classes; i++) {
        const [got, expected] = [soft[i] as number, (e[i] as number) / total];
        const bound = Math.expm1((2 ** -21 * 2 * Math.abs(logs[i] as number)) / tau) + 2 ** -20;
        if (weights[i] === 0) expect(got).toBe(0);
        else
          expect(Math.abs(got - expected) / expected, `${weights[i]}`).toBeLessThan(bound + 1e-5);
      }
    }
  });

  test("rule 7: integers wrap: words of the largest keys and counters", () => {
    // With 2^16 equal classes a draw is the first half of its word.
    const classes = 2 ** 16;
    const [seed, stream, row] = [2n ** 64n - 1n, 2 ** 53 - 1, 2 ** 32 - 1];
    for (const key of [
      { seed, stream, row },
      { seed: 0xffffffffn, stream: 2 ** 32 - 1, row },
      { seed: 0xffffffff00000000n, stream: 2 ** 52, row: 2 ** 31 },
    ]) {
      const first = 2 ** 30 - 21;
      const draws = new Int32Array(21);
      kernels.categorical(
        batchOf({ rows: 1, classes, key, first }),
        new Float32Array(classes),
        21,
        draws,
      );
      const expected = draws.map((_, j) => wordByDefinition(key, 2, first + j) >>> 16);
      expectSameBits(draws, expected, `seed ${key.seed}`);
    }
  });
});

test("rule 2: the binary has no max or min but those by comparison", () => {
  expect(INSTRUCTIONS).toContain("f32x4.pmax");
  expect(INSTRUCTIONS.filter((name) => /^f\S+\.(min|max)$/.test(name))).toEqual([]);
  for (const [name, text] of SOURCES) expect(text, name).not.toMatch(/\.(min|max)\(/);
});

test("rule 4: nothing converts a float to an integer outside its range", () => {
  expect(INSTRUCTIONS.filter((name) => /^i\S+\.trunc/.test(name))).toEqual([]);
});

test("rule 5: nothing converts an unsigned integer to float32", () => {
  expect(INSTRUCTIONS).toContain("f32x4.convert_i32x4_s");
  expect(INSTRUCTIONS.filter((name) => /^f32\S*\.convert_i\S+_u$/.test(name))).toEqual([]);
  expect(INSTRUCTIONS.filter((name) => /^f32\S*\.convert_i64/.test(name))).toEqual([]);
  for (const [name, text] of SOURCES) expect(text, name).not.toMatch(/fround\([^()]*>>> 0\)/);
});

function hexBits(x: number): number {
  return bits(Float32Array.of(x))[0] as number;
}

/** Records whose rate is 1, so that logits are exponents of two. */
function unitRate(words: Uint32Array, floats: Float32Array, _: number, count: number): void {
  words.fill(0, 0, count * RECORD);
  for (let i = 0; i < count; i++) floats.fill(1, i * RECORD + 6, i * RECORD + 8);
}
