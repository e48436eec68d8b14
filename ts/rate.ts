/** τ and temperature: from what the caller gives to the factors that kernels use. */

import { readEach } from "./arrays.ts";
import { kindError, valueError } from "./check.ts";

const LEAST = 2 ** -126;
const MOST = (2 - 2 ** -23) * 2 ** 127;

/** τ of each row: finite and > 0. */
export function readTau(tau: unknown, rows: number): number | number[] {
  if (tau === undefined) return 1;
  return readEach("tau", tau, rows, "a number", (label, value: unknown) => {
    if (typeof value !== "number") throw kindError(label, "a number", value);
    if (value > 0 && value < Infinity) return value;
    const hint = value === 0 ? ' (for the limit at 0 use "hard", or gumbelMax)' : "";
    throw valueError(label, `a finite number > 0${hint}`, value);
  });
}

/** τ of a row, of those of each. */
export function tauOf(tau: number | number[], row: number): number {
  return typeof tau === "number" ? tau : (tau[row] as number);
}

/** Temperature of each row: finite and ≥ 0. */
export function readTemperature(temperature: unknown, rows: number): number | number[] {
  if (temperature === undefined) return 1;
  return readEach("temperature", temperature, rows, "a number", (label, value: unknown) => {
    if (typeof value !== "number") throw kindError(label, "a number", value);
    if (value >= 0 && value < Infinity) return value;
    throw valueError(label, "a finite number >= 0", value);
  });
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
