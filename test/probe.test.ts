/** What the packed package must compute in every environment is what the sources compute, on both backends. */

import * as gumbel from "gumbel";
import { afterAll, expect, test } from "vitest";
import golden from "./environments/golden.json";
import { probe } from "./environments/programs/probe.mjs";

afterAll(() => {
  gumbel.setBackend("wasm-simd");
});

test.each(["js", "wasm-simd"] as const)("the probe's hashes, %s", (name) => {
  expect(gumbel.setBackend(name).name).toBe(name);
  const { backend, hashes } = probe(gumbel);
  expect(backend.name).toBe(name);
  expect(hashes).toEqual(golden);
});

test("the probe calls every function of the package", () => {
  const used = new Set<PropertyKey>();
  const watched = new Proxy(gumbel, {
    get(target, name) {
      used.add(name);
      return Reflect.get(target, name);
    },
  });
  probe(watched);
  // A choice by hand is no computation.
  expect([...used, "setBackend"].sort()).toEqual(Object.keys(gumbel).sort());
});
