/** The largest row that each kernel takes on WebAssembly: one class more is refused before memory is asked for. */

import { gumbelNoise } from "gumbel";
import { describe, expect, test } from "vitest";
import { errorOf } from "./support/api-errors.ts";
import { batchOf, wasm } from "./support/kernels.ts";

// Nothing is read before the check.
const none = new Float32Array(0);
const index = new Int32Array(0);
const soft = none;
const [weights, tau, noise] = [true, none, none];

type Row = (classes: number) => unknown;

const logits = (classes: number) => batchOf({ rows: 1, classes });
const weighted = (classes: number) => batchOf({ rows: 1, classes, weights });

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

  test("as users see it", () => {
    // 2 GiB of addresses, of which nothing is touched.
    expect(errorOf(() => gumbelNoise(1, 2 ** 29, { seed: 1 }))).toBe(refusal(1, 2 ** 29));
  });

  test("the documented figures", () => {
    expect([1, 2, 3, 4, 5, 6, 7].map(largest)).toEqual([
      536_870_911, 532_676_608, 355_117_738, 266_338_304, 213_070_643, 177_558_869, 152_193_316,
    ]);
  });
});
