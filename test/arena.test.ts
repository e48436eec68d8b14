/** What lies where in the memory of an instance, after it settled and after it grew. */

import { describe, expect, test } from "vitest";
import { Arena } from "../ts/arena.ts";
import { port, run } from "../ts/chunks.ts";
import { RECORD } from "../ts/kernels.ts";
import { errorOf } from "./support/api-errors.ts";
import { batchOf } from "./support/kernels.ts";

const PAGE = 65_536;

/** An arena behind one page of data, and its memory. */
function arenaOf(maximum = 100): { arena: Arena; memory: WebAssembly.Memory } {
  const memory = new WebAssembly.Memory({ initial: 1, maximum });
  return { arena: new Arena(memory), memory };
}

describe("settle", () => {
  test("records lie behind the arrays that stay", () => {
    const { arena, memory } = arenaOf();
    const address = arena.take(10);
    arena.settle(3, 50);
    expect(address).toBe(PAGE);
    for (const records of [arena.recordWords, arena.recordFloats]) {
      expect(records.buffer).toBe(memory.buffer);
      expect(records.byteOffset).toBe(arena.begin(3));
      // Ten values, up to the next multiple of 16 bytes.
      expect(records.byteOffset).toBe(PAGE + 48);
    }
    expect(arena.addressOf(new Float32Array(memory.buffer, address, 10))).toBe(address);
    expect(arena.addressOf(new Float32Array(10))).toBeUndefined();
  });

  test("memory that suffices already is used as it is", () => {
    const { arena, memory } = arenaOf();
    arena.begin(1);
    arena.grow();
    arena.settle(1, 50);
    expect(memory.buffer.byteLength).toBe(2 * PAGE);
    expect(arena.recordWords.byteOffset).toBe(arena.begin(1));
  });

  test("calls within that room leave the views attached", () => {
    const { arena, memory } = arenaOf();
    arena.take(40_000);
    arena.settle(2048, 1000);
    const { buffer } = memory;
    const bytes = 160_000 + 2048 * RECORD * 4 + 4000;
    expect(buffer.byteLength).toBe((1 + Math.ceil(bytes / PAGE)) * PAGE);
    arena.begin(2048);
    arena.take(1000);
    arena.grow();
    expect(memory.buffer).toBe(buffer);
  });
});

test("a row for which there is no memory", () => {
  const { arena, memory } = arenaOf(10);
  const [classes, draws] = [100_000, 500_000];
  const x = port(new Float32Array(classes), classes);
  const out = port(new Int32Array(draws), draws);
  const batch = batchOf({ rows: 1, classes });
  const call = () => run(arena, batch, [x], [out], () => expect.fail("the kernel ran"), 3, 8);
  const values = RECORD + 3 * classes + 8 + classes + draws;
  expect(errorOf(call)).toBe(
    `RangeError: "classes" expected as many as fit in memory for one row, got ${4 * values} bytes`,
  );
  expect(memory.buffer.byteLength).toBe(PAGE);
});

test("the last page stays out of use", () => {
  const grown: number[] = [];
  const buffer = new ArrayBuffer(PAGE);
  const arena = new Arena({ buffer, grow: (pages) => grown.push(pages) });
  const taken = (pages: number) => {
    arena.begin(0);
    arena.take((pages * PAGE) / 4);
    arena.grow();
  };
  taken(65_534);
  expect(grown).toEqual([65_534]);
  expect(() => taken(65_535)).toThrow(/as many as fit in memory/);
  expect(grown).toHaveLength(1);
});
