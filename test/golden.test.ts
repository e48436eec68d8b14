/** Both backends against test/golden.txt; crates/kernels/tests/golden.rs does the same natively. */

import { describe, expect, test } from "vitest";
import { block } from "../ts/js/philox.ts";
import { bits, hex } from "./support/bits.ts";
import { goldenNoise, HASHED_KERNELS, hashLines, readGolden } from "./support/golden.ts";
import { BACKENDS, batchOf } from "./support/kernels.ts";
import { blockByDefinition, type WordKey, wordByDefinition, words } from "./support/words.ts";

function readKey([seed, stream, row]: string[]): WordKey {
  return {
    seed: BigInt(`0x${seed}`),
    stream: Number(`0x${stream}`),
    row: Number(`0x${row}`),
  };
}

test("Random123's known answers", () => {
  const lines = readGolden("philox");
  expect(lines).toHaveLength(3);
  for (const line of lines) {
    const numbers = line.map((field) => Number.parseInt(field, 16));
    const [key, counter] = [numbers.slice(0, 2), numbers.slice(2, 6)];
    const [k0, k1] = key as [number, number];
    const [c0, c1, c2, c3] = counter as [number, number, number, number];
    expect(Array.from(block([k0, k1], [c0, c1, c2, c3]), hex)).toEqual(line.slice(6));
    expect(blockByDefinition(key, counter).map(hex)).toEqual(line.slice(6));
  }
});

test("words, by the package and by their definition", () => {
  const lines = readGolden("word");
  expect(lines.length).toBeGreaterThan(70);
  for (const line of lines) {
    const key = readKey(line);
    const [purpose, column] = line.slice(3, 5).map(Number) as [number, number];
    const label = line.slice(0, 5).join(" ");
    expect(hex(words(key, purpose, column, 1)[0] as number), label).toBe(line[5]);
    expect(hex(wordByDefinition(key, purpose, column)), label).toBe(line[5]);
  }
});

describe.each(BACKENDS)("%s", (_, kernels) => {
  test("words of draws: equal classes show their first sixteen bits", () => {
    const classes = 2 ** 16;
    const lines = readGolden("word").filter((line) => line[3] === "2");
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) {
      const batch = batchOf({ rows: 1, classes, key: readKey(line), first: Number(line[4]) });
      const draw = new Int32Array(1);
      kernels.categorical(batch, new Float32Array(classes), 1, draw);
      expect(hex(draw[0] as number), line.join(" ")).toBe(line[5]?.slice(0, 4).padStart(8, "0"));
    }
  });

  test("noise, refined words among it", () => {
    const lines = readGolden("noise");
    expect(lines.filter(([, , , , word]) => word?.startsWith("0000")).length).toBeGreaterThan(5);
    const rows = new Set(lines.map((line) => line.slice(0, 3).join(" ")));
    for (const row of rows) {
      const ofRow = lines.filter((line) => line.slice(0, 3).join(" ") === row);
      const columns = ofRow.map((line) => Number(line[3]));
      const noise = goldenNoise(kernels, readKey(row.split(" ")), Math.max(...columns) + 1);
      const got = columns.map((column) => `${column} ${hex(bits(noise)[column] as number)}`);
      expect(got, row).toEqual(ofRow.map((line) => `${line[3]} ${line[5]}`));
    }
  });

  test.each(HASHED_KERNELS)("%s", (kernel) => {
    const expected = readGolden("hash").filter(([name]) => name === kernel);
    expect(hashLines(kernels, kernel)).toEqual(expected.map((line) => ["hash", ...line].join(" ")));
  });
});
