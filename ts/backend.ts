/** Which kernels run: WebAssembly where it can, else the same kernels in TypeScript, with the same bits. */

import { choice } from "./check.ts";
import { createKernels as createJsKernels, createKeptLaw } from "./js/index.ts";
import { type KeptLaw, type Kernels, RECORD } from "./kernels.ts";
import { type Compile, source } from "./source.ts";
import { createKernels, createWorkspace, type Instance, prepare } from "./wasm.ts";
import { createWasmLaw } from "./wasm-law.ts";
import { type Lengths, plainWorkspace, type Shape, type Workspace } from "./workspace.ts";

/** `"wasm-simd"`: WebAssembly with SIMD128; or `"js"`: the same kernels in TypeScript. */
export type BackendName = "wasm-simd" | "js";

/** Which kernels run, and why these. */
export interface Backend {
  /** Which: `"js"` where WebAssembly SIMD can't be had, or was not wanted. */
  readonly name: BackendName;
  /** Why, in a sentence: for `"js"` with what was missing or refused. */
  readonly reason: string;
}

interface Chosen extends Backend {
  readonly kernels: Kernels;
  /** Compiled once; absent where the kernels are in TypeScript, as is the instance. */
  readonly module?: WebAssembly.Module;
  readonly instance?: Instance;
}

let chosen: Chosen | undefined;

/** The backend of this process: chosen at the first call, nothing happens at import. */
function current(): Chosen {
  chosen ??= choose(source());
  return chosen;
}

/** The kernels of this process. */
export function kernels(): Kernels {
  return current().kernels;
}

/** The instance whose kernels run; undefined where they are in TypeScript. */
export function instance(): Instance | undefined {
  return current().instance;
}

/** A workspace for batches of one shape, made by the backend that runs. */
export function workspace<Name extends string>(
  shape: Shape,
  lengths: Lengths<Name>,
): Workspace<Name> {
  const { kernels, module } = current();
  return module === undefined
    ? plainWorkspace(kernels, shape, lengths)
    : createWorkspace(module, shape, lengths);
}

/** A law of so many classes to keep, made by the backend that runs. */
export function keptLaw(classes: number): KeptLaw {
  const { module } = current();
  return module === undefined ? createKeptLaw(classes) : createWasmLaw(module, classes);
}

/**
 * Which backend computes, and why: `"wasm-simd"`, or `"js"` where WebAssembly or its SIMD is missing or a policy
 * forbids to compile it.
 *
 * The values are the same, bit for bit; the speed isn't. The choice is made once, at the first call of any function.
 *
 * @returns The name and the reason.
 * @throws Error before `init` has finished, in `gumbel/slim` alone.
 * @see [WebAssembly SIMD](https://github.com/WebAssembly/simd), which the faster kernels need.
 *
 * @example
 * ```ts
 * backend(); // { name: "wasm-simd", reason: "WebAssembly SIMD is available" }
 * ```
 */
export function backend(): Backend {
  const { name, reason } = current();
  return { name, reason };
}

/**
 * Chooses the backend by hand, for tests and measurements, from the next call on: without it the fastest runs that can
 * be had. Plans and laws keep the backend that they were made with.
 *
 * @param name - `"wasm-simd"` or `"js"`.
 * @returns What {@link backend} says from now on.
 * @throws TypeError for a name that is no string.
 * @throws RangeError for another name.
 * @throws Error where WebAssembly SIMD is asked for and can't be had; then nothing changes.
 * @see [WebAssembly SIMD](https://github.com/WebAssembly/simd), which the faster kernels need.
 *
 * @example
 * ```ts
 * setBackend("js"); // { name: "js", reason: "setBackend chose it" }
 * ```
 */
export function setBackend(name: BackendName): Backend {
  const asked = choice("backend", name, ["wasm-simd", "js"]);
  if (asked === "js") {
    chosen = { name: "js", reason: "setBackend chose it", kernels: createJsKernels() };
  } else if (chosen?.name !== asked) {
    const found = choose(source());
    if (found.name !== asked) throw new Error(found.reason);
    chosen = found;
  }
  return backend();
}

function choose(compile: Compile): Chosen {
  try {
    const module = compile();
    const instance = prepare(module);
    const kernels = createKernels(instance);
    checkKnownAnswer(kernels);
    const reason = "WebAssembly SIMD is available";
    return { name: "wasm-simd", reason, kernels, module, instance };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return {
      name: "js",
      reason: `WebAssembly SIMD isn't available: ${detail}`,
      kernels: createJsKernels(),
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
