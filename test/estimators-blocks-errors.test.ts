/** What conditional, truncated and top-down Gumbel variables refuse. */

import * as estimators from "gumbel/estimators";
import { describe } from "vitest";
import { detached, refused, type Untyped } from "./support/api-errors.ts";

const {
  gumbelGivenArgmax: given,
  gumbelGivenArgmaxVjp: givenVjp,
  truncatedGumbel: truncated,
  truncatedGumbelVjp: truncatedVjp,
  gumbelTopDown: topDown,
  gumbelTopDownVjp: topDownVjp,
} = estimators as unknown as Record<string, Untyped>;

const x = [1, 2, 3];
const two = Float32Array.of(1, 2, 3, 3, 2, 1);
const classes = 3;
const noBound = "a number within float32, or Infinity";

describe("the class of the largest", () => {
  refused([
    ["none", () => given(x), 'TypeError: "index" expected numbers of classes, got undefined'],
    ["text", () => given(x, "1"), 'TypeError: "index" expected numbers of classes, got "1"'],
    [
      "too large",
      () => given(x, 3),
      'RangeError: "index" expected numbers of classes, 0 to 2, got 3',
    ],
    ["−1", () => given(x, -1), 'RangeError: "index" expected numbers of classes, 0 to 2, got -1'],
    [
      "a fraction",
      () => givenVjp(x, 0.5),
      'RangeError: "index" expected numbers of classes, 0 to 2, got 0.5',
    ],
    [
      "NaN",
      () => given(x, NaN),
      'RangeError: "index" expected numbers of classes, 0 to 2, got NaN',
    ],
    [
      "−2 where rows are marked",
      () => given(two, [0, -2], { classes, onInvalidRow: "mark" }),
      'RangeError: "index[1]" expected numbers of classes, 0 to 2, got -2',
    ],
    [
      "too few",
      () => given(two, [1], { classes }),
      'RangeError: "index" expected one value, or one a row (2), got length 1',
    ],
    [
      "an impossible one",
      () => given([x, [0, 1, -Infinity]], [2, 2]),
      'RangeError: "index" expected a class that the row can draw, got 2 at row 1',
    ],
    [
      "one of weight 0",
      () => givenVjp([1, 0], 1, { from: "weights" }),
      'RangeError: "index" expected a class that the row can draw, got 1 at row 0',
    ],
    [
      "one beside a certain class",
      () => given([0, Infinity], 0),
      'RangeError: "index" expected a class that the row can draw, got 0 at row 0',
    ],
    [
      "one without noise",
      () => given(x, 1, { noise: [0, -Infinity, 0] }),
      'RangeError: "noise" expected a value above -Infinity at the class of "index", got -Infinity at row 0, class 1',
    ],
  ]);
});

describe("the bound", () => {
  refused([
    ["none", () => truncated(x), 'TypeError: "bound" expected a number, got undefined'],
    ["NaN", () => truncated(x, NaN), `RangeError: "bound" expected ${noBound}, got NaN`],
    [
      "−∞",
      () => truncatedVjp(x, -Infinity),
      `RangeError: "bound" expected ${noBound}, got -Infinity`,
    ],
    [
      "beyond float32",
      () => truncated(x, 1e39),
      `RangeError: "bound" expected ${noBound}, got 1e+39`,
    ],
    [
      "one bad of two",
      () => truncated(two, [1, "2"], { classes }),
      'TypeError: "bound[1]" expected a number, got "2"',
    ],
    [
      "too many",
      () => truncated(two, [1, 2, 3], { classes }),
      'RangeError: "bound" expected one value, or one a row (2), got length 3',
    ],
  ]);
});

