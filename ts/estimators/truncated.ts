import { checkApart, type Matrix, type PerRow, readEach, readOut } from "../arrays.ts";
import { roomFor, scatter } from "../axis.ts";
import { checkCompleted, type OnInvalidRow } from "../batch.ts";
import { checkOptions, kindError, valueError } from "../check.ts";
import type { Gradient } from "../gradients.ts";
import type { gumbelMax } from "../gumbel-max.ts";
import { canonical } from "../js/math.ts";
import { Purpose } from "../js/philox.ts";
import { each, markRow } from "../js/rows.ts";
import { publicKey } from "../key.ts";
import {
  type Backward,
  CONDITIONAL_OPTIONS,
  type Conditional,
  type ConditionalGumbels,
  type ConditionalOptions,
  noiseOf,
  readBackward,
  readConditional,
} from "./conditional.ts";
import { Locations, truncate, truncateSlope } from "./locations.ts";
import { product } from "./product.ts";

/** Gradients of truncated Gumbel variables. */
export interface TruncatedGumbelGradient extends Gradient {
  /** By the bound, one a row. */
  readonly bound: Float32Array;
}

/**
 * Gumbel variables with locations `logits`, truncated at `bound`: l + G given that it is below, each class for itself.
 *
 * This is −log(e^−(l + G) + e^−bound), which has the law of l + G where that is below the bound: P(value < x) =
 * exp(e^(l − bound) − e^(l − x)). It is what A* sampling hands from a region to its parts, and what
 * {@link gumbelGivenArgmax} has below its largest. A bound of +∞ leaves l + G as it is.
 *
 * The noise has words of its own, so it is independent of that of {@link gumbelMax} and {@link gumbelGivenArgmax} for
 * the same key.
 *
 * Range: at most the bound, to which a variable whose location lies far above it is rounded; −∞ stays −∞, and +∞ is the
 * bound. Error for the same G: one float32 rounding, and 2^-50·(1 + |bound| + |l| + |G|).
 *
 * @param logits - Locations, `[rows, classes]`; weights, whose logarithms they are, with `from: "weights"`.
 * @param bound - Above −∞, one or one a row, rounded to float32.
 * @param options - The key or the noise, and where the result goes.
 * @returns `[rows, classes]`; NaN in a marked row.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that overlaps an input without
 *   being the same view, or a row that is no law (see {@link OnInvalidRow}).
 * @see Maddison, Tarlow & Minka, [A* sampling](https://arxiv.org/abs/1411.0030), NeurIPS 2014, §3 and appendix.
 *
 * @example
 * ```ts
 * truncatedGumbel([0, 1, 2], 0.5, { seed: 1 }); // Float32Array [-0.548, 0.178, 0.458]
 * truncatedGumbel([[0, 1], [0, 1]], [-5, Infinity], { seed: 1 }); // Float32Array [-5.008, -5.002, 0.499, 1.128]
 * ```
 */
export function truncatedGumbel(
  logits: Matrix,
  bound: PerRow<number>,
  options: ConditionalOptions = {},
): Float32Array {
  checkOptions(options, CONDITIONAL_OPTIONS);
  const call = readConditional(logits, options);
  const most = readBound(bound, call.input.rows);
  const out = readOut("out", options.out, call.input.data.length, call.inputs);
  checkApart("out", options.out, [["bound", bound]]);
  fill(call, noiseOf(call, Purpose.truncated), most, out);
  call.key?.rng?.next();
  return out;
}

/**
 * {@link truncatedGumbel} with its derivative along the path, the noise as it is: with g = l + G a class moves with its
 * own logit by σ(bound − g), and with the bound by the rest.
 *
 * The closure keeps the input and given noise: changing those changes the gradient.
 *
 * @param logits - Locations, `[rows, classes]`; weights, whose logarithms they are, with `from: "weights"`.
 * @param bound - Above −∞, one or one a row, rounded to float32. The gradient by +∞ is 0.
 * @param options - The key or the noise, and where the variables go.
 * @returns The variables, the key, and `vjp(v)` with v in their shape, which gives gradients by the input and the bound.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with an
 *   input, or a row that is no law (see {@link OnInvalidRow}).
 * @see Maddison, Tarlow & Minka, [A* sampling](https://arxiv.org/abs/1411.0030), NeurIPS 2014, §3 and appendix.
 *
 * @example
 * ```ts
 * const { value, vjp } = truncatedGumbelVjp([0, 1, 2], 0.5, { seed: 1 });
 * value; // Float32Array [-0.548, 0.178, 0.458]
 * const { input, bound } = vjp([1, 2, 3]);
 * input; // Float32Array [0.649, 0.551, 0.123]
 * bound; // Float32Array [4.676]
 * ```
 */
