/**
 * The lines of test/golden.txt, whose head says what they are: computed here by any kernels that have the interface,
 * and in crates/kernels/tests/golden.rs by those in Rust.
 */

import { readFileSync } from "node:fs";
import { type Batch, type DetailsOut, type Kernels, type Program, Step } from "../../ts/kernels.ts";
import { bits, fromBits, hex } from "./bits.ts";
import { fnv1a } from "./fnv.ts";
import { type BatchSpec, batchOf } from "./kernels.ts";
import { blockByDefinition, type WordKey, words } from "./words.ts";

export const GOLDEN = new URL("../golden.txt", import.meta.url);

const HEAD = `\
# Golden values, read by the Rust tests (crates/kernels/tests/golden.rs) and, for TypeScript and
# WebAssembly, by test/golden.test.ts. Made by \`npm run golden\` from the TypeScript kernels.
#
# All lines are golden. "philox" and "word" lines never change; "noise" and "hash" lines change in a
# major version alone, by a commit that says "Value-breaking" and makes the file anew with it.
#
# Numbers are hexadecimal; purpose, column and classes are decimal.
#
# philox KEY(2) COUNTER(4) BLOCK(4)      Random123's known answers of philox4x32-10
# word SEED STREAM ROW PURPOSE COLUMN WORD
# noise SEED STREAM ROW COLUMN WORD G    G as the bits of a float32; words below 2^16 are refined
# hash KERNEL T INPUT CLASSES FNV        the output of one call
#
# The calls: two rows, invalid ones marked, tau or temperature T, drawn with seed 243f6a8885a308d3,
# stream 2^40 + 1, rows 5 and 6. FNV is FNV-1a of 64 bits over the output's bytes, little-endian, in
# the order named:
#   noise, softmax, logSoftmax, logSumExp of x
#   gumbelMax            the indices
#   gumbelSoftmax        the soft sample, then the indices
#   categorical          five draws a row, the first of them number 3
#   gumbelMaxDetails, categoricalDetails   log-probabilities of the same, then log Z and entropy of each row
#   decode               the upper 16 bits of each x as float16, then as bfloat16
#   filterTokens         the logits, after temperature, topK half of the classes rounded up, topP 0.9,
#                        minP 1/64, typicalP 0.75 in this order
#   sampleTokens         the index drawn from these
#   softmaxBackward      y = softmax of x at temperature 1; v
#   gumbelSoftmaxVjp     y = gumbelSoftmax at the same T; v; the gradient by x, then those by tau
#   gumbelSoftmaxJvp     the same y; the tangent of x is v, those of tau are 0.75
#   logSoftmaxVjp, logSoftmaxJvp           value = logSoftmax of x at temperature 1; v
#   logSumExpVjp         the first v of each row
#   logSumExpJvp         v
#   gumbelTopK           for k = classes/100 and then classes/4, both rounded up: the scores of row 0 and their
#                        log-probabilities, those of row 1; then the indices of row 0 for both k, and of row 1
#   gumbelGivenMax       the first v of each row is its maximum
#   gumbelMaxPart        the columns from number 3 on, without and then with the row's largest logit: the
#                        state of row 0 and of row 1; then their indices
#
# Element i of row r (0 or 1) of an array is made of k, the word of purpose 0 and column i of row r, of
# the same seed, in stream 0 for x and stream 1 for v. With n = f32(i32(k)) * 2^-28:
#   plain      n, in x -inf where i mod 7 = 6
#   weights    in x abs(n), 0 where i mod 5 = 4; in v n
#   edges      by k mod 16: 0: 0; 1: -0; 2: the float with the bits k >> 9 (subnormal); 3: that one's
#              negative; 4: in row 1 1e38, else n; 5: -1e38; 6: in row 1 -inf, else n; 7: the float with
#              the bits k & bfffffff (any below 2); else n
`;

