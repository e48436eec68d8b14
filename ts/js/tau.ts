/**
 * The part of τ in the gradients of a soft sample.
 *
 * With ẑ = (s − max s)/τ, the sample depends on τ by dẑ/dτ = −ẑ/τ. Absolute scores would lose every
 * digit in the sum, hence the relative ones; they are recomputed from the input and the key only
 * when someone asks for them.
 */

import { canonical } from "./math.ts";
import { dot } from "./reduce.ts";
import { certainClass, type Noise, scores } from "./relaxed.ts";
import { type Input, inspect, type Params } from "./row.ts";
import { certain, scale } from "./softmax.ts";
import { fixNaNs } from "./vjp.ts";

const fround = Math.fround;

/** `out` = ẑ ≤ 0, −∞ for the impossible classes. Returns whether the row is valid. */
export function relativeScores(
  input: Input,
  classes: number,
  params: Params,
  noise: Noise,
  out: Float32Array,
): boolean {
  const { logits, at } = input;
  const max = inspect(logits, at, classes);
  if (Number.isNaN(max)) return false;
  if (max === Number.POSITIVE_INFINITY) {
    const column = certainClass(input, classes, noise);
    if (column >= 0) certain(column, out, 0, classes);
    return column >= 0;
  }
  const index = scores(logits, at, classes, max, 1, noise, out);
  if (index < 0) return false;
  const largest = out[index];
  const inverse = params.scale;
  // + 0 turns −0 into 0: a tangent keeps the sign, and nothing may depend on it (rule 2).
  for (let i = 0; i < classes; i++) out[i] = fround(fround(out[i] - largest) * inverse) + 0;
  return true;
}

/**
 * Turns dz = y ⊙ (v − ⟨y, v⟩) into the gradient by the logits, dz/τ, and returns the one by τ,
 * −(1/τ)·Σ ẑ·dz.
 */
export function finishGradient(
  dz: Float32Array,
  at: number,
  classes: number,
  relative: Float32Array,
  params: Params,
): number {
  const byTau = fround(0 - fround(params.scale * dot(dz, at, relative, 0, classes)));
  scale(dz, at, classes, params.scale);
  if (Number.isNaN(byTau)) fixNaNs(dz, at, classes);
  return canonical(byTau);
}

/** `tangent −= ẑ·τ̇`: what a tangent of τ adds to the tangent of the logits. */
export function addTangent(
  tangent: Float32Array,
  classes: number,
  relative: Float32Array,
  tauTangent: number,
): void {
  for (let i = 0; i < classes; i++) {
    tangent[i] = fround(tangent[i] - fround(relative[i] * tauTangent));
  }
}
