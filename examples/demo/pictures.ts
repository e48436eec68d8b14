/** Pictures made of characters: bars, sparklines, wrapped text. */

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const LEVELS = "▁▂▃▄▅▆▇█";

/** A bar as long as `share` (0 to 1) of `width`, with spaces up to `width`. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(Math.max(share, 0), 1) * width * 8);
  const filled = "█".repeat(eighths >> 3) + EIGHTHS[eighths & 7];
  return filled.padEnd(width);
}

/** A bar from an axis in the middle: to the left for negative values, `largest` reaching either end. */
export function signedBar(value: number, largest: number, width: number): string {
  const side = Math.floor(width / 2);
  const halves = Math.round((Math.min(Math.abs(value) / largest, 1) || 0) * side * 2);
  const blocks = "█".repeat(halves >> 1);
  const odd = halves % 2 === 1;
  if (value < 0) return `${((odd ? "▐" : "") + blocks).padStart(side)}│${" ".repeat(side)}`;
  return `${" ".repeat(side)}│${(blocks + (odd ? "▌" : "")).padEnd(side)}`;
}

/** One character a value, as high as the value is beside the largest; nothing where there is nothing. */
export function sparkline(values: readonly number[]): string {
  const largest = Math.max(...values);
  return values
    .map((value) => (value > 0 ? LEVELS[Math.ceil((value / largest) * LEVELS.length) - 1] : " "))
    .join("");
}

/** How many values fall into each of `bins` equal parts of `low` … `high`; those beyond count at the ends. */
export function histogram(
  values: Iterable<number>,
  low: number,
  high: number,
  bins: number,
): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.floor(((value - low) / (high - low)) * bins);
    counts[Math.min(Math.max(bin, 0), bins - 1)]++;
  }
  return counts;
}

/** Breaks text into lines of at most `width` characters, at spaces; keeps the line breaks that it has. */
export function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((paragraph) => wrapParagraph(paragraph, width));
}

function wrapParagraph(paragraph: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of paragraph.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** A number with a fixed count of decimals and no minus before a zero. */
export function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return /^-0\.?0*$/.test(text) ? text.slice(1) : text;
}

/** A whole number with a comma every three digits. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}
