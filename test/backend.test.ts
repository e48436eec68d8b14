/** Which kernels run: every reason for those in TypeScript, and the choice by hand. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { errorOf, type Untyped } from "./support/api-errors.ts";

type Api = typeof import("gumbel");
const WASM = { name: "wasm-simd", reason: "WebAssembly SIMD is available" };

/** The package anew: the backend is chosen at its first call. */
let api: Api;
beforeEach(async () => {
  vi.resetModules();
  api = await import("gumbel");
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** WebAssembly with one of its classes replaced by a function. */
function stub(name: "Module" | "Instance", replacement: (...args: never[]) => unknown): void {
  const { Module, Instance } = WebAssembly;
  // biome-ignore lint/complexity/useArrowFunction: arrow functions are no constructors
  const Replaced = function (...args: never[]) {
    return replacement(...args);
  };
  vi.stubGlobal("WebAssembly", { Module, Instance, [name]: Replaced });
}

describe("chosen at the first call", () => {
  test("WebAssembly, where it can be had", () => {
    expect(api.backend()).toEqual(WASM);
  });

  test("no WebAssembly", () => {
    vi.stubGlobal("WebAssembly", undefined);
    const { name, reason } = api.backend();
    expect(name).toBe("js");
    expect(reason).toMatch(
      /^WebAssembly SIMD isn't available: Cannot read properties of undefined/,
    );
  });

  test.each([
    ["a policy", () => new WebAssembly.CompileError("unsafe-eval is not an allowed source")],
    ["Chromium until 2023, on a page's main thread", () => new RangeError("larger than 4KB")],
    ["no SIMD", () => new WebAssembly.CompileError("Wasm SIMD unsupported")],
  ])("compiling is refused: %s", (_, makeError) => {
    const error = makeError();
    stub("Module", () => {
      throw error;
    });
    const reason = `WebAssembly SIMD isn't available: ${error.message}`;
    expect(api.backend()).toEqual({ name: "js", reason });
    expect(api.gumbelMax([0, 1, 2], { seed: 42 })).toEqual(Int32Array.of(2));
  });

  test("an engine that computes wrongly", () => {
    const { Instance } = WebAssembly;
    stub("Instance", (module: WebAssembly.Module) => {
      const { exports } = new Instance(module);
      const { memory, noise } = exports as { memory: WebAssembly.Memory; noise: Untyped };
      const wrong: Untyped = (params, rows, classes, out) => {
        noise(params, rows, classes, out);
        new Uint32Array(memory.buffer)[out / 4 + 3] ^= 1;
      };
      return { exports: { ...exports, noise: wrong } };
    });
    const reason = "WebAssembly SIMD isn't available: it fails a known-answer check";
    expect(api.backend()).toEqual({ name: "js", reason });
    expect(api.gumbelMax([0, 1, 2], { seed: 42 })).toEqual(Int32Array.of(2));
  });
});

describe("setBackend", () => {
  test("chooses, before the first call and later", () => {
    const js = { name: "js", reason: "setBackend chose it" };
    const x = [0.5, 1, -1];
    expect(api.setBackend("js")).toEqual(js);
    expect(api.backend()).toEqual(js);
    const values = api.gumbelSoftmax(x, { seed: 1 });
    const plan = api.gumbelSoftmaxPlan({ rows: 1, classes: 3 });
    expect(api.setBackend("wasm-simd")).toEqual(WASM);
    expect(api.gumbelSoftmax(x, { seed: 1 })).toEqual(values);
    plan.logits.set(x);
    expect(plan.forward({ seed: 1 })).toEqual(values);
    expect(api.setBackend("js")).toEqual(js);
  });

  test("js needs no WebAssembly", () => {
    vi.stubGlobal("WebAssembly", undefined);
    expect(api.setBackend("js").name).toBe("js");
    expect(api.gumbelMax([0, 1, 2], { seed: 42 })).toEqual(Int32Array.of(2));
  });

  test("WebAssembly that can't be had is an error, and nothing changes", () => {
    api.setBackend("js");
    const error = new WebAssembly.CompileError("violates the policy");
    stub("Module", () => {
      throw error;
    });
    expect(errorOf(() => api.setBackend("wasm-simd"))).toBe(
      "Error: WebAssembly SIMD isn't available: violates the policy",
    );
    expect(api.backend().reason).toBe("setBackend chose it");
  });

  test.each([
    ["wasm", 'RangeError: "backend" expected "wasm-simd" or "js", got "wasm"'],
    [undefined, 'TypeError: "backend" expected "wasm-simd" or "js", got undefined'],
  ])("refuses %s", (name, error) => {
    expect(errorOf(() => (api.setBackend as Untyped)(name))).toBe(error);
  });
});
