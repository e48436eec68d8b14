/** How much a run does: everything, most of it, or next to nothing, to see that it works. */

import {
  type Cell,
  HUGE,
  type Length,
  MAIN,
  OTHER_TAUS,
  SHORT,
  type Shape,
  SMALL,
  type Task,
  task,
  tasksAt,
  WIDE,
} from "./tasks.ts";

export interface Extent {
  /** Where all operations are checked and timed. */
  readonly shapes: readonly (readonly [Shape, Length])[];
  readonly otherTaus: Length;
  readonly small: Length;
  /** Elements that are drawn to check a law. */
  readonly lawElements: number;
  /** First calls: at which shapes, in how many processes each. */
  readonly cold: { readonly shapes: readonly Shape[]; readonly processes: number };
  /** Lengths of streams, as powers of ten. */
  readonly streams: readonly number[];
  readonly widths: Length & { readonly classes: readonly number[] };
}

const WIDEST = [1000, 10_000, 100_000, 1_000_000];

export const FULL: Extent = {
  shapes: [
    [MAIN, { rounds: 7, ms: 100 }],
    [SHORT, { rounds: 5, ms: 80 }],
    ...[...WIDE, HUGE].map((shape) => [shape, { rounds: 3, ms: 100 }] as const),
  ],
  otherTaus: { rounds: 5, ms: 80 },
  small: { rounds: 7, ms: 60 },
  lawElements: 2 ** 22,
  cold: { shapes: [SHORT, MAIN, ...WIDE.slice(1)], processes: 7 },
  streams: [4, 5, 6, 7, 8, 9],
  widths: {
    // Every width below 16, where words of a block may be left over, then around 64, up to which rows run four at a
    // time.
    classes: [
      ...[2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
      ...[24, 32, 33, 48, 64, 65, 100, 256],
      ...WIDEST,
    ],
    rounds: 5,
    ms: 30,
  },
};

/** Under two minutes. */
export const QUICK: Extent = {
  shapes: [
    [MAIN, { rounds: 3, ms: 40 }],
    [SHORT, { rounds: 3, ms: 25 }],
  ],
  otherTaus: { rounds: 2, ms: 30 },
  // Engines compile what is short and seldom called late: the first rounds may be slow, and medians ignore them.
  small: { rounds: 5, ms: 30 },
  lawElements: 2 ** 20,
  cold: { shapes: [SHORT, MAIN], processes: 3 },
  streams: [4, 5, 6, 7, 8],
  widths: {
    classes: [2, 3, 4, 5, 8, 10, 15, 16, 17, 32, 64, 65, 100, ...WIDEST],
    rounds: 3,
    ms: 8,
  },
};

/** Some seconds: each part of the program once. Its times mean nothing. */
export const SMOKE: Extent = {
  shapes: [
    [MAIN, { rounds: 1, ms: 1 }],
    [SHORT, { rounds: 1, ms: 1 }],
  ],
  otherTaus: { rounds: 1, ms: 1 },
  small: { rounds: 1, ms: 1 },
  lawElements: 2 ** 19,
  cold: { shapes: [SHORT], processes: 1 },
  streams: [4, 5],
  widths: { classes: [10, 1000], rounds: 1, ms: 1 },
};

/** Everything that every contestant takes part in. */
export function cells({ shapes, otherTaus }: Pick<Extent, "shapes" | "otherTaus">): Cell[] {
  return [
    ...shapes.flatMap(([shape, length]) => timed(tasksAt(shape), length)),
    ...timed(
      OTHER_TAUS.map((tau) => task("soft", MAIN, tau)),
      otherTaus,
    ),
  ];
}

export function smallCells({ small }: Extent): Cell[] {
  return timed(tasksAt(SMALL), small);
}

function timed(tasks: readonly Task[], length: Length): Cell[] {
  return tasks.map((task) => ({ task, ...length }));
}
