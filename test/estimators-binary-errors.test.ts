/** What relaxed Bernoulli variables and their densities refuse. */

import * as estimators from "gumbel/estimators";
import { describe } from "vitest";
import { detached, refused, type Untyped } from "./support/api-errors.ts";

const {
  binaryConcrete: sample,
  binaryConcreteVjp: sampleVjp,
  binaryConcreteLogProb: logProb,
  binaryConcreteLogProbVjp: logProbVjp,
} = estimators as unknown as Record<string, Untyped>;

const x = [1, 2, 3];
const y = [0.25, 0.5, 0.75];
const names =
  "seed, stream, row, rng, classes, tau, hard, space, noise, onInvalidRow, out, shape, axis";
const positive = "a finite number > 0";
const apart = (label: string, other: string) =>
  `RangeError: "${label}" expected memory apart from "${other}", got shared memory`;

describe("options", () => {
  refused([
    [
      "unknown",
      () => sample(x, { temperature: 1 }),
      `TypeError: "options" expected only ${names}, got "temperature"`,
    ],
    [
      "weights",
      () => sampleVjp(x, { from: "weights" }),
      `TypeError: "options" expected only ${names}, got "from"`,
    ],
    [
      "τ of 0",
      () => sample(x, { tau: 0 }),
      `RangeError: "tau" expected ${positive} (for the limit at 0 use "hard", or gumbelMax), got 0`,
    ],
    [
      "a negative τ",
      () => logProb(y, x, { tau: -1 }),
      `RangeError: "tau" expected ${positive}, got -1`,
    ],
    [
      "too many τ",
      () => sampleVjp(x, { tau: [1, 2] }),
      'RangeError: "tau" expected one value, or one a row (1), got length 2',
    ],
    [
      "a space of another name",
      () => sample(x, { space: "log" }),
      'RangeError: "space" expected "unit" or "logit", got "log"',
    ],
    [
      "a space of another kind",
      () => logProb(y, x, { space: 1 }),
      'TypeError: "space" expected "unit" or "logit", got 1',
    ],
    [
      "hard logits",
      () => sampleVjp(x, { hard: true, space: "logit" }),
      'TypeError: "hard" expected no "space" of logits with it, got true',
    ],
    [
      "hard of another kind",
      () => sample(x, { hard: 1 }),
      'TypeError: "hard" expected true or false, got 1',
    ],
    [
      "noise beside a key",
      () => sample(x, { noise: x, seed: 1 }),
      'TypeError: "noise" expected no "seed" with it, got 1',
    ],
    [
      "noise of another length",
      () => sample(x, { noise: [1] }),
      'RangeError: "noise" expected length 3 (1 x 3), got length 1',
    ],
    [
      "a key for densities",
      () => logProb(y, x, { seed: 1 }),
      'TypeError: "options" expected only classes, tau, space, onInvalidRow, out, shape, axis, got "seed"',
    ],
    [
      "logits of another length",
      () => logProb(y, [1]),
      'RangeError: "logits" expected length 3 (1 x 3), got length 1',
    ],
  ]);
});

describe("rows", () => {
  const other = "no NaN, and nothing infinite on the other side than its logit";
  refused([
    [
      "a NaN",
      () => sample([[1], [NaN]]),
      'RangeError: "logits" expected no NaN, got NaN at row 1, class 0',
    ],
    [
      "a NaN, with noise given",
      () => sampleVjp([1, NaN], { noise: [0, 0] }),
      'RangeError: "logits" expected no NaN, got NaN at row 0, class 1',
    ],
    [
      "noise of NaN",
      () => sample(x, { noise: [0, NaN, 0] }),
      `RangeError: "noise" expected ${other}, got NaN at row 0, class 1`,
    ],
    [
      "noise against a certain outcome",
      () => sample([0, Infinity], { noise: [0, -Infinity] }),
      `RangeError: "noise" expected ${other}, got -Infinity at row 0, class 1`,
    ],
    [
      "a sample above 1",
      () => logProb([0.5, 1.5], [0, 0]),
      'RangeError: "sample" expected values from 0 to 1, got 1.5 at row 0, class 1',
    ],
    [
      "a sample below 0",
      () => logProbVjp([[0.5], [-1]], [0, 0]),
      'RangeError: "sample" expected values from 0 to 1, got -1 at row 1, class 0',
    ],
    [
      "a sample of NaN",
      () => logProb([NaN], [0], { space: "logit" }),
      'RangeError: "sample" expected no NaN, got NaN at row 0, class 0',
    ],
    [
      "logits of NaN",
      () => logProb(y, [0, NaN, 0]),
      'RangeError: "logits" expected no NaN, got NaN at row 0, class 1',
    ],
  ]);
});

