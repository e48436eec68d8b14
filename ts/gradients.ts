/** The shape of every backward and forward product: by the name of what was given. */

import type { Matrix, PerRow } from "./arrays.ts";

/** Options of a backward product. */
export interface VjpOptions {
  /** Where the gradient by the input goes: a Float32Array of its length; may be the upstream itself. */
  out?: Float32Array | undefined;
}

/** Options of a forward product. */
export interface JvpOptions {
  /** Where the tangent goes: a Float32Array of its length; may be the input's tangent itself. */
  out?: Float32Array | undefined;
}

/** A gradient by what a function was given. */
export interface Gradient {
  /** By the input, in its shape. */
  readonly input: Float32Array;
}

/** A direction in what a function was given. */
export interface InputTangent {
  /** Of the input, in its shape. */
  readonly input: Matrix;
}

/** A value with its derivative in both directions; V is the shape of what arrives from upstream. */
export interface Differentiable<V> {
  /** The value. */
  readonly value: Float32Array;
  /** Backward: the gradient of ⟨v, value⟩. May be called often. */
  vjp(v: V, options?: VjpOptions): Gradient;
  /** Forward: the derivative of the value along a tangent of the input. May be called often. */
  jvp(tangent: InputTangent, options?: JvpOptions): Float32Array;
}

/** One upstream value a row, or one for all. */
export type RowUpstream = PerRow<number>;

export const PRODUCT_OPTIONS = ["out"];