const SEED = 0x243f6a8885a308d3n;
const DRAWN: WordKey = { seed: SEED, stream: 2 ** 40 + 1, row: 5 };
const ROWS = 2;
const DRAWS = 5;
const FIRST_DRAW = 3;

export type InputKind = "plain" | "weights" | "edges";
export type ArrayName = "x" | "v";

/** The input `[2, classes]`, by the rule in the head. */
export function goldenInput(kind: InputKind, array: ArrayName, classes: number): Float32Array {
  const out = new Float32Array(ROWS * classes);
  for (let row = 0; row < ROWS; row++) {
    const stream = array === "x" ? 0 : 1;
    words({ seed: SEED, stream, row }, 0, 0, classes).forEach((k, i) => {
      out[row * classes + i] = element(kind, array, row, i, k);
    });
  }
  return out;
}

function element(kind: InputKind, array: ArrayName, row: number, i: number, k: number): number {
  const n = Math.fround(k | 0) * 2 ** -28;
  if (kind === "edges") return edge(k, n, row);
  if (array === "v") return n;
  if (kind === "weights") return i % 5 === 4 ? 0 : Math.abs(n);
  return i % 7 === 6 ? -Infinity : n;
}

function edge(k: number, n: number, row: number): number {
  switch (k % 16) {
    case 0:
      return 0;
    case 1:
      return -0;
    case 2:
      return fromBits(k >>> 9);
    case 3:
      return -fromBits(k >>> 9);
    case 4:
      return row === 1 ? 1e38 : n;
    case 5:
      return -1e38;
    case 6:
      return row === 1 ? -Infinity : n;
    case 7:
      return fromBits(k & 0xbfffffff);
    default:
      return n;
  }
}

/** A kernel, or one asked for the details of its draws. How a mask is packed is no value that anyone gets. */
export type Hashed = Exclude<keyof Kernels, "packMask"> | "gumbelMaxDetails" | "categoricalDetails";

function detailsOut(draws: number): DetailsOut {
  const one = () => new Float32Array(ROWS);
  return { logProb: new Float32Array(ROWS * draws), logZ: one(), entropy: one() };
}

function detailArrays({ logProb, logZ, entropy }: DetailsOut): Float32Array[] {
  const each = Array.from(logZ, (z, row) => [z, entropy[row] as number]);
  return [logProb, Float32Array.from(each.flat())];
}

