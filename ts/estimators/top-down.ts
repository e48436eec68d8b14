import { checkApart, type Matrix, readIndexOut, readOut } from "../arrays.ts";
import { gather, SHAPE_OPTIONS, type ShapeOptions } from "../axis.ts";
import { kernels } from "../backend.ts";
import type { From, OnInvalidRow } from "../batch.ts";
import type { categorical } from "../categorical.ts";
import { checkNames, checkOptions } from "../check.ts";
import { Purpose } from "../js/philox.ts";
import { KEY_OPTIONS, type KeyOptions, publicKey } from "../key.ts";
import {
  type Conditional,
  type ConditionalGumbels,
  noiseOf,
  readConditional,
} from "./conditional.ts";
import { givenTop, givenTopVjp } from "./posterior.ts";

/** Options of {@link gumbelTopDown}. */
export interface GumbelTopDownOptions extends KeyOptions, ShapeOptions {
  /** Classes in a row, an integer from 1 to 2^30 that divides the length. Default: a flat array is one row. */
  classes?: number | undefined;
  /** What the input holds: `"logits"` (default), or `"weights"`, which need not sum to 1. */
  from?: From | undefined;
  /** What happens at a row that is no law. Default `"throw"`. */
  onInvalidRow?: OnInvalidRow | undefined;
  /** Where the results go, each in memory apart from the others and from the input. Default: new arrays. */
  out?: GumbelTopDownOut | undefined;
}

/** Arrays for the results of {@link gumbelTopDown}: those that are given, new ones for the rest. */
export interface GumbelTopDownOut {
  /** For the class of the largest, an Int32Array of length rows. */
  index?: Int32Array | undefined;
  /** For the largest, a Float32Array of length rows. */
  max?: Float32Array | undefined;
  /** For all variables, a Float32Array of the input's length. */
  value?: Float32Array | undefined;
}

/** What {@link gumbelTopDown} draws. */
export interface GumbelTopDown {
  /** `[rows]`, the class of the largest, a draw from softmax(l); −1 in a marked row. */
  readonly index: Int32Array;
  /** `[rows]`, the largest, which is `value` at `index`; NaN in a marked row. */
  readonly max: Float32Array;
  /** The variables, `[rows, classes]`; NaN in a marked row. */
  readonly value: Float32Array;
}

/**
 * What {@link gumbelTopDownVjp} draws, with the derivative of the variables; what arrives at `max` belongs to v at `index`.
 *
 * @example
 * ```ts
 * const { index, max, vjp } = gumbelTopDownVjp([0, 1, 2], { seed: 1 });
 * index; // Int32Array [2]
 * max; // Float32Array [3.218]
 * vjp([0, 0, 1]).input; // Float32Array [0.090, 0.245, 0.665]
 * ```
 */
export interface GumbelTopDownSample extends GumbelTopDown, ConditionalGumbels {
  /** The variables, `[rows, classes]`; NaN in a marked row. */
  readonly value: Float32Array;
}

const OPTIONS = [...KEY_OPTIONS, "classes", "from", "onInvalidRow", "out", ...SHAPE_OPTIONS];
const OUTS = ["index", "max", "value"];

/**
 * Gumbel variables l + G from the top down: first the class of the largest and its value, then the others below it.
 *
 * The law of all three is that of l + G, its argmax and its maximum. The class is {@link categorical}'s for the same key,
 * and `value` is {@link gumbelGivenArgmax} of that class: one draw, and what the scores may have been. Locations count as
 * they are: the largest is log Σ e^l + G.
 *
 * Range and error are those of {@link gumbelGivenArgmax}.
 *
 * @param logits - Locations, `[rows, classes]`; weights, whose logarithms they are, with `from: "weights"`.
 * @param options - The key, and where the results go.
 * @returns `index` and `max`, one a row, and `value`, `[rows, classes]`.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an array in `out` that shares memory with
 *   the input or another, or a row that is no law (see {@link OnInvalidRow}).
 * @see Maddison, Tarlow & Minka, [A* sampling](https://arxiv.org/abs/1411.0030), NeurIPS 2014, §3.
 *
 * @example
 * ```ts
 * const { index, max, value } = gumbelTopDown([0, 1, 2], { seed: 1 });
 * index; // Int32Array [2]
 * max; // Float32Array [3.218]
 * value; // Float32Array [0.473, 1.317, 3.218]
 * categorical([0, 1, 2], { seed: 1 }); // Int32Array [2], the same
 * ```
 */
export function gumbelTopDown(logits: Matrix, options: GumbelTopDownOptions = {}): GumbelTopDown {
  return draw(logits, options).drawn;
}

/**
 * {@link gumbelTopDown} with the derivative of `value` along the path, that of {@link gumbelGivenArgmaxVjp}: the class is
 * drawn, and stays. The closure keeps the input: changing it changes the gradient.
 *
 * @param logits - Locations, `[rows, classes]`; weights, whose logarithms they are, with `from: "weights"`.
 * @param options - The key, and where the results go.
 * @returns What is drawn, the key, and `vjp(v)` with v in the shape of `value`.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an array in `out` that shares memory with
 *   the input or another, or a row that is no law (see {@link OnInvalidRow}).
 * @see Maddison, Tarlow & Minka, [A* sampling](https://arxiv.org/abs/1411.0030), NeurIPS 2014, §3.
 *
 * @example
 * ```ts
 * const { value, vjp } = gumbelTopDownVjp([0, 1, 2], { seed: 1 });
 * value; // Float32Array [0.473, 1.317, 3.218]
 * vjp([1, 0, 0]).input; // Float32Array [0.942, 0.016, 0.043]
 * ```
 */
export function gumbelTopDownVjp(
  logits: Matrix,
  options: GumbelTopDownOptions = {},
): GumbelTopDownSample {
  const { call, noise, drawn } = draw(logits, options);
  // In memory of its own: the caller may overwrite the other.
  const vjp = givenTopVjp(call, noise, drawn.index.slice());
  return { ...drawn, key: call.key && publicKey(call.key), vjp };
}

function draw(
  logits: Matrix,
  options: GumbelTopDownOptions,
): { call: Conditional; noise: Float32Array; drawn: GumbelTopDown } {
  checkOptions(options, OPTIONS);
  const { out, ...rest } = options;
  const call = readConditional(logits, rest);
  const { input, batch, key } = call;
  const drawn = readOuts(out, call);
  const { index, max, value } = drawn;
  const noise = noiseOf(call, Purpose.conditional);
  // Stops at the same row as the variables do, which say why.
  kernels().categorical(batch, input.data, 1, index);
  givenTop(call, noise, index, value);
  const rows = gather(value, input);
  for (let i = 0; i < max.length; i++) {
    max[i] = index[i] < 0 ? Number.NaN : rows[i * input.classes + index[i]];
  }
  key?.rng?.next();
  return { call, noise, drawn };
}

function readOuts(out: GumbelTopDownOut = {}, { input, inputs }: Conditional): GumbelTopDown {
  checkNames("out", out, OUTS);
  const index = readIndexOut("out.index", out.index, input.rows, []);
  const max = readOut("out.max", out.max, input.rows, []);
  const value = readOut("out.value", out.value, input.data.length, []);
  checkApart("out.index", out.index, inputs);
  checkApart("out.max", out.max, [...inputs, ["out.index", index]]);
  checkApart("out.value", out.value, [...inputs, ["out.index", index], ["out.max", max]]);
  return { index, max, value };
}
