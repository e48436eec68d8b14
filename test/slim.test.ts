/** The slim entry's `init`: each kind of source, each error. The packed entry runs in test/environments. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { runInNewContext } from "node:vm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { errorOf, rejectionOf } from "./support/api-errors.ts";
import { wasmBytes } from "./support/kernels.ts";

type Slim = typeof import("../ts/slim.ts");
const WASM = { name: "wasm-simd", reason: "WebAssembly SIMD is available" };

let slim: Slim;
beforeEach(async () => {
  vi.resetModules();
  // As tsup.config.ts does it for the entry.
  vi.doMock("../ts/source.ts", () => import("../ts/source-slim.ts"));
  slim = await import("../ts/slim.ts");
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** A module whose only section is a custom one. */
function moduleOf(name: string, content: string): WebAssembly.Module {
  const payload = [name.length, ...Buffer.from(name), ...Buffer.from(content)];
  return new WebAssembly.Module(
    Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 0, payload.length, ...payload),
  );
}

describe("before init", () => {
  test("a call says what is missing", () => {
    const error =
      'Error: "gumbel/slim" expected init(source) to have finished, or initSync(source), got a call before';
    for (const call of [
      () => slim.gumbelMax([1, 2], { seed: 1 }),
      () => slim.gumbelSoftmaxPlan({ rows: 1, classes: 2 }),
      () => slim.backend(),
      () => slim.setBackend("wasm-simd"),
    ]) {
      expect(errorOf(call)).toBe(error);
    }
  });

  test("the kernels in TypeScript need no bytes", () => {
    expect(slim.setBackend("js").name).toBe("js");
    expect(slim.gumbelMax([0, 1, 2], { seed: 42 })).toEqual(Int32Array.of(2));
  });
});

describe("init takes", () => {
  const bytes = Uint8Array.from(wasmBytes);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 8), 8);
  shared.set(bytes);
  const sources: Record<string, () => Parameters<Slim["init"]>[0]> = {
    "a view": () => wasmBytes,
    "an ArrayBuffer": () => bytes.buffer,
    "a view of shared memory, from its middle on": () => shared,
    "a view of another realm": () => runInNewContext("Uint8Array.from(bytes)", { bytes }),
    "a compiled module": () => new WebAssembly.Module(bytes),
    "a response": () => new Response(bytes, { headers: { "Content-Type": "text/plain" } }),
    "a promise of a response": () => Promise.resolve(new Response(bytes)),
    "a promise of bytes": () => Promise.resolve(bytes),
    "a promise of a compiled module": () => WebAssembly.compile(bytes),
  };

  test.each(Object.entries(sources))("%s", async (_, source) => {
    expect(await slim.init(source())).toEqual(WASM);
    expect(slim.gumbelMax([0, 1, 2], { seed: 42 })).toEqual(Int32Array.of(2));
  });

  test.each(Object.entries(sources).slice(0, 5))("initSync takes %s", (_, source) => {
    expect(slim.initSync(source() as object)).toEqual(WASM);
    expect(slim.gumbelMax([0, 1, 2], { seed: 42 })).toEqual(Int32Array.of(2));
  });
});