/** Everything a call of one kernel needs, and its outputs. */
function call(
  kernels: Kernels,
  kernel: Hashed,
  t: number,
  kind: InputKind,
  classes: number,
): (Float32Array | Int32Array)[] {
  const spec: BatchSpec = {
    rows: ROWS,
    classes,
    key: DRAWN,
    weights: kind === "weights",
    mark: true,
    first: FIRST_DRAW,
  };
  const batch = batchOf({ ...spec, t });
  const atOne = batchOf({ ...spec, t: 1 });
  const x = goldenInput(kind, "x", classes);
  const v = goldenInput(kind, "v", classes);
  const out = new Float32Array(x.length);
  const each = new Float32Array(ROWS);
  const index = new Int32Array(ROWS);
  const soft = (kernels: Kernels) => {
    const y = new Float32Array(x.length);
    kernels.gumbelSoftmax(batch, x, undefined, { soft: y });
    return y;
  };
  const value = (kernel: "softmax" | "logSoftmax") => {
    const y = new Float32Array(x.length);
    kernels[kernel](atOne, x, y);
    return y;
  };
  switch (kernel) {
    case "noise":
      kernels.noise(batch, out);
      return [out];
    case "softmax":
    case "logSoftmax":
      kernels[kernel](batch, x, out);
      return [out];
    case "logSumExp":
      kernels.logSumExp(batch, x, each);
      return [each];
    case "gumbelMax":
      kernels.gumbelMax(batch, x, undefined, { index });
      return [index];
    case "gumbelSoftmax":
      kernels.gumbelSoftmax(batch, x, undefined, { soft: out, index });
      return [out, index];
    case "categorical": {
      const draws = new Int32Array(ROWS * DRAWS);
      kernels.categorical(batch, x, DRAWS, draws);
      return [draws];
    }
    case "gumbelMaxDetails": {
      const details = detailsOut(1);
      kernels.gumbelMax(batch, x, undefined, { index, details });
      return detailArrays(details);
    }
    case "categoricalDetails": {
      const details = detailsOut(DRAWS);
      kernels.categorical(batch, x, DRAWS, new Int32Array(ROWS * DRAWS), details);
      return detailArrays(details);
    }
    case "decode": {
      const halves = Uint16Array.from(bits(x), (word) => word >>> 16);
      const bfloats = new Float32Array(x.length);
      kernels.decode(halves, "float16", out);
      kernels.decode(halves, "bfloat16", bfloats);
      return [out, bfloats];
    }
    case "filterTokens":
      kernels.filterTokens(batch, x, goldenProgram(classes), out);
      return [out];
    case "sampleTokens":
      kernels.sampleTokens(batch, x, goldenProgram(classes), index);
      return [index];
    case "softmaxBackward":
      kernels.softmaxBackward(batch, value("softmax"), v, out);
      return [out];
    case "gumbelSoftmaxVjp":
      kernels.gumbelSoftmaxVjp(batch, x, undefined, soft(kernels), v, out, each);
      return [out, each];
    case "gumbelSoftmaxJvp": {
      const tangent = { input: v, tau: each.fill(0.75) };
      kernels.gumbelSoftmaxJvp(batch, x, undefined, soft(kernels), tangent, out);
      return [out];
    }
    case "logSoftmaxVjp":
    case "logSoftmaxJvp":
      kernels[kernel](batch, value("logSoftmax"), v, out);
      return [out];
    case "logSumExpVjp":
      kernels.logSumExpVjp(batch, x, Float32Array.of(v[0] as number, v[classes] as number), out);
      return [out];
    case "logSumExpJvp":
      kernels.logSumExpJvp(batch, x, v, each);
      return [each];
    case "gumbelTopK":
      return topK(kernels, batch, x);
    case "gumbelGivenMax":
      kernels.gumbelGivenMax(atOne, x, undefined, Float32Array.of(v[0], v[classes]), out);
      return [out];
    case "gumbelMaxPart":
      return part(kernels, batch, x);
  }
}

function topK(kernels: Kernels, batch: Batch, x: Float32Array): (Float32Array | Int32Array)[] {
  const outs = [100, 4].map((each) => {
    const k = Math.ceil(batch.classes / each);
    const [score, logProb] = [new Float32Array(ROWS * k), new Float32Array(ROWS * k)];
    const out = { index: new Int32Array(ROWS * k), score, logProb };
    kernels.gumbelTopK(batch, x, undefined, k, out);
    const ofRow = (a: Float32Array | Int32Array, row: number) => a.subarray(row * k, (row + 1) * k);
    return { out, ofRow };
  });
  const rows = [0, 1];
  return [
    ...rows.flatMap((row) =>
      outs.flatMap(({ out, ofRow }) => [ofRow(out.score, row), ofRow(out.logProb, row)]),
    ),
    ...rows.flatMap((row) => outs.map(({ out, ofRow }) => ofRow(out.index, row))),
  ];
}

function part(kernels: Kernels, batch: Batch, x: Float32Array): (Float32Array | Int32Array)[] {
  const rows = [0, 1];
  const outs = rows.map((row) => {
    const values = x.subarray(row * batch.classes, (row + 1) * batch.classes);
    const params: Batch["params"] = (words, floats) => batch.params(words, floats, row, 1);
    return [Number.NaN, Math.max(...values)].map((max) => {
      const state = { leader: new Float32Array(2).fill(-Infinity), index: new Int32Array(1) };
      kernels.gumbelMaxPart({ ...batch, rows: 1, params }, values, max, state);
      return state;
    });
  });
  return [
    ...outs.flatMap((row) => row.map(({ leader }) => leader)),
    ...outs.flatMap((row) => row.map(({ index }) => index)),
  ];
}

