/** Masks and biases: from what the caller gives to the edits that kernels make. */

import {
  checkApart,
  checkAttached,
  type Matrix,
  type Rows,
  readLikeRow,
  toFloat32,
} from "./arrays.ts";
import { gatherBytes, type Layout } from "./axis.ts";
import { kernels } from "./backend.ts";
import type { From } from "./batch.ts";
import { isPlainObject, kindError, stateError, valueError } from "./check.ts";
import { packMask } from "./js/pack-mask.ts";
import type { Edits } from "./kernels.ts";

/** Options of functions that can be kept from drawing some classes. */
export interface RestrictionOptions {
  /**
   * Which classes may be drawn, `[classes]` for all rows or `[rows, classes]`: a Uint8Array, 0 = forbidden; or a bit
   * set of ⌈classes/32⌉ words a row, class i in bit i mod 32 of word ⌊i/32⌋, 1 = allowed (as XGrammar and llguidance
   * have it). What a forbidden class holds isn't looked at.
   */
  mask?: Uint8Array | Uint32Array | Int32Array | undefined;
  /**
   * Added to the logits, before the temperature: `[classes]` for all rows or `[rows, classes]`, or by class for all
   * rows, as a Map or a plain object. −∞ forbids, also where the logit is +∞. Sums are float32. Not with weights.
   */
  bias?: Matrix | ReadonlyMap<number, number> | Readonly<Record<number, number>> | undefined;
}

export const RESTRICTION_OPTIONS = ["mask", "bias"] as const;

/** A change to single values of a row that begins at `x[at]`. */
export type EachEdit = NonNullable<Edits["each"]>;

/** Reads mask and bias; undefined where there is neither. `out` is what the caller gave. */
export function readEdits(
  options: RestrictionOptions,
  input: Rows,
  from: From,
  out: unknown,
): Edits | undefined {
  if (options.mask === undefined && options.bias === undefined) return undefined;
  return readSome(options, input, from, out);
}

// Apart, since every call comes past.
function readSome(
  { mask, bias }: RestrictionOptions,
  input: Rows,
  from: From,
  out: unknown,
): Edits {
  if (bias !== undefined && from === "weights") {
    throw kindError("bias", "no weights with it (use logits)", bias);
  }
  for (const [label, view] of viewsOf(out)) {
    checkApart(label, view, [
      ["mask", mask],
      ["bias", bias],
    ]);
  }
  const single = bias === undefined ? undefined : entriesOf(bias);
  return {
    mask: mask === undefined ? undefined : readMask(mask, input),
    bias: bias === undefined || single !== undefined ? undefined : readLikeRow("bias", bias, input),
    each: single && eachBias(readEntries(single, input.classes)),
  };
}

type View = Uint8Array | Uint32Array | Int32Array;

type OutView = readonly [label: string, view: Int32Array | Float32Array];

/** The arrays that results go to: one, or one a name. */
function viewsOf(out: unknown, label = "out"): OutView[] {
  if (out instanceof Int32Array || out instanceof Float32Array) return [[label, out]];
  return Object.entries(out ?? {}).flatMap(([name, view]) => viewsOf(view, `${label}.${name}`));
}

/** A mask as a bit set, one row for all or one a row. */
function readMask(mask: unknown, layout: Layout): Int32Array {
  const { rows, classes } = layout;
  const words = Math.ceil(classes / 32);
  if (mask instanceof Uint8Array) {
    checkLength("mask", mask, rows, classes);
    return bitsOf(mask.length === classes ? mask : gatherBytes(mask, layout), classes, words);
  }
  if (mask instanceof Uint32Array || mask instanceof Int32Array) {
    checkLength("mask", mask, rows, words);
    return new Int32Array(mask.buffer as ArrayBuffer, mask.byteOffset, mask.length);
  }
  const expected = "a Uint8Array, or a bit set as Uint32Array or Int32Array";
  throw kindError("mask", expected, mask);
}

function checkLength(label: string, view: View, rows: number, width: number): void {
  const { length } = view;
  if (length === width || length === rows * width) return;
  if (length === 0) checkAttached(label, view);
  const each = rows === 1 ? "" : `, for all rows, or ${rows * width} (${rows} x ${width})`;
  const expected = `length ${width}${each}`;
  throw stateError(label, expected, `length ${length}`);
}

/** From so many bytes on a call of a kernel pays. */
const LONG_MASK = 512;

function bitsOf(mask: Uint8Array, classes: number, words: number): Int32Array {
  const bits = new Int32Array((mask.length / classes) * words);
  if (mask.length < LONG_MASK) packMask(mask, classes, bits);
  else kernels().packMask(mask, classes, bits);
  return bits;
}

/** The entries of a bias by class; undefined where it is an array. */
function entriesOf(bias: unknown): [id: unknown, value: unknown][] | undefined {
  if (isMap(bias)) return [...bias];
  if (typeof bias === "object" && bias !== null && "length" in bias) return undefined;
  if (!isPlainObject(bias)) throw kindError("bias", "an array, a Map or a plain object", bias);
  return Object.entries(bias).map(([id, value]) => [
    /^(0|[1-9]\d*)$/.test(id) ? Number(id) : id,
    value,
  ]);
}

/** Of this realm or another. */
function isMap(x: unknown): x is Map<unknown, unknown> {
  return Object.prototype.toString.call(x) === "[object Map]";
}

function readEntries(
  entries: [id: unknown, value: unknown][],
  classes: number,
): [ids: Int32Array, values: Float32Array] {
  const ids = new Int32Array(entries.length);
  const values = new Float32Array(entries.length);
  const seen = new Set<number>();
  entries.forEach(([id, value], i) => {
    const number = readId("bias", id, classes);
    const label = `bias[${number}]`;
    if (seen.has(number)) throw valueError("bias", "each class once", id);
    seen.add(number);
    if (Number.isNaN(value)) throw valueError(label, "no NaN", value);
    ids[i] = number;
    values[i] = toFloat32(label, value);
  });
  return [ids, values];
}

/** The number of a class; bigint ones are as good, since tensors of ids hold them. */
export function readId(label: string, id: unknown, classes: number): number {
  const number = typeof id === "bigint" ? Number(id) : id;
  if (typeof number !== "number") throw kindError(label, "numbers of classes", id);
  if (Number.isInteger(number) && number >= 0 && number < classes) return number;
  throw valueError(label, `numbers of classes, 0 to ${classes - 1}`, id);
}

function eachBias([ids, values]: [Int32Array, Float32Array]): EachEdit {
  return (x, at) => {
    for (let i = 0; i < ids.length; i++) {
      const place = at + (ids[i] as number);
      const [logit, bias] = [x[place] as number, values[i] as number];
      const isForbidden = logit === -Infinity || bias === -Infinity;
      x[place] = isForbidden ? -Infinity : logit + bias;
    }
  };
}
