/** Bias and deviation against τ, a line an estimator: an SVG with its own background, light or dark. */

import { STYLE } from "../style.ts";
import type { Finding } from "./findings.ts";
import { norm } from "./moments.ts";
import type { Run, Section } from "./report.ts";

const WIDTH = 960;
const MARGIN = 24;
const HEAD = 96;
const LEGEND = 200;
const PLOT_WIDTH = 290;
const PLOT_HEIGHT = 220;
const GAP = 70;
const COLOURS = [
  "#0969da",
  "#1a7f37",
  "#bc4c00",
  "#8250df",
  "#bf3989",
  "#9a6700",
  "#57606a",
  "#cf222e",
  "#d4a72c",
];

interface Point {
  readonly tau: number | undefined;
  readonly value: number;
  /** Half of its confidence interval; 0 where none is known. */
  readonly margin: number;
  /** Whether chance alone may explain it. */
  readonly isChance: boolean;
}

interface Line {
  readonly family: string;
  readonly points: readonly Point[];
}

export function chart(run: Run): string {
  const height = HEAD + run.sections.length * (PLOT_HEIGHT + GAP) + MARGIN;
  const families = [...new Set(run.sections.flatMap(familiesOf))];
  const colourOf = (family: string) => COLOURS[families.indexOf(family) % COLOURS.length];
  const panels = run.sections.flatMap((section, i) => {
    const y = HEAD + 30 + i * (PLOT_HEIGHT + GAP);
    return [biasOf, deviationOf].map((of, column) => {
      const x = MARGIN + 40 + column * (PLOT_WIDTH + GAP);
      const title = `${section.loss.name} loss: ${column === 0 ? "bias" : "deviation"}`;
      return panel(title, linesOf(section, of), colourOf, x, y);
    });
  });
  const x = WIDTH - LEGEND + 10;
  const legend = families.map((family, i) => {
    const y = HEAD + 40 + 22 * i;
    return `<rect x="${x}" y="${y}" width="12" height="12" rx="2" fill="${colourOf(family)}"/><text x="${x + 20}" y="${y + 10}">${family}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title">
<style>${STYLE}
  .axis { stroke: #818b98; stroke-width: 1; }
  .hollow { fill: #ffffff; }
  @media (prefers-color-scheme: dark) { .hollow { fill: #0d1117; } }
</style>
<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
<text class="title" id="title" x="${MARGIN}" y="${MARGIN + 16}">Gradient estimators: bias and deviation against τ</text>
<text class="soft" x="${MARGIN}" y="${MARGIN + 38}">As a part of the exact gradient's length, both axes logarithmic; ${run.samples.toLocaleString("en")} estimates each. Lines across points: 95 % confidence.</text>
<text class="soft" x="${MARGIN}" y="${MARGIN + 56}">Hollow, and a dashed bias: what chance may explain, drawn where its confidence interval ends. Without τ: drawn across.</text>
${[...panels, ...legend].join("\n")}
</svg>
`;
}

function familiesOf({ findings }: Section): string[] {
  return findings.map(({ entry }) => entry.family);
}

function linesOf(section: Section, of: (finding: Finding, length: number) => Point): Line[] {
  const length = norm(section.exact);
  return [...new Set(familiesOf(section))].map((family) => ({
    family,
    points: section.findings
      .filter(({ entry }) => entry.family === family)
      .map((finding) => of(finding, length)),
  }));
}

function biasOf({ entry, bias }: Finding, length: number): Point {
  const isChance = bias.length <= bias.margin;
  return {
    tau: entry.tau,
    value: (isChance ? bias.length + bias.margin : bias.length) / length,
    margin: isChance ? 0 : bias.margin / length,
    isChance,
  };
}

function deviationOf({ entry, variance }: Finding, length: number): Point {
  return { tau: entry.tau, value: Math.sqrt(variance) / length, margin: 0, isChance: false };
}

type Scale = (value: number) => number;

/** From logarithms of values between the ends to pixels. */
function scale(values: readonly number[], from: number, to: number): Scale {
  const [least, most] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  const width = Math.max(most - least, 0.1);
  return (value) => from + ((Math.log(value) - least) / width) * (to - from);
}

/** 1, 2 and 5 times powers of ten that lie among the values; all of them, or the ends of decades where these are many. */
function ticks(values: readonly number[]): number[] {
  const [least, most] = [Math.min(...values) * 0.999, Math.max(...values) * 1.001];
  const steps = most / least > 200 ? [1] : [1, 2, 5];
  const powers = Array.from({ length: 12 }, (_, i) => 10 ** (i - 8));
  return powers
    .flatMap((power) => steps.map((step) => step * power))
    .filter((tick) => tick >= least && tick <= most);
}

function panel(
  title: string,
  lines: readonly Line[],
  colourOf: (family: string) => string,
  left: number,
  top: number,
): string {
  const points = lines.flatMap((line) => line.points);
  const taus = points.flatMap(({ tau }) => tau ?? []);
  const values = points.map(({ value }) => value);
  const [right, bottom] = [left + PLOT_WIDTH, top + PLOT_HEIGHT - 20];
  const x = scale(taus, left + 10, right - 10);
  const y = scale(values, bottom - 10, top + 20);
  const axes = [
    `<text class="head" x="${left}" y="${top}">${title}</text>`,
    `<path class="axis" fill="none" d="M${left} ${top + 10}V${bottom}H${right}"/>`,
    ...[...new Set(taus)].map(
      (tau) =>
        `<text class="soft" text-anchor="middle" x="${x(tau).toFixed(1)}" y="${bottom + 16}">${tau}</text>`,
    ),
    ...ticks(values).map(
      (tick) =>
        `<text class="soft" text-anchor="end" x="${left - 6}" y="${(y(tick) + 4).toFixed(1)}">${Number(tick.toPrecision(1))}</text>`,
    ),
  ];
  const drawn = lines.map(({ family, points }) => {
    const colour = colourOf(family);
    const placed = points.flatMap(({ tau, value, margin, isChance }) =>
      tau === undefined
        ? []
        : [{ x: x(tau), y: y(value), from: y(value - margin), to: y(value + margin), isChance }],
    );
    if (placed.length === 0) {
      const at = y(points[0].value).toFixed(1);
      return `<path stroke="${colour}" stroke-width="1.5" stroke-dasharray="4 4" d="M${left} ${at}H${right}"/>`;
    }
    const path = placed.map((point) => `${point.x.toFixed(1)} ${point.y.toFixed(1)}`).join("L");
    const marks = placed.map(({ x, y, from, to, isChance }) => {
      const fill = isChance ? 'class="hollow"' : `fill="${colour}"`;
      const interval = `<path stroke="${colour}" stroke-width="1.5" d="M${x.toFixed(1)} ${from.toFixed(1)}V${to.toFixed(1)}"/>`;
      return `${interval}<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3.5" stroke="${colour}" stroke-width="1.5" ${fill}/>`;
    });
    return `<path fill="none" stroke="${colour}" stroke-width="1.5" d="M${path}"/>${marks.join("")}`;
  });
  return [...axes, ...drawn].join("\n");
}