function goldenProgram(classes: number): Program {
  const { temperature, topK, topP, minP, typicalP } = Step;
  const values = [0, Math.ceil(classes / 2), 0.9, 1 / 64, 0.75];
  return {
    steps: [temperature, topK, topP, minP, typicalP],
    values: Float64Array.of(...values, ...values),
  };
}

export const LENGTHS = [1, 3, 4, 5, 15, 16, 17, 255, 256, 257, 511, 512, 513, 1000, 4099];

const TEMPERATURES: Record<string, number> = { "1": 1, "0.5": 0.5, "2/3": 2 / 3 };
const LOGITS: InputKind[] = ["plain", "edges"];
const ALL: InputKind[] = ["plain", "edges", "weights"];

/** By kernel: at which temperatures, and on which inputs. A record, so that none is forgotten. */
const HASHED: Record<Hashed, [temperatures: string[], inputs: InputKind[]]> = {
  noise: [["1"], ["plain"]],
  softmax: [["1", "2/3"], LOGITS],
  logSoftmax: [["1", "2/3"], LOGITS],
  logSumExp: [["1"], LOGITS],
  gumbelMax: [["1", "2/3"], ALL],
  gumbelSoftmax: [["0.5", "2/3"], ALL],
  categorical: [["1", "2/3"], ALL],
  decode: [["1"], ["edges"]],
  filterTokens: [["1", "2/3"], LOGITS],
  sampleTokens: [["1", "2/3"], LOGITS],
  softmaxBackward: [["0.5", "2/3"], LOGITS],
  gumbelSoftmaxVjp: [["0.5", "2/3"], ALL],
  gumbelSoftmaxJvp: [["2/3"], ALL],
  logSoftmaxVjp: [["1"], LOGITS],
  logSoftmaxJvp: [["1"], LOGITS],
  logSumExpVjp: [["1"], LOGITS],
  logSumExpJvp: [["1"], LOGITS],
  gumbelMaxDetails: [["1", "2/3"], ALL],
  categoricalDetails: [["1", "2/3"], ALL],
  gumbelTopK: [["1", "2/3"], ALL],
  gumbelGivenMax: [["1"], ALL],
  gumbelMaxPart: [["1", "2/3"], LOGITS],
};

export const HASHED_KERNELS = Object.keys(HASHED) as Hashed[];

export function hashLines(kernels: Kernels, kernel: Hashed): string[] {
  const [temperatures, kinds] = HASHED[kernel];
  return temperatures.flatMap((t) =>
    kinds.flatMap((kind) =>
      LENGTHS.map((classes) => {
        const outputs = call(kernels, kernel, TEMPERATURES[t] as number, kind, classes);
        return ["hash", kernel, t, kind, classes, fnv1a(...outputs)].join(" ");
      }),
    ),
  );
}

/** Random123 1.14, kat_vectors: key and counter of the published blocks. */
const PHILOX: [key: number[], counter: number[]][] = [
  [Array(2).fill(0), Array(4).fill(0)],
  [Array(2).fill(0xffffffff), Array(4).fill(0xffffffff)],
  [
    [0xa4093822, 0x299f31d0],
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
  ],
];

function philoxLines(): string[] {
  return PHILOX.map(([key, counter]) =>
    ["philox", ...[...key, ...counter, ...blockByDefinition(key, counter)].map(hex)].join(" "),
  );
}

const MAX_SEED = 2n ** 64n - 1n;
const MAX_STREAM = 2 ** 53 - 1;
const MAX_ROW = 2 ** 32 - 1;
const MAX_COLUMN = 2 ** 30 - 1;

