/** What a plan works in: kernels, and arrays that they use where these lie. */

import { stateError } from "./check.ts";
import type { Kernels } from "./kernels.ts";

export interface Shape {
  readonly rows: number;
  readonly classes: number;
}

/** The arrays of a workspace by name, with their lengths. */
export type Lengths<Name extends string> = Readonly<Record<Name, number>>;

/** Kernels for batches of one shape, and arrays that are neither copied nor moved. Garbage like any other object. */
export interface Workspace<Name extends string> {
  readonly kernels: Kernels;
  readonly arrays: Readonly<Record<Name, Float32Array>>;
}

/** A workspace of ordinary arrays, for kernels in TypeScript: these copy nothing anyway. */
export function plainWorkspace<Name extends string>(
  kernels: Kernels,
  shape: Shape,
  lengths: Lengths<Name>,
): Workspace<Name> {
  const places = Object.entries<number>(lengths);
  try {
    const arrays = places.map(([name, length]) => [name, new Float32Array(length)]);
    return { kernels, arrays: Object.fromEntries(arrays) };
  } catch {
    throw tooLarge(shape);
  }
}

export function tooLarge({ rows, classes }: Shape): RangeError {
  return stateError("rows", `as many as fit in memory with ${classes} classes each`, `${rows}`);
}

export function tooWide(bytes: number): RangeError {
  return stateError("classes", "as many as fit in memory for one row", `${bytes} bytes`);
}
