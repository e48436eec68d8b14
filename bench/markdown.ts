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
