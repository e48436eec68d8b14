/** What the packed package must compute in every environment is what the sources compute, on both backends. */

import * as gumbel from "gumbel";
import * as estimators from "gumbel/estimators";
import { afterAll, expect, test } from "vitest";
import golden from "./environments/golden.json";
import { probe } from "./environments/programs/probe.mjs";
import { words } from "./support/words.ts";

afterAll(() => {
  gumbel.setBackend("wasm-simd");
});

test.each(["js", "wasm-simd"] as const)("the probe's hashes, %s", (name) => {
  expect(gumbel.setBackend(name).name).toBe(name);
  const { backend, hashes } = probe(gumbel, estimators);
  expect(backend.name).toBe(name);
  expect(hashes).toEqual(golden);
});

test("the probe's noise has words of the far tail, which are refined", () => {
  const drawn = words({ seed: 1n, stream: 0, row: 0 }, 0, 0, 2 ** 18);
  expect(drawn.filter((word) => word < 2 ** 16).length).toBeGreaterThan(1);
});

test("the probe calls every function of the package", () => {
  const [main, more] = [watched(gumbel), watched(estimators)];
  probe(main.namespace, more.namespace);
  // A choice by hand is no computation.
  expect([...main.used, "setBackend"].sort()).toEqual(Object.keys(gumbel).sort());
  expect([...more.used].sort()).toEqual(Object.keys(estimators).sort());
});

/** A namespace that keeps what is asked of it. */
function watched<Namespace extends object>(namespace: Namespace) {
  const used = new Set<PropertyKey>();
  const get = (target: Namespace, name: PropertyKey) => {
    used.add(name);
    return Reflect.get(target, name);
  };
  return { used, namespace: new Proxy(namespace, { get }) };
}
