/** The decoder of the inlined module: by the engine where it can, else by a loop. */

import { afterEach, expect, test, vi } from "vitest";
import { decodeBase64 } from "../ts/base64.ts";
import { testWords } from "./support/inputs.ts";

const bytes = new Uint8Array(testWords(1, 1000).slice().buffer);
/** Every length modulo 3, and every byte. */
const CASES = [0, 1, 2, 3, 3999, 4000].map((length) => bytes.subarray(0, length));

afterEach(() => {
  Reflect.deleteProperty(Uint8Array, "fromBase64");
});

test("the loop gives the bytes back", () => {
  // Newer versions of Node have it.
  Object.assign(Uint8Array, { fromBase64: undefined });
  expect(new Set(bytes).size).toBe(256);
  for (const data of CASES) {
    expect(decodeBase64(Buffer.from(data).toString("base64"))).toEqual(data);
  }
});

test("the engine's own decoder is used where there is one", () => {
  const fromBase64 = vi.fn((text: string) => Uint8Array.from(Buffer.from(text, "base64")));
  Object.assign(Uint8Array, { fromBase64 });
  expect(decodeBase64("AP8=")).toEqual(Uint8Array.of(0, 255));
  expect(fromBase64.mock.contexts).toEqual([Uint8Array]);
});
