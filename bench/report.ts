/** The record of a run as Markdown: what RESULTS.md holds, and what a quick run prints. */

import { type Check, MOST_DEVIATIONS } from "./checks.ts";
import type { Cold } from "./cold.ts";
import type { Results, Times } from "./measure.ts";
import type { Streamed, Width } from "./scale.ts";
import { median, ratio, spread } from "./statistics.ts";
import {
  MAIN,
  OPERATION_NAMES,
  OPERATIONS,
  type Operation,
  OTHER_TAUS,
  SHORT,
  type Shape,
  SMALL,
  TAU,
  type Task,
  task,
  WIDE,
} from "./tasks.ts";

/** Ratios are to this one. */
export const REFERENCE = "gumbel, out given";

/** Everything that a run found. */
export interface Run {
  readonly command: string;
  readonly machine: readonly string[];
  readonly notes: readonly string[];
  /** In the order of the tables. */
  readonly contestants: readonly string[];
  readonly checks: readonly Check[];
  readonly results: Results;
  readonly cold: readonly Cold[];
  readonly streams: readonly Streamed[];
  readonly widths: readonly Width[];
}

export function report(run: Run): string {
  const sections = [
    `# Results\n\nWritten by \`${run.command}\`.`,
    list(run.machine),
    "![The main figures as bars](results.svg)",
    `Figures are million elements a second, for many draws million draws: the median of rounds in which all contestants take turns, ± their median absolute deviation. "–": the library has no such operation, nor parts to make it of. "✗": its answers failed a check, see below.`,
    `## ${title(MAIN)}, τ = ${TAU}\n\n${speeds(run, MAIN)}`,
    `How many times as fast ${REFERENCE}, is; below 1 it loses:\n\n${ratios(run, MAIN)}`,
    `## Other shapes, τ = ${TAU}`,
    ...[SHORT, ...WIDE]
      .filter((shape) => isTimed(run, task("soft", shape)))
      .map((shape) => {
        return `### ${title(shape)}\n\n${speeds(run, shape)}\n\n${REFERENCE}, against the others:\n\n${ratios(run, shape)}`;
      }),
    `## Other τ: soft samples, ${title(MAIN)}\n\n${taus(run)}`,
    `## Where gumbel loses\n\n${losses(run)}`,
    `## Small calls\n\nµs of one call on ${title(SMALL)}:\n\n${small(run)}`,
    `## First calls\n\nms of the first and the second soft sample in a fresh process, compilation included:\n\n${cold(run)}`,
    `## Scale\n\nSoft samples in calls of at most ${title(MAIN)} through \`out\`, memory (resident) of the process before and after:\n\n${streamed(run)}\n\nAbout 10^6 elements at each width. A Philox block gives four words, and a row starts with a new block, so a row of 5 classes uses 5 words of 8:\n\n${widths(run)}`,
    `## Checks\n\n${checks(run)}`,
    `## Notes\n\n${list(run.notes)}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

function title({ rows, classes }: Shape): string {
  return `${rows} × ${classes}`;
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}

/** The first `texts` columns are text, the others figures. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  texts = 1,
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = `|${head.map((_, i) => (i < texts ? "---|" : "--:|")).join("")}`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

function isTimed({ results, contestants }: Run, task: Task): boolean {
  return contestants.some((name) => results.of(task, name) !== undefined);
}

/** Operations at a shape; many draws are timed at one shape alone. */
function operationsAt(shape: Shape): Operation[] {
  return OPERATION_NAMES.filter((name) => name !== "manyDraws" || shape === MAIN);
}

/** Contestants with something in one of these tasks. */
function present(run: Run, tasks: readonly Task[]): string[] {
  const has = (name: string) => tasks.some((task) => run.results.of(task, name) !== undefined);
  return run.contestants.filter(has);
}

/** Million items a second. */
export function speed(nanoseconds: readonly number[]): string {
  return digits(1000 / median(nanoseconds));
}

/** Three digits, or all before the point. */
function digits(x: number): string {
  return x >= 99.95 ? x.toFixed(0) : x >= 9.95 ? x.toFixed(1) : x.toPrecision(2);
}

function percent(part: number): string {
  return `±${(100 * part).toFixed(part < 0.00995 ? 1 : 0)}%`;
}

/** Whether a contestant's answers to a task were found wrong, at another τ perhaps. */
export function hasFailed(run: Run, { operation, classes }: Task, contestant: string): boolean {
  return run.checks.some(
    (check) =>
      check.contestant === contestant &&
      check.operation === operation &&
      check.shape.classes === classes &&
      !(check.worst <= 1),
  );
}

function speedCell(run: Run, task: Task, contestant: string): string {
  const times = run.results.of(task, contestant);
  if (times === undefined) return "–";
  if (times instanceof Error) return "error ✗";
  const mark = hasFailed(run, task, contestant) ? " ✗" : "";
  return `${speed(times)} ${percent(spread(times))}${mark}`;
}

function grid(
  run: Run,
  columns: readonly (readonly [heading: string, task: Task])[],
  cell: (task: Task, contestant: string) => string,
  contestants = present(
    run,
    columns.map(([, task]) => task),
  ),
): string {
  const head = ["", ...columns.map(([heading]) => heading)];
  const rows = contestants.map((name) => [name, ...columns.map(([, task]) => cell(task, name))]);
  return table(head, rows);
}

function columnsAt(shape: Shape): [string, Task][] {
  return operationsAt(shape).map((name) => [OPERATIONS[name], task(name, shape)]);
}

function speeds(run: Run, shape: Shape): string {
  return grid(run, columnsAt(shape), (task, name) => speedCell(run, task, name));
}

function ratioCell(run: Run, task: Task, contestant: string): string {
  const ours = run.results.numbers(task, REFERENCE);
  const theirs = run.results.numbers(task, contestant);
  return ours && theirs ? digits(ratio(theirs, ours)) : "–";
}

function ratios(run: Run, shape: Shape): string {
  const columns = columnsAt(shape);
  const tasks = columns.map(([, task]) => task);
  const others = present(run, tasks).filter((name) => name !== REFERENCE);
  return grid(run, columns, (task, name) => ratioCell(run, task, name), others);
}

function taus(run: Run): string {
  const all = [...OTHER_TAUS, TAU].toSorted((a, b) => a - b);
  const columns = all.map((tau): [string, Task] => [`τ = ${tau}`, task("soft", MAIN, tau)]);
  return grid(run, columns, (task, name) => speedCell(run, task, name));
}

/** The reference against contestants that aren't this package. */
function losses(run: Run): string {
  const others = run.contestants.filter((name) => !name.startsWith("gumbel"));
  const lost = [MAIN, SHORT, ...WIDE].flatMap((shape) =>
    operationsAt(shape).flatMap((operation) => {
      const at = task(operation, shape);
      const ours = run.results.numbers(at, REFERENCE);
      return others.flatMap((name) => {
        const theirs = run.results.numbers(at, name);
        if (!ours || !theirs || ratio(theirs, ours) >= 1) return [];
        const factor = ratio(ours, theirs).toFixed(2);
        const mark = hasFailed(run, at, name) ? " (its check failed)" : "";
        return [[title(shape), OPERATIONS[operation], `${name}${mark}`, factor]];
      });
    }),
  );
  if (lost.length === 0) return `${REFERENCE}, is the fastest everywhere.`;
  return table(["shape", "operation", "faster", "times as fast"], lost, 3);
}

function small(run: Run): string {
  const columns = operationsAt(SMALL).map((name): [string, Task] => [
    OPERATIONS[name],
    task(name, SMALL),
  ]);
  return grid(run, columns, (task, name) => {
    const times = run.results.of(task, name);
    if (times === undefined) return "–";
    if (times instanceof Error) return "error ✗";
    const microseconds = (median(times) * SMALL.rows * SMALL.classes) / 1000;
    return `${microseconds.toFixed(2)} ${percent(spread(times))}`;
  });
}

function cold({ cold }: Run): string {
  const cell = (ms: readonly number[]) => `${median(ms).toFixed(1)} ${percent(spread(ms))}`;
  return table(
    ["shape", "", "first", "second"],
    cold.map(({ shape, name, first, second }) => [title(shape), name, cell(first), cell(second)]),
    2,
  );
}

function streamed({ streams }: Run): string {
  return table(
    ["elements", "ns an element", "MB before", "MB after"],
    streams.map(({ elements, ns, before, after }) => [
      `10^${Math.round(Math.log10(elements))}`,
      ns.toFixed(2),
      `${before}`,
      `${after}`,
    ]),
  );
}

function widths({ widths }: Run): string {
  const cell = (times: Times | undefined) => {
    if (times === undefined || times instanceof Error) return "error ✗";
    return `${median(times).toFixed(2)} ${percent(spread(times))}`;
  };
  return table(
    ["classes", "words used", "noise, ns an element", "soft, ns an element"],
    widths.map(({ classes, noise, soft }) => {
      const used = classes / (4 * Math.ceil(classes / 4));
      return [`${classes}`, `${Math.round(100 * used)} %`, cell(noise), cell(soft)];
    }),
  );
}

/** The worst of each contestant and operation, over shapes and over what was looked at. */
function checks(run: Run): string {
  const rows = run.contestants.map((name) => [
    name,
    ...OPERATION_NAMES.map((operation) => {
      const mine = run.checks.filter(
        (check) => check.contestant === name && check.operation === operation,
      );
      if (mine.length === 0) return "–";
      const worst = Math.max(...mine.map((check) => check.worst));
      return worst <= 1 ? worst.toFixed(2) : "✗";
    }),
  ]);
  const failures = run.checks.filter(({ worst }) => !(worst <= 1));
  const where = ({ contestant, operation, shape }: Check) =>
    `${contestant}, ${OPERATIONS[operation]}, ${title(shape)}`;
  const lines = [
    ...failures.map((check) => `✗ ${where(check)}: ${check.text}`),
    ...run.checks.filter(({ remark }) => remark).map((check) => `${where(check)}: ${check.remark}`),
  ];
  return [
    `Before any time was taken: samplers against their law by chi-square (noise in 64 bins, winners and indices by class), which may be ${MOST_DEVIATIONS} standard deviations off (six in ten million right samplers are); soft samples of given noise and gradients against the formula in float64. gumbel's tolerances are those of its documentation, for the gradient 2^-18·y(|v| + Σ y|v|)/τ; the peers' are 5·10^-4, relative, as they state none. The worst found, over all shapes, as a part of what is allowed:`,
    table(["", ...OPERATION_NAMES.map((name) => OPERATIONS[name])], rows),
    ...(lines.length > 0 ? [list(lines)] : []),
  ].join("\n\n");
}