/** Which words: both corners for every purpose, then each part of the key alone, then splitting. */
function wordKeys(): [key: WordKey, purpose: number, column: number][] {
  const corners: WordKey[] = [
    { seed: 0n, stream: 0, row: 0 },
    { seed: MAX_SEED, stream: MAX_STREAM, row: MAX_ROW },
  ];
  const base: WordKey = { seed: 5n, stream: 6, row: 7 };
  const seeds = [1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 0x0123456789abcdefn];
  const streams = [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 52, MAX_STREAM];
  const rows = [0, 1, 2 ** 31, MAX_ROW];
  const columns = [0, 1, 2, 3, 4, 255, 256, 2 ** 28, MAX_COLUMN];
  return [
    ...corners.flatMap((key) =>
      [0, 1, 2, 3].flatMap((purpose) =>
        [0, 1, 2, 3, 4, MAX_COLUMN].map((column): [WordKey, number, number] => [
          key,
          purpose,
          column,
        ]),
      ),
    ),
    ...seeds.map((seed): [WordKey, number, number] => [{ ...base, seed }, 0, 8]),
    ...streams.map((stream): [WordKey, number, number] => [{ ...base, stream }, 0, 8]),
    ...rows.map((row): [WordKey, number, number] => [{ ...base, row }, 0, 8]),
    ...columns.map((column): [WordKey, number, number] => [base, 0, column]),
    ...[0, 1, MAX_STREAM].flatMap((stream) =>
      [0, 1].map((column): [WordKey, number, number] => [
        { seed: 42n, stream, row: 0 },
        15,
        column,
      ]),
    ),
  ];
}

function long(x: bigint | number): string {
  return x.toString(16).padStart(16, "0");
}

function wordLines(): string[] {
  return wordKeys().map(([key, purpose, column]) => {
    const [word] = words(key, purpose, column, 1) as unknown as [number];
    const { seed, stream, row } = key;
    return ["word", long(seed), long(stream), hex(row), purpose, column, hex(word)].join(" ");
  });
}

const NOISE_KEYS: WordKey[] = [
  { seed: 0n, stream: 0, row: 0 },
  { seed: 0x0123456789abcdefn, stream: 2 ** 32, row: 1 },
  { seed: MAX_SEED, stream: MAX_STREAM, row: MAX_ROW },
];
const NOISE_COLUMNS = [0, 1, 2, 3, 4, 5, 14, 15, 16, 17, 254, 255, 256, 257, 1000];
const SEARCHED = 2 ** 18;
const REFINED = 4;

function noiseLines(kernels: Kernels): string[] {
  return NOISE_KEYS.flatMap((key) => {
    const row = words(key, 0, 0, SEARCHED);
    const refined = Array.from(row.keys()).filter((i) => (row[i] as number) < 2 ** 16);
    const columns = [...NOISE_COLUMNS, ...refined.slice(0, REFINED)];
    const noise = bits(goldenNoise(kernels, key, Math.max(...columns) + 1));
    return columns.map((i) => {
      const values = [row[i], noise[i]].map((x) => hex(x as number));
      return ["noise", long(key.seed), long(key.stream), hex(key.row), i, ...values].join(" ");
    });
  });
}

/** The noise of one row. */
export function goldenNoise(kernels: Kernels, key: WordKey, classes: number): Float32Array {
  const out = new Float32Array(classes);
  kernels.noise(batchOf({ rows: 1, classes, key }), out);
  return out;
}

/** The whole file. */
export function goldenFile(kernels: Kernels): string {
  const hashes = HASHED_KERNELS.flatMap((kernel) => hashLines(kernels, kernel));
  const lines = [...philoxLines(), ...wordLines(), ...noiseLines(kernels), ...hashes];
  return `${HEAD}\n${lines.join("\n")}\n`;
}

/** The lines of one sort as they are in the file, split at blanks, without the sort's name. */
export function readGolden(sort: "philox" | "word" | "noise" | "hash"): string[][] {
  return readFileSync(GOLDEN, "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([first]) => first === sort)
    .map(([, ...fields]) => fields);
}
