import { checkApart, type Matrix, type PerRow, readEach, readOut } from "../arrays.ts";
import type { OnInvalidRow } from "../batch.ts";
import type { categorical } from "../categorical.ts";
import { checkOptions } from "../check.ts";
import type { gumbelMax } from "../gumbel-max.ts";
import { Purpose } from "../js/philox.ts";
import { publicKey } from "../key.ts";
import { readId } from "../restriction.ts";
import {
  CONDITIONAL_OPTIONS,
  type Conditional,
  type ConditionalGumbels,
  type ConditionalOptions,
  noiseOf,
  readConditional,
} from "./conditional.ts";
import { givenTop, givenTopVjp } from "./posterior.ts";

/**
 * Gumbel variables with locations `logits`, given which class is the largest in each row: l + G, conditioned on their
 * argmax. With `index` drawn from softmax(l) they have the law of l + G, whatever the draw was made by.
 *
 * This is z̃ of REBAR and RELAX: draw, evaluate the loss, then ask what the scores may have been. The largest is
 * T = log Σ e^l + G, with the noise of its class; another class is −log(e^−(l + G) + e^−T), a Gumbel variable below T.
 * Locations count as they are: a constant added to a row is added to the result.
 *
 * The noise has words of its own, so it is independent of {@link gumbelMax}'s for the same key, and of
 * {@link categorical}'s draw. Given noise is G: one value a class, where −∞ leaves a class other than `index` at −∞.
 *
 * Range: finite, −∞ stays −∞. No class is above the one at `index`, but another can be rounded to the same float32.
 * One +∞ must be at `index`, and stays; nothing keeps the others from being l + G then. Error for the same G: one float32
 * rounding, and 2^-50·(1 + |T| + |l| + |G|).
 *
 * @param logits - Locations, `[rows, classes]`; weights, whose logarithms they are, with `from: "weights"`.
 * @param index - The class of the largest, one or one a row: an integer from 0 to classes − 1. With
 *   `onInvalidRow: "mark"` also −1, as a draw marks a row, which is marked here, too.
 * @param options - The key or the noise, and where the result goes.
 * @returns `[rows, classes]`; NaN in a marked row.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that overlaps an input without
 *   being the same view, a row that is no law (see {@link OnInvalidRow}), or a class that its row never draws.
 * @see Tucker, Mnih, Maddison, Lawson & Sohl-Dickstein, [REBAR](https://arxiv.org/abs/1703.07370), NeurIPS 2017,
 *   appendix on categorical variables; Grathwohl, Choi, Wu, Roeder & Duvenaud, [Backpropagation through the
 *   void](https://arxiv.org/abs/1711.00123), ICLR 2018, appendix B; Maddison, Tarlow & Minka, [A*
 *   sampling](https://arxiv.org/abs/1411.0030), NeurIPS 2014, §3.
 *
 * @example
 * ```ts
 * gumbelGivenArgmax([0, 1, 2], 0, { seed: 1 }); // Float32Array [2.947, 1.272, 2.183], the largest at class 0
 * const index = gumbelMax([[0, 1], [1, 0]], { seed: 1 }); // Int32Array [1, 1]
 * gumbelGivenArgmax([[0, 1], [1, 0]], index, { seed: 1 }); // Float32Array [0.288, 1.792, 1.008, 3.015]
 * ```
 */
export function gumbelGivenArgmax(
  logits: Matrix,
  index: PerRow<number>,
  options: ConditionalOptions = {},
): Float32Array {
  checkOptions(options, CONDITIONAL_OPTIONS);
  const call = readConditional(logits, options);
  const top = readIndex(index, call);
  const out = readOut("out", options.out, call.input.data.length, call.inputs);
  checkApart("out", options.out, [["index", index]]);
  givenTop(call, noiseOf(call, Purpose.conditional), top, out);
  call.key?.rng?.next();
  return out;
}

/**
 * {@link gumbelGivenArgmax} with its derivative along the path, as REBAR and RELAX need it: noise and index stay, the
 * logits move.
 *
 * With T the largest and g = l + G of another class, that class moves with g by σ(T − g) and with T by the rest, and T
 * moves with the logits by softmax(l). The closure keeps the input and given noise: changing those changes the gradient.
 *
 * @param logits - Locations, `[rows, classes]`; weights, whose logarithms they are, with `from: "weights"`.
 * @param index - The class of the largest, one or one a row: an integer from 0 to classes − 1. With
 *   `onInvalidRow: "mark"` also −1, as a draw marks a row, which is marked here, too.
 * @param options - The key or the noise, and where the variables go.
 * @returns The variables, the key, and `vjp(v)` with v in their shape.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that shares memory with an
 *   input, a row that is no law (see {@link OnInvalidRow}), or a class that its row never draws.
 * @see Tucker, Mnih, Maddison, Lawson & Sohl-Dickstein, [REBAR](https://arxiv.org/abs/1703.07370), NeurIPS 2017,
 *   appendix on categorical variables; Grathwohl, Choi, Wu, Roeder & Duvenaud, [Backpropagation through the
 *   void](https://arxiv.org/abs/1711.00123), ICLR 2018, appendix B.
 *
 * @example
 * ```ts
 * const { value, vjp } = gumbelGivenArgmaxVjp([0, 1, 2], 0, { seed: 1 });
 * value; // Float32Array [2.947, 1.272, 2.183]
 * vjp([1, 0, 0]).input; // Float32Array [0.090, 0.245, 0.665], which is softmax([0, 1, 2])
 * vjp([0, 1, 0]).input; // Float32Array [0.017, 0.859, 0.125]
 * ```
 */
export function gumbelGivenArgmaxVjp(
  logits: Matrix,
  index: PerRow<number>,
  options: ConditionalOptions = {},
): ConditionalGumbels {
  checkOptions(options, CONDITIONAL_OPTIONS);
  const call = readConditional(logits, options);
  const top = readIndex(index, call);
  const value = readOut("out", options.out, call.input.data.length, []);
  checkApart("out", options.out, [...call.inputs, ["index", index]]);
  const noise = noiseOf(call, Purpose.conditional);
  givenTop(call, noise, top, value);
  call.key?.rng?.next();
  return { value, key: call.key && publicKey(call.key), vjp: givenTopVjp(call, noise, top) };
}

/** The class of the largest in each row, in memory of its own. */
function readIndex(index: unknown, { input, batch }: Conditional): Int32Array {
  const { rows, classes } = input;
  const least = batch.mark ? -1 : 0;
  const read = readEach("index", index, rows, "a number", (label, id: unknown) =>
    id === least ? least : readId(label, id, classes),
  );
  return typeof read === "number" ? new Int32Array(rows).fill(read) : Int32Array.from(read);
}
