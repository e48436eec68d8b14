/** Everything that a run of the benchmark found: what report.ts, readme.ts and chart.ts show. */

import { type Check, describeCheck, hasFailed } from "./checks.ts";
import type { Cold } from "./cold.ts";
import type { Results } from "./measure.ts";
import type { Streams, Width } from "./scale.ts";
import type { Task } from "./tasks.ts";

export interface Run {
  readonly command: string;
  /** Processor, engine, versions, date, a line each. */
  readonly machine: readonly string[];
  readonly notes: readonly string[];
  /** Who takes no part though asked to, and why. */
  readonly absent: readonly string[];
  /** In the order of the tables. */
  readonly contestants: readonly string[];
  readonly checks: readonly Check[];
  readonly results: Results;
  readonly cold: readonly Cold[];
  readonly streams: Streams;
  readonly widths: readonly Width[];
}

/** All that went wrong, in words. */
export function failures({ absent, checks, results, widths }: Run): string[] {
  const times = [results.all(), widths.flatMap(({ noise, soft }) => [noise, soft])].flat();
  return [
    ...absent,
    ...checks.filter(hasFailed).map((check) => describeCheck(check)),
    ...times.filter((time) => time instanceof Error).map(({ message }) => message),
  ];
}

/** Behind a figure whose answers were found wrong; else empty. */
export function mark(
  { checks }: Run,
  { operation, classes, tau }: Task,
  contestant: string,
): string {
  const failed = checks.some(
    (check) =>
      check.contestant === contestant &&
      check.task.operation === operation &&
      check.task.classes === classes &&
      check.task.tau === tau &&
      hasFailed(check),
  );
  return failed ? " ✗" : "";
}
