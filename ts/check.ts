/** Argument checks. TypeError for the kind, RangeError for the value; label first, value last. */

/** How a value reads in a message. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (typeof value !== "object" || value === null) return String(value);
  const tag = (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  const name = String(tag || value.constructor?.name || "Object");
  return /^(?!Ui)[AEIOU]|^Rng$/.test(name) ? `an ${name}` : `a ${name}`;
}

/** A TypeError: the argument is of the wrong kind. Built on the throw path alone. */
export function kindError(label: string, expected: string, got: unknown): TypeError {
  return new TypeError(message(label, expected, show(got)));
}

/** A RangeError: the argument is of the right kind and has the wrong value. */
export function valueError(label: string, expected: string, got: unknown): RangeError {
  return new RangeError(message(label, expected, show(got)));
}

/** A RangeError that says in words what it got. */
export function stateError(label: string, expected: string, got: string): RangeError {
  return new RangeError(message(label, expected, got));
}

/** An Error: the call comes at the wrong time. */
export function orderError(label: string, expected: string, got: string): Error {
  return new Error(message(label, expected, got));
}

function message(label: string, expected: string, got: string): string {
  return `"${label}" expected ${expected}, got ${got}`;
}

/** An integer from `least` to `most`, a power of two or one less; `hint` is for those who need more. */
export function integer(
  label: string,
  value: unknown,
  least: number,
  most: number,
  hint = "",
): number {
  if (typeof value !== "number") throw kindError(label, "a number", value);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const power = Math.round(Math.log2(most));
  const bound = most === 2 ** power ? `2^${power}` : `2^${power} - 1`;
  throw valueError(label, `an integer from ${least} to ${bound}${value > most ? hint : ""}`, value);
}

/** An option that is true or false; `absent` where it isn't given. */
export function readFlag(label: string, value: unknown, absent: boolean): boolean {
  if (value === undefined) return absent;
  if (typeof value !== "boolean") throw kindError(label, "true or false", value);
  return value;
}

/** One of a few strings. */
export function choice<T extends string>(label: string, value: unknown, choices: readonly T[]): T {
  if (choices.includes(value as T)) return value as T;
  const expected = choices.map((name) => JSON.stringify(name)).join(" or ");
  throw typeof value === "string"
    ? valueError(label, expected, value)
    : kindError(label, expected, value);
}

/**
 * The options object of a call: `undefined` counts as absent, and so does an option that is `undefined`. An option
 * the function doesn't know is refused, since a misspelt `seed` would silently draw other values.
 */
export function checkOptions(options: unknown, known: readonly string[]): void {
  checkNames("options", options, known);
}

/**
 * A plain object with known names only. A class instance is refused too: in `gumbelMax(logits, rng)` the generator's
 * `seed` would pass for the option and draw the same values at each call.
 */
export function checkNames(label: string, object: unknown, known: readonly string[]): void {
  if (!isPlainObject(object)) throw kindError(label, "a plain object", object);
  for (const name in object) {
    if (!known.includes(name)) throw kindError(label, `only ${known.join(", ")}`, name);
  }
}

/** Of this realm or another. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
