/**
 * What the main process and a contestant's process say to each other: lines of JSON on standard input and output, a
 * request and its answer. A process that is not being asked sleeps, so contestants of several libraries and languages
 * can take turns, each undisturbed.
 */

import type { Task } from "./tasks.ts";

export type Request =
  | { readonly do: "hello" }
  | ({ readonly do: "law"; readonly rows: number } & Turn)
  | ({ readonly do: "values" } & Turn)
  | ({ readonly do: "time" } & Timing & Turn);

export interface Timing {
  readonly ms: number;
  /** Calls that are one sample. */
  readonly repeat: number;
  /** Whether a third of the time is spent on calls that don't count, before. */
  readonly warmup: boolean;
}

/** Who is asked for what. */
export interface Turn {
  readonly contestant: string;
  readonly task: Task;
}

export interface Hello {
  readonly contestants: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/** The answer where a library lacks an operation. */
export interface Missing {
  readonly missing: true;
}

/** What was drawn, as counts: of classes, or for noise of {@link BINS} bins of equal probability. */
export interface Drawn {
  readonly counts: readonly number[];
  /** Of soft samples: the ranks of their gaps, see gap.ts, in {@link BINS} bins; else all 0. */
  readonly gaps: readonly number[];
  /**
   * What a row was off at most: the sum of a soft sample from 1, all of a hard one from the one-hot of its largest entry;
   * 0 where there are no rows.
   */
  readonly worstRow: number;
  /** Values of noise, or sums of rows, that are no finite numbers. */
  readonly infinite: number;
}

/** In JSON a number that isn't finite is `null`. */
export interface Values {
  readonly values: readonly (number | null)[];
  /** The sample, where the values are its gradient. */
  readonly sample?: readonly (number | null)[];
}

export interface Time {
  /** Milliseconds of a call. */
  readonly median: number;
  /** Elements of a call, or draws. */
  readonly items: number;
}

export const BINS = 64;
