/** Draws with what is known of them: log-probabilities, log Z and entropy. */

import { checkApart, type Named, readIndexOut, readOut } from "./arrays.ts";
import { checkNames } from "./check.ts";
import type { DetailsOut } from "./kernels.ts";

/**
 * Draws, and what is known of them, in nats, under the law that they were made from: softmax(l/T), so with the
 * temperature applied.
 */
export interface Drawn {
  /** The classes drawn, one a row or `[rows, draws]`; −1 in a marked row. */
  readonly index: Int32Array;
  /** The log-probability of each draw, of the same shape; NaN in a marked row. */
  readonly logProb: Float32Array;
  /** log Σ exp(l/T), one a row; NaN in a marked row. */
  readonly logZ: Float32Array;
  /** The entropy of the law, −Σ p·log p, one a row; NaN in a marked row. */
  readonly entropy: Float32Array;
}

/** Where draws and their details go, each if given. */
export interface DrawnOut {
  /** Classes: an Int32Array of length rows × draws. */
  index?: Int32Array | undefined;
  /** Their log-probabilities: a Float32Array of the same length. */
  logProb?: Float32Array | undefined;
  /** log Σ exp(l/T): a Float32Array of length rows. */
  logZ?: Float32Array | undefined;
  /** Entropies: a Float32Array of length rows. */
  entropy?: Float32Array | undefined;
}

const NAMES = ["index", "logProb", "logZ", "entropy"];

/** What kernels fill, and what the caller gets of it. */
export interface DrawTo {
  readonly index: Int32Array;
  readonly details?: DetailsOut;
  readonly result: Int32Array | Drawn;
}

/** Where the draws of a call go, and their details where these are wanted. */
export function readDrawTo(
  out: unknown,
  details: boolean,
  rows: number,
  draws: number,
  inputs: readonly Named[],
): DrawTo {
  if (!details) {
    const index = readIndexOut("out", out, rows * draws, inputs);
    return { index, result: index };
  }
  const result = readDrawnOut(out, rows, draws, inputs);
  return { index: result.index, details: result, result };
}

/** None of the arrays shares memory with an input or another one. */
function readDrawnOut(out: unknown, rows: number, draws: number, inputs: readonly Named[]): Drawn {
  if (out !== undefined) checkNames("out", out, NAMES);
  const given = (out ?? {}) as DrawnOut;
  const { index, logProb, logZ, entropy } = given;
  const drawn = {
    index: readIndexOut("out.index", index, rows * draws, []),
    logProb: readOut("out.logProb", logProb, rows * draws, []),
    logZ: readOut("out.logZ", logZ, rows, []),
    entropy: readOut("out.entropy", entropy, rows, []),
  };
  const others = [...inputs];
  for (const [name, view] of Object.entries(given)) {
    checkApart(`out.${name}`, view, others);
    others.push([`out.${name}`, view]);
  }
  return drawn;
}
