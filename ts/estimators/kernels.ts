/** The kernels that only estimators and relaxed laws need: apart from the others, so that bundlers can leave them out. */

import { instance } from "../backend.ts";
import { createJsEstimatorKernels } from "../js/estimators.ts";
import type { Batch } from "../kernels.ts";
import type { Instance } from "../wasm.ts";
import { createWasmEstimatorKernels } from "./wasm.ts";

/** As `Kernels`: whole batches, row-major, checked before, and rows completed as result. */
export interface EstimatorKernels {
  /** The logarithm of the soft sample. */
  logGumbelSoftmax(
    batch: Batch,
    x: Float32Array,
    noise: Float32Array | undefined,
    out: Float32Array,
  ): number;
  /**
   * The gradient of Gumbel-Rao by the input: of the soft sample at τ, averaged over `replicas` of the noise given the
   * class `index` of each row, with the upstream `v`. NaN in a row that is invalid or has the index −1.
   */
  gumbelRao(
    batch: Batch,
    x: Float32Array,
    index: Int32Array,
    v: Float32Array,
    replicas: number,
    out: Float32Array,
  ): void;
  /** Relaxed Bernoulli variables, each entry for itself. Given noise is logistic. */
  binaryConcrete(
    batch: Batch,
    x: Float32Array,
    noise: Float32Array | undefined,
    out: BinaryOut,
  ): number;
}

/** What is wanted of relaxed Bernoulli variables: σ(s/τ), s/τ, and whether s > 0, as 1 or 0. */
export interface BinaryOut {
  readonly soft?: Float32Array | undefined;
  readonly logit?: Float32Array | undefined;
  readonly hard?: Float32Array | undefined;
}

let made: { readonly of: Instance | undefined; readonly kernels: EstimatorKernels } | undefined;

/** Those of the backend that runs. */
export function estimatorKernels(): EstimatorKernels {
  const of = instance();
  if (made === undefined || made.of !== of) {
    const kernels = of === undefined ? createJsEstimatorKernels() : createWasmEstimatorKernels(of);
    made = { of, kernels };
  }
  return made.kernels;
}
