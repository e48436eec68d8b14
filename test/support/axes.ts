/** The axes of an array by its indices, for the tests of `shape` and `axis`. */

export type Result = Float32Array | Int32Array;

export const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** For each value of an array of this shape, by its indices: where it is once `axis` is the last one. */
export function moved(shape: readonly number[], axis: number): Int32Array {
  const rest = shape.filter((_, i) => i !== axis);
  const places = new Int32Array(sizeOf(shape));
  const indices = shape.map(() => 0);
  for (let at = 0; at < places.length; at++) {
    let place = 0;
    const others = indices.filter((_, i) => i !== axis);
    for (const [i, index] of others.entries()) place = place * (rest[i] as number) + index;
    places[at] = place * (shape[axis] as number) + (indices[axis] as number);
    for (let i = shape.length - 1; i >= 0 && ++indices[i] === shape[i]; i--) indices[i] = 0;
  }
  return places;
}

/** The values with the axis moved last, and back. */
export const toLast = <T extends Result | Uint8Array>(x: T, places: Int32Array): T => {
  const last = x.slice() as T;
  for (let i = 0; i < x.length; i++) last[places[i] as number] = x[i] as number;
  return last;
};
export const fromLast = <T extends Result>(last: T, places: Int32Array): T => {
  const x = last.slice() as T;
  for (let i = 0; i < x.length; i++) x[i] = last[places[i] as number] as number;
  return x;
};
