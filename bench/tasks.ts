/** What can be measured: operations and shapes. extent.ts says what a run does of it. */

/** Each operation with its heading. */
export const OPERATIONS = {
  noise: "noise",
  soft: "soft",
  softGiven: "soft, noise given",
  hard: "hard",
  backward: "backward",
  forwardBackward: "forward + backward",
  gumbelMax: "index, Gumbel-Max",
  inverseCdf: "index, inverse CDF",
  manyDraws: "many draws",
  lawDraws: "draws from a kept law",
  topK50: "token, top-k",
  topP: "token, top-p",
} as const;

export type Operation = keyof typeof OPERATIONS;
export const OPERATION_NAMES = Object.keys(OPERATIONS) as Operation[];

/** Draws of one row. */
const DRAWING: readonly Operation[] = ["manyDraws", "lawDraws"];

/** What is kept of a row before a token is drawn, in the words of the package's options. */
export interface Filter {
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
}

const FILTERS: Partial<Record<Operation, Filter>> = {
  topK50: { temperature: 1, topK: 50 },
  topP: { temperature: 0.8, topP: 0.9 },
};

/** `undefined` where an operation draws no token. */
export function filterOf(operation: Operation): Filter | undefined {
  return FILTERS[operation];
}

export interface Shape {
  readonly rows: number;
  readonly classes: number;
}

/** One thing to do. For draws of one row there is one. */
export interface Task extends Shape {
  readonly operation: Operation;
  readonly tau: number;
  /** Draws of a call, where they are of one row; 0 for all else. A slow contestant may take fewer at a time. */
  readonly draws: number;
}

/** How long to time a task. */
export interface Length {
  readonly rounds: number;
  /** For each contestant in each round. */
  readonly ms: number;
}

export interface Cell extends Length {
  readonly task: Task;
}

export const TAU = 0.5;
export const OTHER_TAUS = [0.1, 0.7] as const;
/** The shape of the main table. */
export const MAIN: Shape = { rows: 1024, classes: 1000 };
/** Few classes: most of the work is for each row. */
export const SHORT: Shape = { rows: 1024, classes: 10 };
/** Two vocabularies. */
export const WIDE: readonly Shape[] = [
  { rows: 32, classes: 32_000 },
  { rows: 8, classes: 151_936 },
];
/** For a law that is kept, and what is kept no longer fits in the cache. */
export const HUGE: Shape = { rows: 1, classes: 1_000_000 };
export const SMALL: Shape = { rows: 1, classes: 10 };
const DRAWS = 100_000;

export function task(operation: Operation, shape: Shape, tau = TAU): Task {
  const many = DRAWING.includes(operation);
  const rows = many ? 1 : shape.rows;
  return { operation, rows, classes: shape.classes, tau, draws: many ? DRAWS : 0 };
}

/** All operations that make sense at one shape: tokens need many classes, draws of one row nothing but classes. */
export function tasksAt(shape: Shape): Task[] {
  const makesSense = (operation: Operation) => {
    if (shape === MAIN) return true;
    if (shape === HUGE) return operation === "lawDraws";
    return !DRAWING.includes(operation) && (WIDE.includes(shape) || !filterOf(operation));
  };
  return OPERATION_NAMES.filter(makesSense).map((operation) => task(operation, shape));
}

/** The same text for the same task. */
export function keyOf({ operation, rows, classes, tau, draws }: Task): string {
  return [operation, rows, classes, tau, draws].join(" ");
}

export function describe(task: Task): string {
  const { operation, tau } = task;
  const at = operation === "soft" && tau !== TAU ? `, τ = ${tau}` : "";
  return `${OPERATIONS[operation]}, ${title(task)}${at}`;
}

export function title({ rows, classes }: Shape): string {
  return `${rows} × ${classes}`;
}
