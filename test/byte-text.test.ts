/** Bytes as text in the bundle: they come back, in a form that needs no escape and costs little after gzip. */

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { encodeBytes } from "../scripts/byte-text.mjs";
import { decodeBytes } from "../ts/byte-text.ts";
import { testWords } from "./support/inputs.ts";
import { wasmBytes } from "./support/kernels.ts";

const noise = new Uint8Array(testWords(1, 1000).slice().buffer);
const CASES = [0, 1, 2, 3, 3999, 4000].map((length) => noise.subarray(0, length));

test.each(
  [...CASES, wasmBytes, new Uint8Array(1000)].map((data) => ({ data, length: data.length })),
)("$length bytes come back", ({ data }) => {
  expect(Buffer.compare(decodeBytes(encodeBytes(data)), data)).toBe(0);
});

test("every byte occurs among the cases", () => {
  expect(new Set(noise).size).toBe(256);
});

test("nothing that a string in quotes, a template or a page must escape", () => {
  for (const data of [noise, wasmBytes]) expect(encodeBytes(data)).toMatch(/^[=-[\]-~]+$/);
});

test("gzip makes about as little of it as of the bytes", () => {
  const wasm = readFileSync(new URL("../ts/wasm/gumbel_bg.wasm", import.meta.url));
  const [text, bytes] = [encodeBytes(wasm), wasm].map((data) => gzipSync(data).length);
  expect((text as number) / (bytes as number)).toBeLessThan(1.03);
});
