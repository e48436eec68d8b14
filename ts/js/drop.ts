/** What filters do to a row. */

/** Drops the logits below `least`. */
export function dropBelow(row: Float32Array, classes: number, least: number): void {
  for (let i = 0; i < classes; i++) if (!(row[i] >= least)) row[i] = Number.NEGATIVE_INFINITY;
}

/** Drops all but one. */
export function keepOnly(row: Float32Array, classes: number, column: number): void {
  const value = row[column];
  row.fill(Number.NEGATIVE_INFINITY, 0, classes);
  row[column] = value;
}
