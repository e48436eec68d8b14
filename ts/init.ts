/** How the slim entry gets its module: from an address, a response, bytes, or compiled. */

import { type Backend, backend } from "./backend.ts";
import { kindError, orderError, show, stateError } from "./check.ts";
import { give } from "./source-slim.ts";

/** The bytes of `gumbel/gumbel.wasm`. */
export type InitBytes = ArrayBuffer | ArrayBufferView;

/** A `WebAssembly.Module` of `gumbel/gumbel.wasm`, an interface that has no members in TypeScript's own library. */
export type CompiledModule = object;

/** What {@link init} takes of a `URL`. */
export interface InitUrl {
  /** The whole address. */
  readonly href: string;
}

/** What {@link init} takes of a `Response`. */
export interface InitResponse {
  /** Whether its status is one of success. */
  readonly ok: boolean;
  /** The status, such as 404. */
  readonly status: number;
  /**
   * The bytes.
   *
   * @returns A promise of them.
   */
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** The address of `gumbel/gumbel.wasm` as a string or `URL`, a response to a request for it, its bytes, or compiled. */
export type InitSource = string | InitUrl | InitResponse | InitBytes | CompiledModule;

/** The package's version, put in by the bundler. */
declare const VERSION: string;

const EXPECTED = "a URL, a Response, bytes or a WebAssembly.Module";

let pending: Promise<Backend> | undefined;

/**
 * Loads the WebAssembly module of the slim entry. To be awaited once before the first call of anything else, which is
 * an Error otherwise; calls after the first return its promise, and a failed one can be repeated.
 *
 * Where WebAssembly is missing nothing is loaded, and where compiling is refused the kernels in TypeScript run: that
 * is no error, and the result says so.
 *
 * @param source - Where `gumbel/gumbel.wasm` is, a response with it, its bytes, the compiled module, or a promise of
 *   one of these. An address is fetched, whatever its media type.
 * @returns What {@link backend} says from now on.
 * @throws TypeError for a source of another kind.
 * @throws RangeError for bytes that aren't WebAssembly or not all of it, and for a module of another version of this
 *   package.
 * @throws Error where an address can't be fetched, or the response is no success.
 * @see [WebAssembly JavaScript interface](https://webassembly.github.io/spec/js-api/#dom-webassembly-compile).
 *
 * @example
 * ```ts
 * await init("/assets/gumbel.wasm"); // { name: "wasm-simd", reason: "WebAssembly SIMD is available" }
 * gumbelMax([0, 1, 2], { seed: 42 }); // Int32Array [2]
 * ```
 */
export function init(source: InitSource | PromiseLike<InitSource>): Promise<Backend> {
  if (pending !== undefined) {
    ignore(source);
    return pending;
  }
  pending = load(source).catch((error) => {
    pending = undefined;
    throw error;
  });
  return pending;
}

/** A promise that nobody waits for: its rejection would end Node. */
function ignore(source: unknown): void {
  Promise.resolve(source).catch(() => {});
}

/**
 * As {@link init}, at once: from bytes or from the compiled module, as a worker is sent it.
 *
 * @param source - The bytes of `gumbel/gumbel.wasm`, or the compiled module.
 * @returns What {@link backend} says from now on.
 * @throws TypeError for a source of another kind.
 * @throws RangeError for bytes that aren't WebAssembly or not all of it, and for a module of another version of this
 *   package.
 * @see [WebAssembly JavaScript interface](https://webassembly.github.io/spec/js-api/#modules).
 *
 * @example
 * ```ts
 * const response = await fetch("/assets/gumbel.wasm");
 * initSync(await response.arrayBuffer()); // { name: "wasm-simd", reason: "WebAssembly SIMD is available" }
 * gumbelMax([0, 1, 2], { seed: 42 }); // Int32Array [2]
 * ```
 */
export function initSync(source: InitBytes | CompiledModule): Backend {
  const found = loadSync(source);
  pending = Promise.resolve(found);
  return found;
}

function loadSync(source: InitBytes | CompiledModule): Backend {
  if (isModule(source)) return finish(source);
  const bytes = readBytes(source);
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(bytes);
  } catch (error) {
    return refused(error);
  }
  return finish(module);
}

async function load(source: InitSource | PromiseLike<InitSource>): Promise<Backend> {
  // Nothing to fetch the bytes for.
  if (typeof WebAssembly === "undefined") {
    ignore(source);
    return refused(new Error("there is no WebAssembly"));
  }
  const given = await source;
  const found = isAddress(given) ? await request(given) : given;
  const content = isResponse(found) ? await bodyOf(found) : found;
  if (isModule(content)) return finish(content);
  const bytes = readBytes(content);
  let module: WebAssembly.Module;
  try {
    module = await WebAssembly.compile(bytes);
  } catch (error) {
    return refused(error);
  }
  return finish(module);
}

function finish(module: WebAssembly.Module): Backend {
  checkVersion(module);
  give(() => module);
  return backend();
}

/** By a policy, or for want of SIMD: then the kernels in TypeScript run, and the reason is this error's. */
function refused(error: unknown): Backend {
  give(() => {
    throw error;
  });
  return backend();
}

type Address = string | InitUrl;

function isAddress(source: InitSource): source is Address {
  return (
    typeof source === "string" || typeof (source as { href?: unknown } | null)?.href === "string"
  );
}

async function request(address: Address): Promise<Response> {
  const url = typeof address === "string" ? address : address.href;
  try {
    return await fetch(url);
  } catch (cause) {
    const expected = "an address that can be fetched";
    throw new Error(`"source" expected ${expected}, got ${show(url)}: ${cause}`, { cause });
  }
}

function isResponse(source: unknown): source is InitResponse {
  return typeof (source as { arrayBuffer?: unknown })?.arrayBuffer === "function";
}

function bodyOf(response: InitResponse): Promise<ArrayBuffer> {
  if (response.ok) return response.arrayBuffer();
  throw orderError("source", "a response that succeeded", `status ${response.status}`);
}

/** Of this realm or another. */
function isModule(source: unknown): source is WebAssembly.Module {
  return Object.prototype.toString.call(source) === "[object WebAssembly.Module]";
}

const MAGIC = [0, 97, 115, 109];

function readBytes(source: unknown): BufferSource {
  const isBuffer = /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(source));
  if (!isBuffer && !ArrayBuffer.isView(source)) throw kindError("source", EXPECTED, source);
  const { buffer, byteOffset, byteLength } = isBuffer
    ? new Uint8Array(source as ArrayBuffer)
    : (source as ArrayBufferView);
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw stateError("source", "the bytes of gumbel.wasm", `${byteLength} bytes of something else`);
  }
  if (endOf(bytes) !== byteLength) {
    throw stateError("source", "the whole of gumbel.wasm", `${byteLength} bytes of it`);
  }
  return bytes as BufferSource;
}

/** Where the last section ends: a file that was cut off would else pass for one that is refused. */
function endOf(bytes: Uint8Array): number {
  let at = 8;
  while (at < bytes.length) {
    at++;
    let size = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = bytes[at++] ?? 0;
      size += (byte & 127) * 2 ** shift;
      shift += 7;
    } while (byte > 127);
    at += size;
  }
  return at;
}

function checkVersion(module: WebAssembly.Module): void {
  const [section] = WebAssembly.Module.customSections(module, "gumbel");
  const version = section && String.fromCharCode(...new Uint8Array(section));
  if (version !== VERSION) {
    throw stateError("source", `gumbel.wasm of version ${VERSION}`, version ?? "another module");
  }
}
