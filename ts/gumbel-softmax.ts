import {
  type Matrix,
  type PerRow,
  type Rows,
  readGiven,
  readGivenLike,
  readOut,
  rowsOf,
} from "./arrays.ts";
import { gather, roomFor, SHAPE_OPTIONS, scatter } from "./axis.ts";
import { kernels } from "./backend.ts";
import {
  checkCompleted,
  type From,
  makeBatch,
  type OnInvalidRow,
  readFrom,
  readOnInvalidRow,
} from "./batch.ts";
import { checkOptions, readFlag } from "./check.ts";
import { PERTURBED_OPTIONS, type PerturbedOptions } from "./gumbel-max.ts";
import { type CallKey, readNoiseKey } from "./key.ts";
import { readTau } from "./rate.ts";

/** Options of both Gumbel-Softmax functions. */
export interface RelaxedOptions extends PerturbedOptions {
  /** τ, finite and > 0, one or one a row: near one-hot when small, smooth when large. Default 1. */
  tau?: PerRow<number> | undefined;
  /** Whether the sample is the one-hot of the argmax, whose gradient stays the soft one's. Default false. */
  hard?: boolean | undefined;
}

/** Options of {@link gumbelSoftmax}. */
export interface GumbelSoftmaxOptions extends RelaxedOptions {
  /** Where the result goes: a Float32Array of the input's length; may be the input itself. Default: a new one. */
  out?: Float32Array | undefined;
}

export const RELAXED_OPTIONS = [...PERTURBED_OPTIONS, "tau", "hard"];
const OPTIONS = [...RELAXED_OPTIONS, "out", ...SHAPE_OPTIONS];

/** The arguments of a Gumbel-Softmax call, checked. */
export interface Relaxed {
  readonly input: Rows;
  readonly from: From;
  readonly tau: number | number[];
  readonly hard: boolean;
  readonly onInvalidRow: OnInvalidRow;
  readonly key: CallKey | undefined;
  readonly noise: Float32Array | undefined;
  /** Input and noise as they were given: the same two, but for rows that had to be gathered. */
  readonly given: Rows;
  readonly givenNoise: Float32Array | undefined;
}

export function readRelaxed(logits: unknown, options: RelaxedOptions): Relaxed {
  const given = readGiven("logits", logits, options.classes, options.shape, options.axis);
  const from = readFrom(options.from);
  const tau = readTau(options.tau, given.rows);
  const hard = readFlag("hard", options.hard, false);
  const onInvalidRow = readOnInvalidRow(options.onInvalidRow);
  const key = readNoiseKey(options, given.rows, options.noise !== undefined);
  const givenNoise =
    options.noise === undefined ? undefined : readGivenLike("noise", options.noise, given);
  const noise = givenNoise && gather(givenNoise, given);
  const input = rowsOf(given);
  return { input, from, tau, hard, onInvalidRow, key, noise, given, givenNoise };
}

/**
 * A Gumbel-Softmax sample of each row: softmax((log p + G)/τ), a differentiable stand-in for a draw from p. With
 * `hard` the one-hot draw itself. For gradients see {@link gumbelSoftmaxVjp}.
 *
 * Range: [0, 1]; a row sums to 1 within 10^-6; entries below 2^-100 of the largest, and those of impossible classes,
 * are exactly 0. Relative error of an entry above 2^-90, for the same noise: at most
 * expm1(2^-21·(a + a_max)/τ) + 2^-20 with a = |l − max l| + |G|, a_max that of the winner.
 *
 * @param logits - `[rows, classes]`; weights with `from: "weights"`.
 * @param options - The key or the noise, τ, `hard`, and where the result goes.
 * @returns `[rows, classes]`, row-major: soft samples, or one-hot ones of exact 0 and 1 with `hard`; NaN in a marked
 *   row.
 * @throws TypeError for an argument or option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range, a length that doesn't fit, an `out` that overlaps an input without
 *   being it, or a row that is no law (see {@link OnInvalidRow}).
 * @see Jang, Gu & Poole, [Categorical reparameterization with Gumbel-Softmax](https://arxiv.org/abs/1611.01144),
 *   ICLR 2017, §2; Maddison, Mnih & Teh, [The Concrete distribution](https://arxiv.org/abs/1611.00712), ICLR 2017, §3.
 *
 * @example
 * ```ts
 * gumbelSoftmax([0.9, 0.1, 0.1], { from: "weights", tau: 0.5, seed: 1 }); // Float32Array [0.918, 0.011, 0.071]
 * gumbelSoftmax([0.9, 0.1, 0.1], { from: "weights", hard: true, seed: 1 }); // Float32Array [1, 0, 0]
 * gumbelSoftmax([0, 1], { tau: 0.5, noise: [0, 0] }); // Float32Array [0.119, 0.881]
 * ```
 */
export function gumbelSoftmax(logits: Matrix, options: GumbelSoftmaxOptions = {}): Float32Array {
  checkOptions(options, OPTIONS);
  const relaxed = readRelaxed(logits, options);
  const { input, from, tau, hard, onInvalidRow, key, noise } = relaxed;
  const out = readOut("out", options.out, input.data.length, [
    ["logits", logits],
    ["noise", options.noise],
  ]);
  const room = roomFor(out, input, input.data);
  // The hard sample needs no softmax, and Gumbel-Max no τ.
  const batch = makeBatch(input, { key, t: hard ? 1 : tau, from, onInvalidRow });
  const completed = hard
    ? kernels().gumbelMax(batch, input.data, noise, { sample: room })
    : kernels().gumbelSoftmax(batch, input.data, noise, { soft: room });
  scatter(room, out, input, completed);
  checkCompleted(completed, "logits", input, from, noise);
  key?.rng?.next();
  return out;
}
