/** How tables and figures are written. */

import { median, spread } from "./statistics.ts";

export function list(lines: readonly string[]): string {
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

/** The README with `content` between two of its lines. */
export function between(readme: string, start: string, end: string, content: string): string {
  const from = readme.indexOf(start);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md has no ${start} … ${end}`);
  return `${readme.slice(0, from)}${start}\n${content}\n${readme.slice(to)}`;
}

/** Million items a second. */
export function speed(nanoseconds: readonly number[]): string {
  return digits(1000 / median(nanoseconds));
}

/** Three digits, or all before the point. */
export function digits(x: number): string {
  return x >= 99.95 ? x.toFixed(0) : x.toPrecision(3);
}

/** Of the median. */
export function plusMinus(values: readonly number[]): string {
  const part = spread(values);
  return `±${(100 * part).toFixed(part < 0.00995 ? 1 : 0)}%`;
}
