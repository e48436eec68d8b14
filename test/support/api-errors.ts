/** What the tests of the API share about errors. */

import { expect, test } from "vitest";

/** A name, a call that must throw, and its error as `"RangeError: message"`. */
export type Refused = readonly [name: string, call: () => unknown, error: string];

/** The error of a call as one string; `"no error"` where there is none. */
export function errorOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return shown(error);
  }
  return "no error";
}

/** The same of a promise. */
export function rejectionOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => "no error", shown);
}

function shown(error: unknown): string {
  if (!(error instanceof Error)) return `not an Error: ${error}`;
  return `${error.constructor.name}: ${error.message}`;
}

/** One test a call. */
export function refused(cases: readonly Refused[]): void {
  test.each(cases)("%s", (_, call, error) => {
    expect(errorOf(call)).toBe(error);
  });
}

/** Any function of the package, for arguments that its types forbid. */
// biome-ignore lint/suspicious/noExplicitAny: that is what these tests pass
export type Untyped = (...args: any[]) => any;

/** A view whose buffer has been moved away. */
export function detached<T extends ArrayBufferView>(view: T): T {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

/** Things that are no array, and how a message shows them. */
export const NO_ARRAY: [value: unknown, shown: string][] = [
  [null, "null"],
  ["abc", '"abc"'],
  [5n, "5n"],
  [true, "true"],
  [() => 1, "a function"],
  [Symbol("x"), "a symbol"],
  [{}, "an Object"],
  [Object.create(null), "an Object"],
  [new (class {})(), "an Object"],
  [{ length: -1 }, "an Object"],
  [{ length: 1.5 }, "an Object"],
  [new Map(), "a Map"],
  [new ArrayBuffer(8), "an ArrayBuffer"],
  [new DataView(new ArrayBuffer(8)), "a DataView"],
];
