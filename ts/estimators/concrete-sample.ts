/** What can be a sample of a Concrete law. */

import type { Rows } from "../arrays.ts";
import { stateError } from "../check.ts";

/** What a sample of a Concrete law is given as: its logarithm, ≤ 0, or the point of the simplex itself, in [0, 1]. */
export type ConcreteSpace = "log" | "simplex";

/** Whether a row can be one: in log space below +∞, on the simplex finite and ≥ 0, and somewhere above −∞, or 0. */
export function isSample(
  sample: Float32Array,
  at: number,
  classes: number,
  space: ConcreteSpace,
): boolean {
  const edge = space === "log" ? -Infinity : 0;
  let most = edge;
  for (let i = at; i < at + classes; i++) {
    const x = sample[i];
    if (!(x >= edge && x < Infinity)) return false;
    if (x > most) most = x;
  }
  return most > edge;
}

/** Throws where the row that ended a call is no sample. */
export function checkSample(
  row: number,
  { data, rows, classes }: Rows,
  space: ConcreteSpace,
): void {
  if (row >= rows || isSample(data, row * classes, classes, space)) return;
  const values = data.subarray(row * classes, (row + 1) * classes);
  const isLog = space === "log";
  const bad = values.findIndex((x) => !(x < Infinity && (isLog || x >= 0)));
  if (bad >= 0) {
    const expected = isLog ? "values below Infinity" : "finite values >= 0";
    throw stateError("sample", expected, `${values[bad]} at row ${row}, class ${bad}`);
  }
  const edge = isLog ? "-Infinity" : "0";
  throw stateError("sample", `a value above ${edge} in each row`, `none in row ${row}`);
}
