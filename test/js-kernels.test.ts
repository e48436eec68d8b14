import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { Cumulative } from "../ts/js/categorical.ts";
import { Drawn, gumbelTail, largestWord } from "../ts/js/gumbel.ts";
import { createKernels } from "../ts/js/index.ts";
import { canonical, exp2, fromBits, log, log1pF64, logF64, toBits } from "../ts/js/math.ts";
import { block, fillRows, fillWords, Purpose, word } from "../ts/js/philox.ts";
import { MOST_CLASSES, quickDraw } from "../ts/js/quick-draw.ts";
import { dot, expSum } from "../ts/js/reduce.ts";
import { Params, SHORT } from "../ts/js/row.ts";
import { type Batch, RECORD } from "../ts/kernels.ts";
import { blockByDefinition } from "./support/words.ts";

const kernels = createKernels();

interface Options {
  rows?: number;
  scale?: number;
  weights?: boolean;
  mark?: boolean;
  firstRow?: number;
  firstDraw?: number;
  reads?: number[];
}

/** A batch with one seed and stream, and rows that count up. */
function batch(classes: number, options: Options = {}): Batch {
  const { rows = 1, scale = 1, weights = false, mark = false } = options;
  return {
    rows,
    classes,
    weights,
    mark,
    params(words, floats, first, count) {
      options.reads?.push(first, count);
      for (let i = 0; i < count; i++) {
        const row = (options.firstRow ?? 0) + first + i;
        words.set([0x12345678, 0x9abcdef0, row, 5, 1, options.firstDraw ?? 0], i * RECORD);
        floats.set([scale, scale * Math.LOG2E], i * RECORD + 6);
      }
    },
  };
}

/** Values spread over (−1, 1), always the same ones. */
function spread(n: number): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => Math.sin(i * 12.9898 + 1));
}

const bits = (x: Float32Array): number[] => [...new Uint32Array(x.buffer, x.byteOffset, x.length)];

