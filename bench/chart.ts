/** The main figures as bars: an SVG that carries its own background, light or dark as the reader's system is. */

import { isOurs, REFERENCE } from "./contestant.ts";
import { digits } from "./markdown.ts";
import { mark, type Run } from "./run.ts";
import { median } from "./statistics.ts";
import { STYLE } from "./style.ts";
import { MAIN, OPERATIONS, SHORT, TAU, type Task, task, title } from "./tasks.ts";

const WIDTH = 960;
const MARGIN = 24;
const GAP = 32;
const HEAD = 100;
const PANEL = (WIDTH - 2 * MARGIN - GAP) / 2;
const PANEL_HEAD = 30;
const LABELS = 150;
/** Room for a figure behind the longest bar. */
const FIGURE = 56;
const ROW = 22;
const BAR = 14;

const PANELS: readonly Task[] = [
  task("soft", MAIN),
  task("forwardBackward", MAIN),
  task("soft", SHORT),
  task("gumbelMax", MAIN),
  task("inverseCdf", MAIN),
  task("manyDraws", MAIN),
];

interface Bar {
  readonly name: string;
  readonly speed: number;
  readonly mark: string;
}

export function chart(run: Run): string {
  const panels = PANELS.map((task) => ({ task, bars: barsOf(run, task) }));
  const lines: string[] = [];
  let y = HEAD + MARGIN;
  for (let i = 0; i < panels.length; i += 2) {
    const pair = panels.slice(i, i + 2);
    pair.forEach(({ task, bars }, column) => {
      lines.push(panel(task, bars, MARGIN + column * (PANEL + GAP), y));
    });
    y += PANEL_HEAD + ROW * Math.max(...pair.map(({ bars }) => bars.length)) + GAP;
  }
  const height = y - GAP + MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title">
<style>${STYLE}
</style>
<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
<text class="title" id="title" x="${MARGIN}" y="${MARGIN + 16}">Speed on one core: longer is faster</text>
<text class="soft" x="${MARGIN}" y="${MARGIN + 38}">Million elements a second, for many draws million draws; medians. Blue: this package. ✗: wrong answers.</text>
${run.machine
  .slice(0, 2)
  .map(
    (line, i) =>
      `<text class="soft" x="${MARGIN}" y="${MARGIN + 56 + 18 * i}">${escaped(line)}</text>`,
  )
  .join("\n")}
${lines.join("\n")}
</svg>
`;
}

/** Fastest first. */
function barsOf(run: Run, task: Task): Bar[] {
  const bars = run.contestants.flatMap((name) => {
    const times = run.results.numbers(task, name);
    if (!times) return [];
    return [{ name, speed: 1000 / median(times), mark: mark(run, task, name) }];
  });
  return bars.toSorted((a, b) => b.speed - a.speed);
}

function panel(task: Task, bars: readonly Bar[], x: number, y: number): string {
  const most = Math.max(...bars.map(({ speed }) => speed));
  const scale = (PANEL - LABELS - FIGURE) / most;
  const drawn = bars.map(({ name, speed, mark }, i) => {
    const top = y + PANEL_HEAD + i * ROW;
    const text = top + BAR / 2 + 4;
    const kind = isOurs(name) ? "ours" : "others";
    const weight = name === REFERENCE ? " strong" : "";
    const length = Math.max(speed * scale, 1);
    return [
      `<text class="label${weight}" text-anchor="end" x="${x + LABELS - 8}" y="${text}">${escaped(name)}</text>`,
      `<rect class="${kind}" x="${x + LABELS}" y="${top}" width="${length.toFixed(1)}" height="${BAR}" rx="2"/>`,
      `<text class="figure${weight}" x="${(x + LABELS + length + 6).toFixed(1)}" y="${text}">${digits(speed)}${mark}</text>`,
    ].join("");
  });
  const heading = `<text class="head" x="${x}" y="${y + 14}">${escaped(OPERATIONS[task.operation])} <tspan class="soft">${escaped(detailOf(task))}</tspan></text>`;
  return [heading, ...drawn].join("\n");
}

function detailOf(task: Task): string {
  const { operation, classes } = task;
  if (operation === "manyDraws") return `${classes} classes, million draws a second`;
  const tau = operation === "soft" || operation === "forwardBackward" ? `, τ = ${TAU}` : "";
  return `${title(task)}${tau}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
