/** Which kernels run: WebAssembly where it can, else the same kernels in TypeScript, with the same bits. */

import { decodeBase64 } from "./base64.ts";
import { createKernels } from "./js/index.ts";
import { type Kernels, RECORD } from "./kernels.ts";
import base64 from "./wasm/gumbel_bg.wasm";
import { createWorkspace, instantiate } from "./wasm.ts";
import { type Lengths, plainWorkspace, type Shape, type Workspace } from "./workspace.ts";

/** The kernels that run, and why these. */
export interface Backend {
  /** `"wasm-simd"`, or `"js"` where WebAssembly can't be had. */
  readonly name: "wasm-simd" | "js";
  /** Why, in a sentence. */
  readonly reason: string;
}

interface Chosen extends Backend {
  readonly kernels: Kernels;
  /** Compiled once; absent where the kernels are in TypeScript. */
  readonly module?: WebAssembly.Module;
}

let chosen: Chosen | undefined;

/** The kernels of this process: chosen at the first call, nothing happens at import. */
export function kernels(): Kernels {
  chosen ??= choose();
  return chosen.kernels;
}

/** A workspace for batches of one shape, made by the backend that runs. */
export function workspace<Name extends string>(
  shape: Shape,
  lengths: Lengths<Name>,
): Workspace<Name> {
  chosen ??= choose();
  const { module } = chosen;
  return module === undefined
    ? plainWorkspace(chosen.kernels, shape, lengths)
    : createWorkspace(module, shape, lengths);
}

/**
 * Which backend computes, and why: `"wasm-simd"`, or `"js"` where WebAssembly or its SIMD is missing or a policy
 * forbids to compile it. The values are the same, bit for bit; the speed isn't.
 *
 * @example
 * ```ts
 * backend(); // { name: "wasm-simd", reason: "WebAssembly SIMD is available" }
 * ```
 */
export function backend(): Backend {
  chosen ??= choose();
  const { name, reason } = chosen;
  return { name, reason };
}

function choose(): Chosen {
  try {
    // Synchronously, on the first call.
    const module = new WebAssembly.Module(decodeBase64(base64));
    const wasm = instantiate(module);
    checkKnownAnswer(wasm);
    return { name: "wasm-simd", reason: "WebAssembly SIMD is available", kernels: wasm, module };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return {
      name: "js",
      reason: `WebAssembly SIMD isn't available: ${detail}`,
      kernels: createKernels(),
    };
  }
}

/** Seed 0, stream 0, row 0: the bits of the first four values. A SIMD that computes wrongly was met in the field. */
const KNOWN_NOISE = [0x3f2cc257, 0xbf40eb19, 0xbe9249cd, 0x3d946d1e];

function checkKnownAnswer(wasm: Kernels): void {
  const noise = new Float32Array(KNOWN_NOISE.length);
  const params = (words: Uint32Array) => words.fill(0, 0, RECORD);
  wasm.noise({ rows: 1, classes: noise.length, params, weights: false, mark: false }, noise);
  const bits = new Uint32Array(noise.buffer);
  if (KNOWN_NOISE.some((known, i) => bits[i] !== known)) {
    throw new Error("it fails a known-answer check");
  }
}