describe("Philox", () => {
  // Random123's known-answer vectors, kat_vectors: philox4x32, 10 rounds.
  test.each([
    {
      key: [0, 0],
      counter: [0, 0, 0, 0],
      words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    },
    {
      key: [0xffffffff, 0xffffffff],
      counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    },
    {
      key: [0xa4093822, 0x299f31d0],
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ] as const)("known answer for key $key", ({ key, counter, words }) => {
    expect([...block(key, counter)]).toEqual(words);
  });

  test("high words are right where a product comes close to the next integer", () => {
    for (const multiplier of [0xd2511f53n, 0xcd9e8d57n]) {
      // By Newton's method, which doubles the right bits: the inverse modulo 2^32.
      let inverse = multiplier;
      for (let i = 0; i < 5; i++) inverse *= 2n - multiplier * inverse;
      for (let low = -1100n; low < 1100n; low++) {
        const x = Number(BigInt.asUintN(32, low * inverse));
        const counter: [number, number, number, number] = [x, 3, x, 5];
        const expected = blockByDefinition([1, 2], counter);
        expect([...block([1, 2], counter)]).toEqual([...expected]);
      }
    }
  });

  test("a word is named by purpose, row, stream and column alone", () => {
    const params = new Params();
    params.seek(batch(1, { firstRow: 7 }), 0);
    const out = new Int32Array(16);
    for (const purpose of Object.values(Purpose)) {
      fillWords(params, purpose, 40, out, 13);
      for (let i = 0; i < 13; i++) {
        const column = 40 + i;
        const counter = [((purpose << 28) >>> 0) + (column >> 2), 7, 5, 1] as const;
        const expected = block([0x12345678, 0x9abcdef0], counter)[column % 4];
        expect(out[i] >>> 0).toBe(expected);
        expect(word(params, purpose, column)).toBe(expected);
      }
    }
  });
});

describe("short rows, a chunk at a time", () => {
  /** Rows that share neither seed nor stream nor first draw. */
  const different = (rows: number, classes: number): Batch => ({
    ...batch(classes, { rows }),
    params(words, floats, first, count) {
      for (let i = 0; i < count; i++) {
        const row = first + i;
        const record = [Math.imul(row, 0x9e3779b9) >>> 0, row << 8, row % 7, 5 * row, row % 3];
        words.set([...record, 3 * row], i * RECORD);
        floats.set([1, Math.LOG2E], i * RECORD + 6);
      }
    },
  });

  test("words are those of the rows alone", () => {
    const params = new Params();
    const single = new Int32Array(24);
    for (const rows of [1, 2, 63, 64]) {
      for (let count = 1; count <= SHORT; count++) {
        for (const purpose of [Purpose.noise, Purpose.draw]) {
          params.seek(different(rows, count), 0);
          const out = new Int32Array(rows * count + 4);
          fillRows(params, purpose, count, out);
          for (let row = 0; row < rows; row++) {
            params.at = row * RECORD;
            fillWords(params, purpose, purpose === Purpose.draw ? params.first : 0, single, count);
            const words = out.subarray(row * count, (row + 1) * count);
            expect(words).toEqual(single.subarray(0, count));
          }
        }
      }
    }
  });

  test("noise is that of the rows alone, refined words among it", () => {
    const [rows, classes] = [30_001, 10];
    const params = new Params();
    const drawn = new Drawn();
    const all = different(rows, classes);
    const out = new Float32Array(rows * classes);
    kernels.noise(all, out);
    const expected = new Float32Array(out.length);
    for (let row = 0; row < rows; row++) {
      params.seek(all, row);
      drawn.block(params, 0, classes, expected, row * classes);
    }
    expect(bits(out)).toEqual(bits(expected));
    // Above −log 2^-16 there is nothing else.
    expect(out.filter((g) => g > 11.1).length).toBeGreaterThan(1);
  });

  test("samples and draws are those of a batch of one row", () => {
    const [rows, classes] = [150, 10];
    const all = different(rows, classes);
    const x = spread(rows * classes);
    // No noise is looked at in the first rows of a chunk.
    x.fill(Number.NaN, 64 * classes, 66 * classes);
    const [soft, index, drawn] = [x.slice(), new Int32Array(rows), new Int32Array(rows)];
    const marked = { ...all, mark: true };
    kernels.gumbelSoftmax(marked, x, undefined, { soft, index });
    kernels.categorical(marked, x, 1, drawn);
    for (let row = 0; row < rows; row++) {
      const one: Batch = { ...marked, rows: 1, params: (w, f) => all.params(w, f, row, 1) };
      const logits = x.slice(row * classes, (row + 1) * classes);
      const [y, i, d] = [logits.slice(), new Int32Array(1), new Int32Array(1)];
      kernels.gumbelSoftmax(one, logits, undefined, { soft: y, index: i });
      kernels.categorical(one, logits, 1, d);
      expect(soft.slice(row * classes, (row + 1) * classes)).toEqual(y);
      expect([index[row], drawn[row]]).toEqual([i[0], d[0]]);
    }
  });
});

describe("exp2", () => {
  test("holds to 2^-22 over its domain", () => {
    let worst = 0;
    for (let i = 0; i <= 100_000; i++) {
      const t = Math.fround(-i / 1000);
      worst = Math.max(worst, Math.abs(exp2(t) / 2 ** t - 1));
    }
    expect(worst).toBeLessThanOrEqual(2 ** -22);
  });

  test("ends of the domain", () => {
    expect(exp2(0)).toBe(1);
    expect(exp2(-0)).toBe(1);
    expect(exp2(-100)).toBe(2 ** -100);
    expect(exp2(fromBits(toBits(-100) + 1))).toBe(0);
    expect(exp2(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(exp2(Number.NaN)).toBe(0);
  });

  test("gives float32 values", () => {
    for (const t of spread(1000)) expect(Math.fround(exp2(t - 1))).toBe(exp2(t - 1));
  });
});

describe("log", () => {
  test("holds to 2^-22 relative and 2^-23 of max(1, |log x|), subnormals included", () => {
    let [relative, scaled] = [0, 0];
    for (let bits = 1; bits < 0x7f800000; bits += 30_011) {
      const x = fromBits(bits);
      const exact = Math.log(x);
      const error = Math.abs(log(x) - exact);
      relative = Math.max(relative, error / Math.abs(exact));
      scaled = Math.max(scaled, error / Math.max(1, Math.abs(exact)));
    }
    expect(relative).toBeLessThanOrEqual(2 ** -22);
    expect(scaled).toBeLessThanOrEqual(2 ** -23);
  });

  test("special values", () => {
    expect(log(1)).toBe(0);
    expect(log(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(log(-0)).toBe(Number.NEGATIVE_INFINITY);
    for (const x of [-1, -1e-45, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
      expect(log(x)).toBeNaN();
    }
  });

  test("in float64 it holds to 2^-51", () => {
    let worst = 0;
    for (let x = 2 ** -65; x < 2 ** 65; x *= 1.013) {
      worst = Math.max(worst, Math.abs(logF64(x) / Math.log(x) - 1));
    }
    for (let x = -(2 ** -65); x > -0.29; x *= 1.013) {
      worst = Math.max(worst, Math.abs(log1pF64(x) / Math.log1p(x) - 1));
    }
    expect(worst).toBeLessThanOrEqual(2 ** -51);
    expect(log1pF64(-0.5)).toBe(logF64(0.5));
    expect(log1pF64(0)).toBe(0);
  });
});

test("a NaN is stored with the one pattern, wherever it comes from", () => {
  const x = new Float32Array(2);
  for (const pattern of [0x7fc00001, 0xffc00000, 0x7fffffff]) {
    x[0] = canonical(fromBits(pattern));
    x[1] = canonical(Number.POSITIVE_INFINITY - Number(pattern > 0) * Number.POSITIVE_INFINITY);
    expect(bits(x)).toEqual([0x7fc00000, 0x7fc00000]);
  }
});

describe("noise", () => {
  test("is −log(−log1p(−w)) to 2·10^-7", () => {
    const classes = 10_001;
    const out = new Float32Array(classes);
    kernels.noise(batch(classes), out);
    const params = new Params();
    params.seek(batch(classes), 0);
    let worst = 0;
    for (let column = 0; column < classes; column++) {
      const w = (word(params, Purpose.noise, column) + 0.5) * 2 ** -32;
      const exact = -Math.log(-Math.log1p(-w));
      worst = Math.max(worst, Math.abs(out[column] - exact) / Math.max(1, Math.abs(exact)));
    }
    expect(worst).toBeLessThanOrEqual(2e-7);
  });

  test("the tail reaches down to 2^-64", () => {
    expect(gumbelTail(0, 0)).toBe(Math.fround(65 * Math.LN2));
    const last = (2 ** 48 - 0.5) * 2 ** -64;
    expect(gumbelTail(0xffff, 0xffffffff)).toBe(Math.fround(-Math.log(-Math.log1p(-last))));
  });

  test("rare words are refined by a word of their own", () => {
    const classes = 1 << 20;
    const out = new Float32Array(classes);
    kernels.noise(batch(classes), out);
    const params = new Params();
    params.seek(batch(classes), 0);
    const words = new Int32Array(classes);
    fillWords(params, Purpose.noise, 0, words, classes);
    const rare = [...words.keys()].filter((column) => words[column] >>> 16 === 0);
    expect(rare.length).toBeGreaterThan(4);
    for (const column of rare) {
      const tail = word(params, Purpose.tail, column);
      expect(out[column]).toBe(gumbelTail(words[column], tail));
    }
  });

  test("of a row it doesn't depend on the batch", () => {
    const [rows, classes] = [150, 21];
    const out = new Float32Array(rows * classes);
    const reads: number[] = [];
    kernels.noise(batch(classes, { rows, reads }), out);
    // Records are read 64 at a time.
    expect(reads).toEqual([0, 64, 64, 64, 128, 22]);
    for (const firstRow of [0, 63, 64, 149]) {
      const one = new Float32Array(classes);
      kernels.noise(batch(classes, { firstRow }), one);
      expect(one).toEqual(out.subarray(firstRow * classes, (firstRow + 1) * classes));
    }
  });
});

describe("sums", () => {
  /** Reduction rule 6, as written down. */
  function sum(terms: Float32Array): number {
    let total = 0;
    for (let start = 0; start < terms.length; start += 256) {
      const partial = new Float32Array(16);
      for (const [i, x] of terms.subarray(start, start + 256).entries()) partial[i % 16] += x;
      for (const half of [8, 4, 2, 1]) {
        for (let j = 0; j < half; j++) partial[j] += partial[j + half];
      }
      total += partial[0];
    }
    return total;
  }

  test.each([...Array.from({ length: 17 }, (_, i) => i + 1), ...[31, 32, 255, 256, 257, 1000]])(
    "of %i terms have the one order",
    (n) => {
      const x = spread(n);
      const out = new Float32Array(n);
      expect(expSum(x, 0, out, 0, n, 1, 3)).toBe(sum(out));
      const products = x.map((x, i) => x * out[i]);
      expect(dot(x, 0, out, 0, n)).toBe(Math.fround(sum(products)));
    },
  );

  test("leave out what has no weight", () => {
    const weights = new Float32Array([0.5, 0, -0, 0.5]);
    const v = new Float32Array([1, Number.NaN, Number.POSITIVE_INFINITY, 3]);
    expect(dot(weights, 0, v, 0, 4)).toBe(2);
  });

  test.each([1, 3, 10, 16, 17, 257])("of %i times −0 are 0, not −0", (n) => {
    const zeros = new Float32Array(n).fill(-0);
    expect(dot(new Float32Array(n).fill(0.5), 0, zeros, 0, n)).toBe(0);
  });
});

describe("Gumbel-Max", () => {
  test("without most noise has the winner of all scores, the first one on a tie", () => {
    const rows = 300;
    for (const classes of [10, 64, 300, 1000]) {
      for (const scale of [0.01, 1, 30]) {
        const x = spread(rows * classes).map((x, i) => (i % 7 === 3 ? -Infinity : 3 * x));
        const many = batch(classes, { rows, scale });
        const noise = new Float32Array(x.length);
        kernels.noise(many, noise);
        const [index, expected] = [new Int32Array(rows), new Int32Array(rows)];
        kernels.gumbelMax(many, x, undefined, { index });
        kernels.gumbelMax(many, x, noise, { index: expected });
        expect(index).toEqual(expected);
      }
    }
  });

  test("no word above the bound has noise above it", () => {
    const classes = 1 << 18;
    const noise = new Float32Array(classes);
    kernels.noise(batch(classes), noise);
    const params = new Params();
    params.seek(batch(classes), 0);
    const words = new Int32Array(classes);
    fillWords(params, Purpose.noise, 0, words, classes);
    for (let i = 0; i < classes; i++) {
      if (!(words[i] >>> 0 <= largestWord(noise[i]))) expect.fail(`word ${words[i]}`);
    }
    // And it is tight where it matters.
    expect(largestWord(10) / 2 ** 32 / Math.exp(-10)).toBeCloseTo(1, 3);
  });
});

describe("rows", () => {
  const invalid = {
    "a NaN": [0, Number.NaN, 1],
    "two +∞": [Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY],
    "nothing above −∞": [
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ],
  };

  test.each(Object.entries(invalid))("with %s end the call, untouched", (_, row) => {
    const x = new Float32Array([1, 2, 3, ...row, 1, 2, 3]);
    const soft = x.slice();
    const index = new Int32Array(3).fill(9);
    const count = kernels.gumbelSoftmax(batch(3, { rows: 3 }), soft, undefined, { soft, index });
    expect(count).toBe(1);
    expect(soft.subarray(3)).toEqual(x.subarray(3));
    expect(index.subarray(1)).toEqual(new Int32Array([9, 9]));
  });

  test.each(Object.entries(invalid))("with %s are marked", (_, row) => {
    const x = new Float32Array([...row, 1, 2, 3]);
    const soft = new Float32Array(6);
    const index = new Int32Array(2);
    const marking = batch(3, { rows: 2, mark: true });
    expect(kernels.gumbelSoftmax(marking, x, undefined, { soft, index })).toBe(2);
    expect(bits(soft.subarray(0, 3))).toEqual([0x7fc00000, 0x7fc00000, 0x7fc00000]);
    expect(index[0]).toBe(-1);
    expect(index[1]).toBeGreaterThanOrEqual(0);
  });

  test("without a class that has logit and noise end the call, untouched", () => {
    const none = Number.NEGATIVE_INFINITY;
    const x = new Float32Array([1, none]);
    const soft = new Float32Array([none, 1]);
    expect(kernels.gumbelSoftmax(batch(2), x, soft, { soft })).toBe(0);
    expect(soft).toEqual(new Float32Array([none, 1]));
  });

  test("with one +∞ are certain", () => {
    const x = new Float32Array([1, Number.POSITIVE_INFINITY, 3]);
    const out = new Float32Array(3);
    kernels.softmax(batch(3), x, out);
    expect(out).toEqual(new Float32Array([0, 1, 0]));
    const value = new Float32Array(1);
    kernels.logSumExp(batch(3), x, value);
    expect(value[0]).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("outputs may be inputs", () => {
  const [rows, classes] = [3, 300];
  const two = batch(classes, { rows, scale: 2 });
  const x = spread(rows * classes).map((x) => 5 * x);
  const noise = spread(rows * classes).map((x) => 2 * x * x);
  const y = new Float32Array(x.length);
  const v = spread(rows * classes);

  test("in the sample", () => {
    kernels.gumbelSoftmax(two, x, noise, { soft: y });
    for (const which of [0, 1]) {
      const given = [x.slice(), noise.slice()];
      kernels.gumbelSoftmax(two, given[0], given[1], { soft: given[which] });
      expect(given[which]).toEqual(y);
    }
  });

  test("in the gradient", () => {
    const [out, tau] = [new Float32Array(x.length), new Float32Array(rows)];
    kernels.gumbelSoftmaxVjp(two, x, noise, y, v, out, tau);
    for (const which of [0, 1, 2]) {
      const given = [noise.slice(), y.slice(), v.slice()];
      const again = new Float32Array(rows);
      kernels.gumbelSoftmaxVjp(two, x, given[0], given[1], given[2], given[which], again);
      expect(given[which]).toEqual(out);
      expect(again).toEqual(tau);
    }
  });
});

describe("categorical", () => {
  test("n draws are n calls", () => {
    const x = spread(1000);
    const all = new Int32Array(600);
    kernels.categorical(batch(1000, { firstDraw: 3 }), x, 600, all);
    for (const draw of [0, 1, 2, 255, 256, 599]) {
      const one = new Int32Array(1);
      kernels.categorical(batch(1000, { firstDraw: 3 + draw }), x, 1, one);
      expect(one[0]).toBe(all[draw]);
    }
  });

  test("many draws are single draws, whatever the law", () => {
    const none = Number.NEGATIVE_INFINITY;
    const laws: [string, number, (column: number) => number][] = [
      ["one class", 1, () => 0],
      ["equal classes", 3000, () => 0],
      ["few possible classes", 1000, (i) => (i % 211 === 100 ? 0 : none)],
      ["one class at the end", 600, (i) => (i === 599 ? 0 : none)],
      ["blocks without any", 1100, (i) => (i < 300 || i > 1000 ? -i / 100 : none)],
      ["blocks too small to count", 800, (i) => (i < 256 ? 0 : -60)],
      ["a steep one", 700, (i) => -i],
    ];
    for (const [name, classes, logit] of laws) {
      const x = Float32Array.from({ length: classes }, (_, i) => logit(i));
      const many = new Int32Array(500);
      kernels.categorical(batch(classes), x, many.length, many);
      const single = many.map((_, firstDraw) => {
        const one = new Int32Array(1);
        kernels.categorical(batch(classes, { firstDraw }), x, 1, one);
        return one[0];
      });
      expect(many, name).toEqual(single);
    }
  });

  test("a quick draw is the exact one, or undecided", () => {
    const params = new Params();
    params.seek(batch(1), 0);
    const none = Number.NEGATIVE_INFINITY;
    const laws: [string, number, (column: number) => number, rate?: number][] = [
      ["one class", 1, () => 0],
      ["two classes", 2, (i) => -i],
      ["ten", 10, (i) => 3 * Math.sin(i)],
      ["impossible ones at both ends", 30, (i) => (i % 29 === 0 ? none : Math.sin(i))],
      ["equal ones", MOST_CLASSES, () => 0],
      ["a steep one", 300, (i) => -i / 3],
      ["far from zero", 100, (i) => 1e6 + Math.sin(i)],
      ["at a low temperature", 100, (i) => Math.sin(i), 1000],
      ["at a temperature that overflows", 3, (i) => i, Number.POSITIVE_INFINITY],
    ];
    for (const [name, classes, logit, rate = Math.LOG2E] of laws) {
      const x = Float32Array.from({ length: classes }, (_, i) => logit(i));
      const max = Math.max(...x);
      const law = new Cumulative();
      law.set(x, 0, classes, max, Math.fround(rate));
      const draw = (high: number) => [
        quickDraw(x, 0, classes, max, Math.fround(rate), high),
        law.draw(params, 0, high),
      ];
      // Words all over, and those on either side of each place where the class changes.
      const words = Array.from({ length: 5000 }, (_, i) => Math.imul(i, 0x9e3779b9) >>> 0);
      words.push(0, 0xffffffff);
      for (let column = 0; column < classes; column++) {
        let [low, high] = [-1, 0xffffffff];
        while (high - low > 1) {
          const middle = Math.floor((low + high) / 2);
          if (law.draw(params, 0, middle) > column) high = middle;
          else low = middle;
        }
        for (const far of [0, 1, 1000, 10_000, 20_000, 40_000]) {
          words.push(Math.max(high - far, 0), Math.min(high + far, 0xffffffff));
        }
      }
      let undecided = 0;
      for (const word of words) {
        const [quick, exact] = draw(word);
        if (quick < 0) undecided++;
        else expect(quick, `${name}, word ${word}`).toBe(exact);
      }
      expect(undecided, name).toBeGreaterThan(0);
      if (Number.isFinite(rate)) expect(undecided, name).toBeLessThan(words.length);
    }
  });

  test("the sums of quick draws hold to the bound of their polynomial", () => {
    // One class beside the largest: its share, found by bisection, gives its weight.
    let worst = 0;
    for (let i = 1; i <= 300; i++) {
      const t = -i / 100;
      const x = Float32Array.of(t, 0);
      let [low, high] = [0, 0xffffffff];
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (quickDraw(x, 0, 2, 0, 1, middle) === 0) low = middle;
        else high = middle;
      }
      // Words of class 0 end a margin before its share.
      const share = low / 2 ** 32 + 2 ** -18;
      const expected = 2 ** x[0] / (1 + 2 ** x[0]);
      worst = Math.max(worst, Math.abs(share / expected - 1));
    }
    expect(worst).toBeLessThanOrEqual(2 ** -22);
  });

  test("follows the law, across blocks", () => {
    const draws = 100_000;
    const x = new Float32Array(600).fill(Number.NEGATIVE_INFINITY);
    const law = new Map([
      [0, 0.1],
      [255, 0.2],
      [256, 0.3],
      [599, 0.4],
    ]);
    for (const [column, p] of law) x[column] = Math.log(p);
    const out = new Int32Array(draws);
    kernels.categorical(batch(600), x, draws, out);
    for (const [column, p] of law) {
      const count = out.filter((drawn) => drawn === column).length;
      expect(Math.abs(count - p * draws)).toBeLessThan(5 * Math.sqrt(draws * p * (1 - p)));
    }
    expect(out.every((column) => law.has(column))).toBe(true);
  });

  test("scratch grows and is used again", () => {
    const law = new Cumulative();
    const params = new Params();
    params.seek(batch(1), 0);
    const draw = (n: number): number => {
      const x = new Float32Array(n).fill(Number.NEGATIVE_INFINITY);
      x[n - 1] = 0;
      const out = new Int32Array(1);
      law.set(x, 0, n, 0, 1);
      law.drawBlock(params, 0, 0, 1, out, 0);
      return out[0];
    };
    expect([10, 1000, 256, 257, 3].map(draw)).toEqual([9, 999, 255, 256, 2]);
  });
});

test("no function of Math is used whose bits may differ", () => {
  const folder = fileURLToPath(new URL("../ts/js/", import.meta.url));
  for (const file of readdirSync(folder)) {
    const used = readFileSync(folder + file, "utf8").match(/Math\.\w+/g) ?? [];
    expect(["Math.fround", "Math.imul"]).toEqual(expect.arrayContaining(used));
  }
});
