/** The record of a run as Markdown: what RESULTS.md holds, and what a quick run prints. */

import { describeCheck, hasFailed, MOST_DEVIATIONS } from "./checks.ts";
import { isOurs, JS_BACKEND, PLAIN, REFERENCE } from "./contestant.ts";
import { digits, list, plusMinus, speed, table } from "./markdown.ts";
import type { Times } from "./measure.ts";
import { mark, type Run } from "./run.ts";
import { BUDGET_MS } from "./scale.ts";
import { median, ratio } from "./statistics.ts";
import {
  describe,
  filterOf,
  HUGE,
  MAIN,
  OPERATION_NAMES,
  OPERATIONS,
  OTHER_TAUS,
  SHORT,
  type Shape,
  SMALL,
  TAU,
  type Task,
  task,
  tasksAt,
  title,
  WIDE,
} from "./tasks.ts";

const OPERATIONS_EXPLAINED =
  "**noise**: standard Gumbel noise. **soft**: softmax((logits + noise)/τ). **hard**: the one-hot of its largest entry. **backward**: the gradient by the logits, of a soft sample and an upstream gradient that are given. **forward + backward**: a soft sample and its gradient. **index**: a class a row. **many draws**: 100,000 classes from one row in a call, which makes the tables it needs, but for plain TypeScript and alias-sampling, whose tables are made before. **draws from a kept law**: the same from tables that all make before. **token**: a class a row of those that a filter keeps, the 50 most probable (top-k), or at temperature 0.8 the fewest that have 0.9 of the probability (top-p); logits by Zipf's law, in mixed order.";
const OTHER_SHAPES = [SHORT, ...WIDE, HUGE];
const VERSUS = `Speed of *${REFERENCE}* divided by that of each other, the median of the rounds' quotients; below 1 it loses:`;

