/** What is measured: operations, shapes, and the list of tasks of a run. */

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

/** A task and how long to time it. */
export interface Cell {
  readonly task: Task;
  readonly rounds: number;
  /** For each contestant in each round. */
  readonly ms: number;
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

/** Everything that every contestant takes part in. */
export function cells(quick: boolean): Cell[] {
  const main = quick ? { rounds: 3, ms: 60 } : { rounds: 7, ms: 100 };
  const other = quick ? { rounds: 3, ms: 40 } : { rounds: 5, ms: 80 };
  const wide = { rounds: 3, ms: 100 };
  const timed = (tasks: readonly Task[], length: Omit<Cell, "task">) =>
    tasks.map((task) => ({ task, ...length }));
  return [
    ...timed(tasksAt(MAIN), main),
    ...timed(tasksAt(SHORT), other),
    ...(quick ? [] : WIDE.flatMap((shape) => timed(tasksAt(shape), wide))),
    ...timed(
      OTHER_TAUS.map((tau) => task("soft", MAIN, tau)),
      quick ? { rounds: 2, ms: 30 } : other,
    ),
  ];
}

/** The same text for the same task. */
export function keyOf({ operation, rows, classes, tau, draws }: Task): string {
  return [operation, rows, classes, tau, draws].join(" ");
}

export function describe({ operation, rows, classes, tau }: Task): string {
  const at = operation === "soft" && tau !== TAU ? `, tau ${tau}` : "";
  return `${OPERATIONS[operation]}, ${rows} x ${classes}${at}`;
}
