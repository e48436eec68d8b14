import { checkOptions, integer, kindError, valueError } from "../check.ts";
import { expF64 } from "../js/math.ts";

/** Options of {@link annealedTau}. */
export interface AnnealedTauOptions {
  /** r, finite and ≥ 0, a step: τ halves in ln 2/r steps. Default 10^-4. */
  rate?: number | undefined;
  /** τ never falls below it: finite, > 0 and ≤ `start`. Default 0.5, or `start` if that is less. */
  min?: number | undefined;
  /** τ changes every so many steps: an integer from 1 to 2^53 − 1. Default 1000. */
  every?: number | undefined;
  /** τ at step 0, finite and > 0. Default 1. */
  start?: number | undefined;
}

const OPTIONS = ["rate", "min", "every", "start"];
const MOST_STEPS = 2 ** 53 - 1;

/**
 * The τ of a training step on an exponential schedule: max(min, start·exp(−rate·t)), t the step rounded down to a
 * multiple of `every`.
 *
 * Range: [min, start]. Error: 2^-52·(4 + rate·step), relative. The same bits on every engine.
 *
 * @param step - The number of the step, an integer from 0 to 2^53 − 1.
 * @param options - Rate, least value, first value, and how often τ changes; the defaults are among the values that the
 *   paper chooses from.
 * @returns τ, as the functions of this package take it.
 * @throws TypeError for an argument or option of the wrong kind, or an unknown option.
 * @throws RangeError for a number out of its range.
 * @see Jang, Gu & Poole, [Categorical reparameterization with Gumbel-Softmax](https://arxiv.org/abs/1611.01144),
 *   ICLR 2017, §4: max(0.5, exp(−rt)), updated every N steps.
 *
 * @example
 * ```ts
 * annealedTau(0); // 1
 * annealedTau(5999); // 0.607, which is exp(−10^-4·5000)
 * annealedTau(100_000); // 0.5
 * annealedTau(1000, { start: 2, rate: 1e-3, every: 1, min: 0.1 }); // 0.736
 * ```
 */
export function annealedTau(step: number, options: AnnealedTauOptions = {}): number {
  checkOptions(options, OPTIONS);
  const number = integer("step", step, 0, MOST_STEPS);
  const { every = 1000, rate = 1e-4, start = 1 } = options;
  integer("every", every, 1, MOST_STEPS);
  finite("rate", rate, "a finite number >= 0", (x) => x >= 0);
  finite("start", start, "a finite number > 0", (x) => x > 0);
  const { min = start < 0.5 ? start : 0.5 } = options;
  const range = `a finite number > 0 and at most "start" (${start})`;
  finite("min", min, range, (x) => x > 0 && x <= start);
  const tau = start * expF64(-rate * (number - (number % every)));
  return tau < min ? min : tau;
}

function finite(
  label: string,
  value: unknown,
  expected: string,
  fits: (value: number) => boolean,
): void {
  if (typeof value !== "number") throw kindError(label, "a number", value);
  if (!(value < Infinity && fits(value))) throw valueError(label, expected, value);
}
