/** Both backends, and batches for them. */

import { readFileSync } from "node:fs";
import { type BatchArguments, makeBatch } from "../../ts/batch.ts";
import type { EstimatorKernels } from "../../ts/estimators/kernels.ts";
import { createWasmEstimatorKernels } from "../../ts/estimators/wasm.ts";
import { createKernels } from "../../ts/js/index.ts";
import type { Batch, Kernels } from "../../ts/kernels.ts";
import { createKernels as createWasmKernels, prepare } from "../../ts/wasm.ts";
import type { WordKey } from "./words.ts";

export const wasmBytes = readFileSync(new URL("../../ts/wasm/gumbel_bg.wasm", import.meta.url));

export const js: Kernels = createKernels();
const instance = prepare(new WebAssembly.Module(wasmBytes));
export const wasm: Kernels = createWasmKernels(instance);
export const wasmEstimators: EstimatorKernels = createWasmEstimatorKernels(instance);

/** For `describe.each`. */
export const BACKENDS: [name: string, kernels: Kernels][] = [
  ["TypeScript", js],
  ["wasm", wasm],
];

export interface BatchSpec {
  readonly rows: number;
  readonly classes: number;
  readonly key?: WordKey;
  /** τ or temperature, one or one a row. */
  readonly t?: number | number[];
  readonly weights?: boolean;
  readonly mark?: boolean;
  readonly first?: number;
}

const KEY: WordKey = { seed: 1n, stream: 0, row: 0 };

export function batchOf({ rows, classes, key = KEY, t, weights, mark, first }: BatchSpec): Batch {
  const given: BatchArguments = {
    key: { ...key, rng: undefined },
    from: weights ? "weights" : "logits",
    onInvalidRow: mark ? "mark" : "throw",
  };
  if (t !== undefined) given.t = t;
  if (first !== undefined) given.draw = first;
  return makeBatch({ rows, classes }, given);
}