describe("arrays for results", () => {
  const [a, b] = [new Float32Array(3), new Float32Array(4)];
  refused([
    [
      "of another length",
      () => sample(x, { out: b }),
      'RangeError: "out" expected length 3, got length 4',
    ],
    [
      "of an unknown name",
      () => sampleVjp(x, { out: { index: a } }),
      'TypeError: "out" expected only sample, soft, got "index"',
    ],
    [
      "that is the input",
      () => sampleVjp(a, { out: { sample: a } }),
      apart("out.sample", "logits"),
    ],
    [
      "that is given noise",
      () => sampleVjp(x, { noise: a, out: { soft: a } }),
      apart("out.soft", "noise"),
    ],
    [
      "one for two",
      () => sampleVjp(x, { hard: true, out: { sample: a, soft: a } }),
      apart("out.sample", "out.soft"),
    ],
    [
      "two for one",
      () => sampleVjp(x, { out: { sample: a, soft: new Float32Array(3) } }),
      'TypeError: "out.sample" expected the same array as "out.soft", or "hard" with it, got a Float32Array',
    ],
    [
      "that overlaps the sample",
      () => logProb(b.subarray(0, 3), x, { out: b.subarray(1) }),
      'RangeError: "out" expected the same view as "sample" or memory of its own, got overlapping views',
    ],
    [
      "that is the sample, with gradients",
      () => logProbVjp(a, x, { out: a }),
      apart("out", "sample"),
    ],
  ]);
});

describe("backward", () => {
  const [a, l] = [Float32Array.of(0.1, 0.2, 0.3), Float32Array.of(1, 2, 3)];
  refused([
    [
      "too short",
      () => sampleVjp(x).vjp([1]),
      'RangeError: "v" expected length 3 (1 x 3), got length 1',
    ],
    [
      "an unknown option",
      () => sampleVjp(x).vjp(x, { input: true }),
      'TypeError: "options" expected only out, tau, got "input"',
    ],
    [
      "tau of another kind",
      () => sampleVjp(x).vjp(x, { tau: 1 }),
      'TypeError: "tau" expected true or false, got 1',
    ],
    [
      "into the logits that are kept",
      () => {
        const { sample, vjp } = sampleVjp(x, { space: "logit" });
        return vjp(x, { out: sample });
      },
      apart("out", "sample"),
    ],
    [
      "after the sample has gone",
      () => {
        const { sample, vjp } = sampleVjp(x, { space: "logit" });
        detached(sample);
        return vjp(x);
      },
      'TypeError: "sample" expected an attached buffer, got a detached one',
    ],
    [
      "of a density, too short",
      () => logProbVjp(y, x).vjp(1),
      'TypeError: "v" expected an array of numbers, got 1',
    ],
    [
      "into a sample",
      () => logProbVjp(a, l).vjp(x, { out: { sample: a } }),
      apart("out.sample", "sample"),
    ],
    [
      "into logits",
      () => logProbVjp(a, l).vjp(x, { out: { input: l } }),
      apart("out.input", "logits"),
    ],
    [
      "into an unknown name",
      () => logProbVjp(y, x).vjp(x, { out: { logits: l } }),
      'TypeError: "out" expected only sample, input, tau, got "logits"',
    ],
    [
      "after the logits have gone",
      () => {
        const gone = l.slice();
        const { vjp } = logProbVjp(y, gone);
        detached(gone);
        return vjp(x);
      },
      'TypeError: "logits" expected an attached buffer, got a detached one',
    ],
  ]);
});
