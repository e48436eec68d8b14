/** Which kernels run: WebAssembly where it can, else the same kernels in TypeScript, with the same bits. */

import { createKernels } from "./js/index.ts";
import { type Kernels, RECORD } from "./kernels.ts";
import bytes from "./wasm/gumbel_bg.wasm";
import { instantiate } from "./wasm.ts";

/** The kernels that run, and why these. */
export interface Backend {
  /** `"wasm-simd"`, or `"js"` where WebAssembly can't be had. */
  readonly name: "wasm-simd" | "js";
  /** Why, in a sentence. */
  readonly reason: string;
}

interface Chosen extends Backend {
  readonly kernels: Kernels;
}

let chosen: Chosen | undefined;

/** The kernels of this process: chosen at the first call, nothing happens at import. */
export function kernels(): Kernels {
  chosen ??= choose();
  return chosen.kernels;
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
    const wasm = instantiate(bytes);
    checkKnownAnswer(wasm);
    return { name: "wasm-simd", reason: "WebAssembly SIMD is available", kernels: wasm };
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
