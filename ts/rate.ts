/** τ and temperature: from what the caller gives to the factors that kernels use. */

import { readEach } from "./arrays.ts";
import { kindError, valueError } from "./check.ts";

const LEAST = 2 ** -126;
const MOST = (2 - 2 ** -23) * 2 ** 127;

/** τ or a temperature, one or one a row, 1 where it is absent: finite, and what else `isRight` asks. */
export function readRate(
  label: string,
  value: unknown,
  rows: number,
  isRight: (t: number) => boolean,
  expected: (t: number) => string,
): number | number[] {
  if (value === undefined) return 1;
  return readEach(label, value, rows, "a number", (label, t: unknown) => {
    if (typeof t !== "number") throw kindError(label, "a number", t);
    if (t < Infinity && isRight(t)) return t;
    throw valueError(label, expected(t), t);
  });
}

const isPositive = (t: number) => t > 0;
const POSITIVE = "a finite number > 0";

/** τ of each row: finite and > 0. */
export function readTau(tau: unknown, rows: number, label = "tau"): number | number[] {
  const hint = ' (for the limit at 0 use "hard", or gumbelMax)';
  return readRate(label, tau, rows, isPositive, (t) => (t === 0 ? POSITIVE + hint : POSITIVE));
}

/** The same where the limit at 0 has no other name. */
export function readPositive(label: string, value: unknown, rows: number): number | number[] {
  return readRate(label, value, rows, isPositive, () => POSITIVE);
}

/** τ of a row, of those of each. */
export function tauOf(tau: number | number[], row: number): number {
  return typeof tau === "number" ? tau : (tau[row] as number);
}

/** Temperature of each row: finite and ≥ 0. */
export function readTemperature(temperature: unknown, rows: number): number | number[] {
  return readRate(
    "temperature",
    temperature,
    rows,
    (t) => t >= 0,
    () => "a finite number >= 0",
  );
}

/** 1/t within float32's normal range; +∞, which kernels know as "cold", for 0. */
export function scaleOf(t: number): number {
  return clampedQuotient(1, t);
}

/** log2(e)/t within the same range. */
export function rateOf(t: number): number {
  return clampedQuotient(Math.LOG2E, t);
}

function clampedQuotient(a: number, t: number): number {
  const quotient = a / t;
  if (quotient < LEAST) return LEAST;
  return quotient > MOST && t !== 0 ? MOST : quotient;
}