export function truncatedGumbelVjp(
  logits: Matrix,
  bound: PerRow<number>,
  options: ConditionalOptions = {},
): ConditionalGumbels<TruncatedGumbelGradient> {
  checkOptions(options, CONDITIONAL_OPTIONS);
  const call = readConditional(logits, options);
  const most = readBound(bound, call.input.rows);
  const value = readOut("out", options.out, call.input.data.length, []);
  checkApart("out", options.out, [...call.inputs, ["bound", bound]]);
  const noise = noiseOf(call, Purpose.truncated);
  fill(call, noise, most, value);
  call.key?.rng?.next();
  return { value, key: call.key && publicKey(call.key), vjp: gradient(call, noise, most) };
}

/** The bound of each row, in memory of its own. */
function readBound(bound: unknown, rows: number): Float32Array {
  const read = readEach("bound", bound, rows, "a number", (label, value: unknown) => {
    if (typeof value !== "number") throw kindError(label, "a number", value);
    if (value === Number.POSITIVE_INFINITY || Number.isFinite(Math.fround(value))) return value;
    throw valueError(label, "a number within float32, or Infinity", value);
  });
  return typeof read === "number" ? new Float32Array(rows).fill(read) : Float32Array.from(read);
}

/** Fills all rows, or throws for the first that is no law. */
function fill(
  { input, from, batch, noise: given }: Conditional,
  noise: Float32Array,
  bound: Float32Array,
  out: Float32Array,
): void {
  const row = new Locations(input, batch.weights);
  const room = roomFor(out, input);
  const completed = each(
    batch,
    (i) => {
      if (!row.seek(i) || !hasScore(row, noise)) return false;
      const { values, at } = row;
      for (let j = 0; j < values.length; j++) {
        room[at + j] = truncate(values[j] + noise[at + j], bound[i]);
      }
      return true;
    },
    (i) => markRow(room, i, input.classes),
  );
  scatter(room, out, input, completed);
  checkCompleted(completed, "logits", input, from, given && noise);
}

function gradient(
  call: Conditional,
  drawn: Float32Array,
  bound: Float32Array,
): Backward<TruncatedGumbelGradient> {
  const { batch } = call;
  return (v, options) => {
    const { input, noise, upstream, out } = readBackward(call, drawn, v, options);
    const byBound = new Float32Array(input.rows);
    const row = new Locations(input, batch.weights);
    const room = roomFor(out, input, upstream);
    each(
      batch,
      (i) => {
        if (!row.seek(i) || !hasScore(row, noise)) return false;
        byBound[i] = canonical(backward(row, noise, bound[i], upstream, room));
        return true;
      },
      (i) => {
        markRow(room, i, input.classes);
        byBound[i] = Number.NaN;
      },
    );
    scatter(room, out, input, input.rows);
    return { input: out, bound: byBound };
  };
}

/** Writes the gradient of ⟨v, variables⟩ by what the row was given as, and returns that by the bound. */
function backward(
  row: Locations,
  noise: Float32Array,
  bound: number,
  v: Float32Array,
  out: Float32Array,
): number {
  const { values, at } = row;
  let byBound = 0;
  for (let i = at; i < at + values.length; i++) {
    const l = values[i - at];
    const up = v[i];
    if (l === Number.NEGATIVE_INFINITY) out[i] = 0;
    else {
      const g = l + noise[i];
      byBound += product(up, truncateSlope(bound, g));
      out[i] = canonical(row.derivative(product(up, truncateSlope(g, bound)), i - at));
    }
  }
  return byBound;
}

/** Whether noise is below +∞, and leaves a class of the row at hand above −∞: the certain one, where there is one. */
function hasScore(row: Locations, noise: Float32Array): boolean {
  const { values, at } = row;
  let found = false;
  for (let i = 0; i < values.length; i++) {
    const g = noise[at + i];
    if (!(g < Number.POSITIVE_INFINITY)) return false;
    if (g > Number.NEGATIVE_INFINITY && row.isPossible(i)) found = true;
  }
  return found;
}
