/** The largest row that each kernel takes on WebAssembly: one class more is refused before memory is asked for. */

import { gumbelNoise } from "gumbel";
import { describe, expect, test } from "vitest";
import { type Batch, Step } from "../ts/kernels.ts";
import { errorOf } from "./support/api-errors.ts";
import { batchOf, wasm, wasmEstimators } from "./support/kernels.ts";

// Nothing is read before the check.
const none = new Float32Array(0);
const index = new Int32Array(0);
const soft = none;
const [weights, tau, noise] = [true, none, none];

type Row = (classes: number) => unknown;

const logits = (classes: number) => batchOf({ rows: 1, classes });
const weighted = (classes: number) => batchOf({ rows: 1, classes, weights });
const biased = (batch: Batch): Batch => ({ ...batch, edits: { bias: none } });

const topK = { index, score: none, logProb: none };
const program = { steps: [Step.topK], values: Float64Array.of(1) };

/** As ARCHITECTURE counts them: name, arrays of a row, and a call. */
const KERNELS: [name: string, arrays: number, call: Row][] = [
  ["noise", 1, (k) => wasm.noise(logits(k), none)],
  ["softmax", 2, (k) => wasm.softmax(logits(k), none, none)],
  ["log-softmax", 2, (k) => wasm.logSoftmax(logits(k), none, none)],
  ["log-sum-exp", 1, (k) => wasm.logSumExp(logits(k), none, none)],
  ["gumbel-max", 1, (k) => wasm.gumbelMax(logits(k), none, undefined, { index })],
  ["gumbel-max, weights", 2, (k) => wasm.gumbelMax(weighted(k), none, undefined, { index })],
  ["gumbel-max, all", 4, (k) => wasm.gumbelMax(weighted(k), none, noise, { sample: none })],
  ["gumbel-softmax", 2, (k) => wasm.gumbelSoftmax(logits(k), none, undefined, { soft, index })],
  [
    "gumbel-softmax, all",
    5,
    (k) => wasm.gumbelSoftmax(weighted(k), none, noise, { soft, index, sample: none }),
  ],
  ["categorical", 3, (k) => wasm.categorical(logits(k), none, 1, index)],
  ["categorical, many draws", 3, (k) => wasm.categorical(logits(k), none, 2 ** 30, index)],
  ["categorical, weights", 4, (k) => wasm.categorical(weighted(k), none, 1, index)],
  ["top-k", 2, (k) => wasm.gumbelTopK(logits(k), none, undefined, 2, topK)],
  ["top-k, all", 7, (k) => wasm.gumbelTopK(weighted(k), none, noise, k, topK)],
  ["top-k, all and a bias", 8, (k) => wasm.gumbelTopK(biased(weighted(k)), none, noise, k, topK)],
  ["given max", 2, (k) => wasm.gumbelGivenMax(logits(k), none, undefined, none, none)],
  ["given max, all", 4, (k) => wasm.gumbelGivenMax(weighted(k), none, noise, none, none)],
  ["part of a stream", 1, (k) => wasm.gumbelMaxPart(logits(k), none, 0, { leader: none, index })],
  ["filters", 4, (k) => wasm.filterTokens(logits(k), none, program, none)],
  ["filters, bias", 5, (k) => wasm.filterTokens(biased(logits(k)), none, program, none)],
  ["filters and draw", 4, (k) => wasm.sampleTokens(logits(k), none, program, index)],
  ["backward", 3, (k) => wasm.softmaxBackward(logits(k), none, none, none)],
  [
    "vjp, weights",
    4,
    (k) => wasm.gumbelSoftmaxVjp(weighted(k), none, noise, none, none, none, undefined),
  ],
  ["vjp, τ", 5, (k) => wasm.gumbelSoftmaxVjp(logits(k), none, undefined, none, none, none, tau)],
  ["vjp, all", 7, (k) => wasm.gumbelSoftmaxVjp(weighted(k), none, noise, none, none, none, tau)],
  ["jvp", 4, (k) => wasm.gumbelSoftmaxJvp(logits(k), none, noise, none, { input: none }, none)],
  [
    "jvp, all",
    7,
    (k) => wasm.gumbelSoftmaxJvp(weighted(k), none, noise, none, { input: none, tau }, none),
  ],
  ["log-softmax vjp", 3, (k) => wasm.logSoftmaxVjp(logits(k), none, none, none)],
  ["log-softmax jvp", 3, (k) => wasm.logSoftmaxJvp(logits(k), none, none, none)],
  ["log-sum-exp vjp", 2, (k) => wasm.logSumExpVjp(logits(k), none, none, none)],
  ["log-sum-exp jvp", 3, (k) => wasm.logSumExpJvp(logits(k), none, none, none)],
  ["log-samples", 2, (k) => wasmEstimators.logGumbelSoftmax(logits(k), none, undefined, none)],
  ["log-samples, all", 4, (k) => wasmEstimators.logGumbelSoftmax(weighted(k), none, noise, none)],
  ["gumbel-rao", 6, (k) => wasmEstimators.gumbelRao(logits(k), none, index, none, 1, none)],
  [
    "gumbel-rao, weights",
    7,
    (k) => wasmEstimators.gumbelRao(weighted(k), none, index, none, 1, none),
  ],
  ["binary", 3, (k) => wasmEstimators.binaryConcrete(logits(k), none, undefined, { soft })],
  ["binary, noise", 4, (k) => wasmEstimators.binaryConcrete(logits(k), none, noise, { soft })],
  [
    "binary, all",
    6,
    (k) => wasmEstimators.binaryConcrete(logits(k), none, noise, { soft, logit: none, hard: none }),
  ],
];

/** Each array below 2 GiB, all of them in 4 GiB less 32 MiB. */
const largest = (arrays: number) => Math.min(2 ** 29 - 1, Math.floor((127 * 2 ** 23) / arrays));

function refusal(arrays: number, classes: number): string {
  const reason = `WebAssembly's 4 GiB hold ${arrays} arrays of a row, each below 2 GiB`;
  const hint = "split larger rows: logSumExp of a part is its logit";
  return `RangeError: "classes" expected at most ${largest(arrays)}, since ${reason} (${hint}), got ${classes}`;
}

describe("one class more than the largest row", () => {
  test.each(KERNELS)("%s, %i arrays", (_, arrays, call) => {
    for (const classes of [largest(arrays) + 1, 2 ** 30]) {
      expect(errorOf(() => call(classes))).toBe(refusal(arrays, classes));
    }
  });

  test("the largest row itself, with a mask that there is no room for", () => {
    const classes = largest(3);
    const masked = { ...logits(classes), edits: { mask: index } };
    expect(errorOf(() => wasm.categorical(masked, none, 1, index))).toMatch(
      /^RangeError: "classes" expected as many as fit in memory for one row, got \d+ bytes$/,
    );
  });

  test("as users see it", () => {
    // 2 GiB of addresses, of which nothing is touched.
    expect(errorOf(() => gumbelNoise(1, 2 ** 29, { seed: 1 }))).toBe(refusal(1, 2 ** 29));
  });

  test("the documented figures", () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(largest)).toEqual([
      536_870_911, 532_676_608, 355_117_738, 266_338_304, 213_070_643, 177_558_869, 152_193_316,
      133_169_152,
    ]);
  });
});