describe("rows and noise", () => {
  const nothing = [-Infinity, -Infinity];
  const none = '"logits" expected a logit above -Infinity in each row, got none in row 0';
  refused([
    ["nothing possible, given", () => given(nothing, 0), `RangeError: ${none}`],
    ["nothing possible, truncated", () => truncated(nothing, 0), `RangeError: ${none}`],
    ["nothing possible, top-down", () => topDown(nothing), `RangeError: ${none}`],
    [
      "two certain classes",
      () => truncated([Infinity, Infinity], 0),
      'RangeError: "logits" expected at most one Infinity in each row, got more in row 0',
    ],
    [
      "a negative weight",
      () => topDownVjp([1, -1], { from: "weights" }),
      'RangeError: "logits" expected finite weights >= 0, got -1 at row 0, class 1',
    ],
    [
      "noise of +∞",
      () => given(x, 1, { noise: [0, 0, Infinity] }),
      'RangeError: "noise" expected finite values or -Infinity, got Infinity at row 0, class 2',
    ],
    [
      "noise of NaN",
      () => truncated(x, 1, { noise: [0, NaN, 0] }),
      'RangeError: "noise" expected finite values or -Infinity, got NaN at row 0, class 1',
    ],
    [
      "no noise anywhere",
      () => truncated(x, 1, { noise: [-Infinity, -Infinity, -Infinity] }),
      'RangeError: "noise" expected a class whose logit and noise add up to more than -Infinity in each row, got none in row 0',
    ],
    [
      "noise beside a key",
      () => given(x, 1, { noise: x, seed: 1 }),
      'TypeError: "noise" expected no "seed" with it, got 1',
    ],
    [
      "noise for top-down",
      () => topDown(x, { noise: x }),
      'TypeError: "options" expected only seed, stream, row, rng, classes, from, onInvalidRow, out, shape, axis, got "noise"',
    ],
    [
      "a temperature",
      () => given(x, 1, { temperature: 1 }),
      'TypeError: "options" expected only seed, stream, row, rng, classes, from, noise, onInvalidRow, out, shape, axis, got "temperature"',
    ],
    [
      "an unknown option, truncated",
      () => truncatedVjp(x, 1, { tau: 1 }),
      'TypeError: "options" expected only seed, stream, row, rng, classes, from, noise, onInvalidRow, out, shape, axis, got "tau"',
    ],
  ]);
});

describe("arrays for results", () => {
  const apart = (label: string, other: string) =>
    `RangeError: "${label}" expected memory apart from "${other}", got shared memory`;
  const shared = new Float32Array(7);
  const index = new Int32Array(shared.buffer, 0, 2);
  refused([
    [
      "of another length",
      () => given(x, 1, { out: new Float32Array(2) }),
      'RangeError: "out" expected length 3, got length 2',
    ],
    [
      "of another kind",
      () => truncated(x, 1, { out: [0, 0, 0] }),
      'TypeError: "out" expected a Float32Array, got an Array',
    ],
    [
      "that overlaps the input",
      () => given(shared.subarray(0, 6), 1, { classes, out: shared.subarray(1) }),
      'RangeError: "out" expected the same view as "logits" or memory of its own, got overlapping views',
    ],
    [
      "that is the index",
      () => given(two, index, { classes, out: shared.subarray(0, 6) }),
      apart("out", "index"),
    ],
    [
      "that is the input, with a derivative",
      () => givenVjp(two, 1, { classes, out: two }),
      apart("out", "logits"),
    ],
    [
      "that is the bound",
      () => truncatedVjp([1], shared.subarray(0, 1), { out: shared.subarray(0, 1) }),
      apart("out", "bound"),
    ],
    [
      "that is the input, top-down",
      () => topDown(two, { classes, out: { value: two } }),
      apart("out.value", "logits"),
    ],
    [
      "two in one place",
      () => topDown([1], { out: { max: shared.subarray(0, 1), value: shared.subarray(0, 1) } }),
      apart("out.value", "out.max"),
    ],
    [
      "of an unknown name",
      () => topDown(x, { out: { soft: shared } }),
      'TypeError: "out" expected only index, max, value, got "soft"',
    ],
  ]);
});

describe("backward", () => {
  const kept = () => Float32Array.from(x);
  refused([
    [
      "too short",
      () => givenVjp(x, 1).vjp([1]),
      'RangeError: "v" expected length 3 (1 x 3), got length 1',
    ],
    [
      "an unknown option",
      () => truncatedVjp(x, 1).vjp(x, { tau: true }),
      'TypeError: "options" expected only out, got "tau"',
    ],
    [
      "into the input",
      () => {
        const l = kept();
        return givenVjp(l, 1).vjp(x, { out: l });
      },
      'RangeError: "out" expected memory apart from "logits", got shared memory',
    ],
    [
      "into given noise",
      () => {
        const noise = kept();
        return truncatedVjp(x, 1, { noise }).vjp(x, { out: noise });
      },
      'RangeError: "out" expected memory apart from "noise", got shared memory',
    ],
    [
      "after the input has gone",
      () => {
        const l = kept();
        const { vjp } = topDownVjp(l);
        detached(l);
        return vjp(x);
      },
      'TypeError: "logits" expected an attached buffer, got a detached one',
    ],
  ]);
});