describe("addresses", () => {
  let server: Server;
  let origin: string;
  let requests: string[];

  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(request.url ?? "");
      if (request.url === "/gumbel.wasm") response.end(wasmBytes);
      else if (request.url === "/page") response.end("<!doctype html>");
      else response.writeHead(404).end();
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    requests = [];
  });
  afterAll(() => {
    server.close();
  });

  test("a URL and a string are fetched, once", async () => {
    const first = slim.init(new URL("/gumbel.wasm", origin));
    expect(slim.init(`${origin}/other.wasm`)).toBe(first);
    expect(await first).toEqual(WASM);
    expect(await slim.init(`${origin}/other.wasm`)).toEqual(WASM);
    expect(requests).toEqual(["/gumbel.wasm"]);
  });

  test("nothing is fetched after initSync", async () => {
    slim.initSync(wasmBytes);
    expect(await slim.init(`${origin}/missing`)).toEqual(WASM);
    expect(requests).toEqual([]);
  });

  test("a promise that isn't needed may fail", async () => {
    const lost = () => Promise.reject(new Error("no network"));
    await slim.init(wasmBytes);
    expect(await slim.init(lost())).toEqual(WASM);
  });

  test("a failure can be mended", async () => {
    const error = await rejectionOf(slim.init(`${origin}/missing`));
    expect(error).toBe('Error: "source" expected a response that succeeded, got status 404');
    expect(errorOf(() => slim.backend())).toContain("init(source)");
    expect(await slim.init(`${origin}/gumbel.wasm`)).toEqual(WASM);
  });

  test("a page instead of the module", async () => {
    const error = await rejectionOf(slim.init(`${origin}/page`));
    expect(error).toBe(
      'RangeError: "source" expected the bytes of gumbel.wasm, got 15 bytes of something else',
    );
  });

  test("an address that nothing answers", async () => {
    const error = await rejectionOf(slim.init("http://127.0.0.1:1/gumbel.wasm"));
    expect(error).toBe(
      'Error: "source" expected an address that can be fetched, got "http://127.0.0.1:1/gumbel.wasm": TypeError: fetch failed',
    );
  });

  test("nothing is fetched where there is no WebAssembly", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    const { name, reason } = await slim.init(`${origin}/gumbel.wasm`);
    expect({ name, reason }).toEqual({
      name: "js",
      reason: "WebAssembly SIMD isn't available: there is no WebAssembly",
    });
    expect(requests).toEqual([]);
    expect(slim.gumbelMax([0, 1, 2], { seed: 42 })).toEqual(Int32Array.of(2));
  });

  test("nor is a promise waited for then", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    const { name } = await slim.init(Promise.reject(new Error("no network")));
    expect(name).toBe("js");
  });
});

describe("refused", () => {
  const expected =
    'TypeError: "source" expected a URL, a Response, bytes or a WebAssembly.Module, got';
  const kinds: [source: unknown, shown: string][] = [
    [7, "7"],
    [null, "null"],
    [undefined, "undefined"],
    [{}, "an Object"],
    [[0, 97, 115, 109], "an Array"],
    [Promise.resolve(7), "7"],
  ];

  test.each(kinds)("%s", async (source, shown) => {
    expect(await rejectionOf(slim.init(source as never))).toBe(`${expected} ${shown}`);
    if (!(source instanceof Promise)) {
      expect(errorOf(() => slim.initSync(source as never))).toBe(`${expected} ${shown}`);
    }
  });

  test("bytes of something else", () => {
    expect(errorOf(() => slim.initSync(Uint8Array.of(0, 97, 115)))).toBe(
      'RangeError: "source" expected the bytes of gumbel.wasm, got 3 bytes of something else',
    );
  });

  test("a file that was cut off, which can be mended", async () => {
    for (const length of [8, 9, 10, 50_000, wasmBytes.length - 1]) {
      const part = wasmBytes.subarray(0, length);
      const error =
        length === 8
          ? /^RangeError: "source" expected gumbel.wasm of version .*, got another module$/
          : `RangeError: "source" expected the whole of gumbel.wasm, got ${length} bytes of it`;
      expect(await rejectionOf(slim.init(part))).toMatch(error);
      expect(errorOf(() => slim.initSync(part))).toMatch(error);
    }
    expect(await slim.init(wasmBytes)).toEqual(WASM);
  });

  test("a module of another version, or another module", async () => {
    const { version } = await import("../package.json");
    const expected = `RangeError: "source" expected gumbel.wasm of version ${version}`;
    for (const [module, got] of [
      [moduleOf("gumbel", "0.0.1"), "0.0.1"],
      [moduleOf("other", version), "another module"],
    ] as const) {
      expect(errorOf(() => slim.initSync(module))).toBe(`${expected}, got ${got}`);
      expect(await rejectionOf(slim.init(module))).toBe(`${expected}, got ${got}`);
    }
    expect(slim.initSync(wasmBytes)).toEqual(WASM);
  });
});

describe("where compiling is refused, the kernels in TypeScript run", () => {
  const error = new WebAssembly.CompileError("violates the policy");
  const expected = { name: "js", reason: "WebAssembly SIMD isn't available: violates the policy" };
  class Module {
    constructor() {
      throw error;
    }
  }

  beforeEach(() => {
    vi.stubGlobal("WebAssembly", { Module, compile: () => Promise.reject(error) });
  });

  test("init", async () => {
    expect(await slim.init(wasmBytes)).toEqual(expected);
    expect(slim.gumbelMax([0, 1, 2], { seed: 42 })).toEqual(Int32Array.of(2));
  });

  test("initSync", () => {
    expect(slim.initSync(wasmBytes)).toEqual(expected);
  });
});
