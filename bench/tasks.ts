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
} as const;

export type Operation = keyof typeof OPERATIONS;
export const OPERATION_NAMES = Object.keys(OPERATIONS) as Operation[];

export interface Shape {
  readonly rows: number;
  readonly classes: number;
}

/** One thing to do. For many draws there is one row. */
export interface Task extends Shape {
  readonly operation: Operation;
  readonly tau: number;
  /** Draws of a call, for many draws; 0 for all else. A slow contestant may take fewer at a time. */
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
export const SMALL: Shape = { rows: 1, classes: 10 };
const DRAWS = 100_000;

export function task(operation: Operation, shape: Shape, tau = TAU): Task {
  const many = operation === "manyDraws";
  const rows = many ? 1 : shape.rows;
  return { operation, rows, classes: shape.classes, tau, draws: many ? DRAWS : 0 };
}

/** All operations at one shape; many draws only at that of the main table. */
export function tasksAt(shape: Shape): Task[] {
  const all = OPERATION_NAMES.map((operation) => task(operation, shape));
  return shape === MAIN ? all : all.filter(({ operation }) => operation !== "manyDraws");
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