export function report(run: Run): string {
  const sections = [
    `# Results\n\nWritten by \`${run.command}\`.`,
    list(run.machine),
    "![The main figures as bars](results.svg)",
    OPERATIONS_EXPLAINED,
    `Figures are million elements a second, for draws of one row million draws: the median of rounds in which all contestants take turns, ± their median absolute deviation. "–": the library has no such operation, nor parts to make it of. "✗": its answers failed a check, see below.`,
    `## ${title(MAIN)}, τ = ${TAU}\n\n${speeds(run, MAIN)}`,
    `${VERSUS}\n\n${ratios(run, MAIN)}`,
    `## Other shapes, τ = ${TAU}`,
    ...OTHER_SHAPES.filter((shape) => tasksAt(shape).some((task) => isTimed(run, task))).map(
      (shape) => {
        return `### ${title(shape)}\n\n${speeds(run, shape)}\n\n${VERSUS}\n\n${ratios(run, shape)}`;
      },
    ),
    `## Tokens\n\nThe same in ms a row:\n\n${tokens(run)}`,
    `## Other τ: soft samples, ${title(MAIN)}\n\n${taus(run)}`,
    `## Where gumbel loses\n\n${losses(run)}`,
    `## Small calls\n\nµs of one call on ${title(SMALL)}:\n\n${small(run)}`,
    `## First calls\n\nms of the first and the second soft sample in a fresh process, compilation included:\n\n${cold(run)}`,
    `## Scale\n\nSoft samples in calls of at most ${title(MAIN)} through \`out\`, memory (resident) of the process before and after:\n\n${streamed(run)}\n\nAbout 10^6 elements at each width. A Philox block gives four words, and a row starts with a new block, so a row of 5 classes uses 5 words of 8:\n\n${widths(run)}`,
    `## Checks\n\n${checks(run)}`,
    `## Notes\n\n${list([...run.absent, ...run.notes])}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

function isTimed({ results, contestants }: Run, task: Task): boolean {
  return contestants.some((name) => results.of(task, name) !== undefined);
}

/** Contestants with something in one of these tasks. */
function present(run: Run, tasks: readonly Task[]): string[] {
  const has = (name: string) => tasks.some((task) => run.results.of(task, name) !== undefined);
  return run.contestants.filter(has);
}

function speedCell(run: Run, task: Task, contestant: string): string {
  const times = run.results.of(task, contestant);
  if (times === undefined) return "–";
  if (times instanceof Error) return "error ✗";
  return `${speed(times)} ${plusMinus(times)}${mark(run, task, contestant)}`;
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
  return tasksAt(shape).map((task) => [OPERATIONS[task.operation], task]);
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

function tokens(run: Run): string {
  const columns = [MAIN, ...WIDE]
    .flatMap(tasksAt)
    .filter((at) => filterOf(at.operation) && isTimed(run, at))
    .map((at): [string, Task] => [describe(at), at]);
  return grid(run, columns, (at, name) => {
    const times = run.results.of(at, name);
    if (times === undefined) return "–";
    if (times instanceof Error) return "error ✗";
    const ms = (median(times) * at.classes) / 1e6;
    return `${digits(ms)} ${plusMinus(times)}${mark(run, at, name)}`;
  });
}

function taus(run: Run): string {
  const all = [...OTHER_TAUS, TAU].toSorted((a, b) => a - b);
  const columns = all.map((tau): [string, Task] => [`τ = ${tau}`, task("soft", MAIN, tau)]);
  return grid(run, columns, (task, name) => speedCell(run, task, name));
}

/** The reference against contestants that aren't this package, and the backend without WebAssembly against loops. */
function losses(run: Run): string {
  const others = run.contestants.filter((name) => !isOurs(name));
  return [
    `*${REFERENCE}* beside all that is no part of gumbel:\n\n${lossesTo(others, REFERENCE, run)}`,
    `*${JS_BACKEND}* beside *${PLAIN}*:\n\n${lossesTo([PLAIN], JS_BACKEND, run)}`,
  ].join("\n\n");
}

function lossesTo(others: readonly string[], us: string, run: Run): string {
  const duels = [MAIN, ...OTHER_SHAPES].flatMap((shape) =>
    tasksAt(shape).flatMap((at) => {
      const ours = run.results.numbers(at, us);
      return others.flatMap((name) => {
        const theirs = run.results.numbers(at, name);
        return ours && theirs ? [{ shape, at, name, factor: ratio(ours, theirs) }] : [];
      });
    }),
  );
  if (duels.length === 0) return "Nothing was timed for both.";
  const lost = duels.filter(({ factor }) => factor > 1);
  if (lost.length === 0) return "It is the fastest wherever both were timed.";
  const rows = lost.map(({ shape, at, name, factor }) => {
    return [
      title(shape),
      OPERATIONS[at.operation],
      `${name}${mark(run, at, name)}`,
      digits(factor),
    ];
  });
  return table(["shape", "operation", "faster", "times as fast"], rows, 3);
}

function small(run: Run): string {
  return grid(run, columnsAt(SMALL), (task, name) => {
    const times = run.results.of(task, name);
    if (times === undefined) return "–";
    if (times instanceof Error) return "error ✗";
    const microseconds = (median(times) * SMALL.rows * SMALL.classes) / 1000;
    return `${microseconds.toFixed(2)} ${plusMinus(times)}`;
  });
}

function cold({ cold }: Run): string {
  const cell = (ms: readonly number[]) => `${median(ms).toFixed(1)} ${plusMinus(ms)}`;
  return table(
    ["shape", "", "first", "second"],
    cold.map(({ shape, name, first, second }) => [title(shape), name, cell(first), cell(second)]),
    2,
  );
}

function streamed({ streams: { done, cut } }: Run): string {
  const lengths = table(
    ["elements", "ns an element", "MB before", "MB after"],
    done.map(({ elements, ns, before, after }) => [
      `10^${Math.round(Math.log10(elements))}`,
      ns.toFixed(2),
      `${before}`,
      `${after}`,
    ]),
  );
  if (cut.length === 0) return lengths;
  const missing = cut.map((power) => `10^${power}`).join(", ");
  return `${lengths}\n\nCut off after ${BUDGET_MS / 1000} s, so not there: ${missing}.`;
}

function widths({ widths }: Run): string {
  const cell = (times: Times | undefined) => {
    if (times === undefined || times instanceof Error) return "error ✗";
    return `${median(times).toFixed(2)} ${plusMinus(times)}`;
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
        (check) => check.contestant === name && check.task.operation === operation,
      );
      if (mine.length === 0) return "–";
      if (mine.some(hasFailed)) return "✗";
      return Math.max(...mine.map(({ worst }) => worst)).toFixed(2);
    }),
  ]);
  const lines = [
    ...run.checks.filter(hasFailed).map((check) => `✗ ${describeCheck(check)}`),
    ...run.checks.flatMap((check) => (check.remark ? [describeCheck(check, check.remark)] : [])),
  ];
  return [
    `Before any time was taken: samplers against their law by chi-square (noise in 64 bins, winners and indices by class, the gap between the two largest entries of a soft sample, which tells its τ, in 64 bins of its law), which may be ${MOST_DEVIATIONS} standard deviations off (six in ten million right samplers are); hard samples against one-hot; soft samples of given noise and gradients against the formula in float64. gumbel's tolerances are those of its documentation, none for hard samples, for the gradient 2^-18·y(|v| + Σ y|v|)/τ; the peers' are 5·10^-4, as they state none. The worst found, over all shapes, as a part of what is allowed:`,
    table(["", ...OPERATION_NAMES.map((name) => OPERATIONS[name])], rows),
    ...(lines.length > 0 ? [list(lines)] : []),
  ].join("\n\n");
}
