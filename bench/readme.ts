/** The short table in the README, between two comments. */

import { JS_BACKEND, PLAIN, REFERENCE } from "./contestant.ts";
import { between, speed, table } from "./markdown.ts";
import { mark, type Run } from "./run.ts";
import {
  MAIN,
  OPERATIONS,
  type Operation,
  SHORT,
  type Shape,
  TAU,
  task,
  title,
  WIDE,
} from "./tasks.ts";

const START = "<!-- bench: written by bench/readme.ts -->";
const END = "<!-- /bench -->";

const [, WIDEST] = WIDE;

const ROWS: readonly (readonly [Operation, Shape])[] = [
  ["noise", MAIN],
  ["soft", MAIN],
  ["soft", SHORT],
  ["softGiven", MAIN],
  ["backward", MAIN],
  ["forwardBackward", MAIN],
  ["gumbelMax", MAIN],
  ["inverseCdf", MAIN],
  ["manyDraws", MAIN],
  ["topK50", WIDEST],
  ["topP", WIDEST],
];

/** Who has operations of many kinds; RESULTS.md has all. */
const SHOWN = [
  ...[REFERENCE, "gumbel, new array", "gumbel, plan", JS_BACKEND],
  ...[PLAIN, "tfjs wasm", "jax-js wasm", "transformers.js", "PyTorch", "JAX", "numpy f32"],
];

/** The README with the figures of `run`. */
export function withFigures(readme: string, run: Run): string {
  return between(readme, START, END, figures(run));
}

function figures(run: Run): string {
  const columns = run.contestants.filter((name) => SHOWN.includes(name));
  const rows = ROWS.map(([operation, shape]) => [
    shape === MAIN ? OPERATIONS[operation] : `${OPERATIONS[operation]}, ${title(shape)}`,
    ...columns.map((contestant) => {
      const at = task(operation, shape);
      const times = run.results.numbers(at, contestant);
      return times ? `${speed(times)}${mark(run, at, contestant)}` : "–";
    }),
  ]);
  const machine = run.machine.slice(0, 2).join(", ");
  return [
    `Million elements a second on one core (draws: million draws), ${title(MAIN)} where no other shape is named, τ = ${TAU}, by \`${run.command}\` (${machine}). It checks answers first; "✗" failed, "–" isn't there. [RESULTS.md](bench/RESULTS.md) has spreads, other shapes, small and first calls, scale, where gumbel loses, and versions; the main figures are also [a chart](bench/results.svg).`,
    table(["", ...columns], rows),
  ].join("\n\n");
}
