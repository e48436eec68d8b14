import { type Matrix, type PerRow, readEach, readLike, readMatrix, readOut } from "./arrays.ts";
import { roomFor, SHAPE_OPTIONS, scatter } from "./axis.ts";
import { kernels } from "./backend.ts";
import { checkCompleted, makeBatch, readFrom, readOnInvalidRow } from "./batch.ts";
import { checkOptions, kindError, valueError } from "./check.ts";
import { PERTURBED_OPTIONS, type PerturbedOptions } from "./gumbel-max.ts";
import { readNoiseKey } from "./key.ts";

/** Options of {@link gumbelGivenMax}. */
export interface GumbelGivenMaxOptions extends PerturbedOptions {
  /** Where the result goes: a Float32Array of length rows × classes; may be the input itself. */
  out?: Float32Array | undefined;
}

const OPTIONS = [...PERTURBED_OPTIONS, "out", ...SHAPE_OPTIONS];

/**
 * Gumbel variables with locations `logits` whose largest is `max` in each row: l + G, conditioned on their maximum.
 * The class of the maximum is {@link gumbelMax}'s for the same key, so it follows softmax(l); the others are Gumbel
 * variables below `max`, independent of each other. The order of the classes is that of l + G.
 *
 * This is what stochastic beam search hands down from a partial sequence to its continuations: `logits` are then their
 * log-probabilities as a whole, and `max` the score of the partial sequence. Locations count as they are: a constant
 * added to a row doesn't change which class is the largest, but how close the others come.
 *
 * Range: at most `max`, which is reached exactly at the class of the maximum (another class can only be rounded to it);
 * −∞ stays −∞. One +∞ is the maximum for sure, and the others are Gumbel variables below it. Error for the same G: one
 * float32 rounding, and 2^-50·(1 + |max| + |l| + |G|)·(1 + 1/d), where d is how far l + G lies below the largest.
 *
 * @param logits - Locations, `[rows, classes]`; weights, whose logarithms they are, with `from: "weights"`.
 * @param max - The maximum: a finite number, one or one a row, rounded to float32.
 * @param options - The key or the noise, and where the result goes.
 * @returns `[rows, classes]`; NaN in a marked row.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that overlaps an input without
 *   being the same view, or a row that is no law (see {@link OnInvalidRow}).
 * @see Kool, van Hoof & Welling, [Stochastic beams and where to find them](https://arxiv.org/abs/1903.06059), ICML 2019,
 *   appendix B.3; Maddison, Tarlow & Minka, [A* sampling](https://arxiv.org/abs/1411.0030), NeurIPS 2014, §3.
 *
 * @example
 * ```ts
 * gumbelGivenMax([0, 1, 2], 0.5, { seed: 1 }); // Float32Array [-0.992, -0.274, 0.5]
 * gumbelMax([0, 1, 2], { seed: 1 }); // Int32Array [2], the class of the maximum
 * gumbelGivenMax([[0, 1], [0, -Infinity]], [3, -1], { seed: 1 }); // Float32Array [-0.359, 3, -1, -Infinity]
 * ```
 */
export function gumbelGivenMax(
  logits: Matrix,
  max: PerRow<number>,
  options: GumbelGivenMaxOptions = {},
): Float32Array {
  checkOptions(options, OPTIONS);
  const input = readMatrix("logits", logits, options.classes, options.shape, options.axis);
  const most = readMax(max, input.rows);
  const from = readFrom(options.from);
  const onInvalidRow = readOnInvalidRow(options.onInvalidRow);
  const key = readNoiseKey(options, input.rows, options.noise !== undefined);
  const noise = options.noise === undefined ? undefined : readLike("noise", options.noise, input);
  const out = readOut("out", options.out, input.data.length, [
    ["logits", logits],
    ["noise", options.noise],
  ]);
  const batch = makeBatch(input, { key, from, onInvalidRow });
  const room = roomFor(out, input, input.data);
  const completed = kernels().gumbelGivenMax(batch, input.data, noise, most, room);
  scatter(room, out, input, completed);
  checkCompleted(completed, "logits", input, from, noise);
  key?.rng?.next();
  return out;
}

function readMax(max: unknown, rows: number): Float32Array {
  const read = readEach("max", max, rows, "a number", (label, value: unknown) => {
    if (typeof value !== "number") throw kindError(label, "a number", value);
    if (Number.isFinite(Math.fround(value))) return value;
    throw valueError(label, "a finite number within float32", value);
  });
  return typeof read === "number" ? new Float32Array(rows).fill(read) : Float32Array.from(read);
}
