/** The shape of every backward and forward product: by the name of what was given. */

import type { Matrix, PerRow } from "./arrays.ts";

/** Options of a backward product, `vjp`. */
export interface VjpOptions {
  /**
   * Where the gradient by the input goes: a Float32Array of the input's length. It may be the upstream itself, and
   * shares no memory with what the derivatives are kept in. Default: a new one.
   */
  out?: Float32Array | undefined;
}

/** Options of a forward product, `jvp`. */
export interface JvpOptions {
  /**
   * Where the tangent of the value goes: a Float32Array of the value's length. It may be the input's tangent itself,
   * where the lengths agree, and shares no memory with what the derivatives are kept in. Default: a new one.
   */
  out?: Float32Array | undefined;
}

/** What a backward product gives: d loss by what the function was given. */
export interface Gradient {
  /** By the input, `[rows, classes]`, row-major: by the logits, or by the weights if those were given. */
  readonly input: Float32Array;
}

/** What a forward product is along: a direction in what the function was given. */
export interface InputTangent {
  /** Of the input, `[rows, classes]`. */
  readonly input: Matrix;
}

/**
 * A value with its derivatives, backward and forward. Either may be called often.
 *
 * @typeParam V - What arrives from upstream: a {@link Matrix}, or a {@link RowUpstream} for one value a row.
 *
 * @example
 * ```ts
 * const { value, vjp, jvp } = softmaxVjp([0, 0]);
 * value; // Float32Array [0.5, 0.5]
 * vjp([1, 0]).input; // Float32Array [0.25, -0.25], the gradient of 1·value[0] + 0·value[1]
 * jvp({ input: [1, 0] }); // Float32Array [0.25, -0.25], how the value changes with x[0]
 * ```
 */
export interface Differentiable<V> {
  /** The value, as the plain function returns it: `[rows, classes]`, or one a row for {@link logSumExpVjp}. */
  readonly value: Float32Array;
  /**
   * Backward: the gradient of ⟨v, value⟩ by the input.
   *
   * @param v - d loss / d value, in the value's shape. Where a class is impossible nothing of it is looked at.
   * @param options - Where the result goes.
   * @returns The gradient by the input, `[rows, classes]`.
   * @throws TypeError for an argument of the wrong kind, or where an array that is kept has been detached.
   * @throws RangeError for a wrong length, or an `out` that shares memory with what is kept.
   */
  vjp(v: V, options?: VjpOptions): Gradient;
  /**
   * Forward: the derivative of the value along a tangent of the input.
   *
   * @param tangent - The direction, `{ input }` with `[rows, classes]`.
   * @param options - Where the result goes.
   * @returns The tangent of the value, in its shape.
   * @throws TypeError for an argument of the wrong kind, or where an array that is kept has been detached.
   * @throws RangeError for a wrong length, or an `out` that shares memory with what is kept.
   */
  jvp(tangent: InputTangent, options?: JvpOptions): Float32Array;
}

/** What arrives from upstream where the value is one number a row: one a row, or one for all. */
export type RowUpstream = PerRow<number>;

export const PRODUCT_OPTIONS = ["out"];
