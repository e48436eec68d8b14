/** Filters of tokens on both backends: the same bits for all kinds of rows, each with its own settings. */

import { describe, expect, test } from "vitest";
import { type Program, Step } from "../ts/kernels.ts";
import { expectSameBits } from "./support/bits.ts";
import { batchOf, js, wasm } from "./support/kernels.ts";
import { LOGITS } from "./support/token-logits.ts";

const ROWS = 3;
const LENGTHS = [1, 3, 17, 50, 300, 4099, 32_000, 151_936];

const PROGRAMS: Record<string, (classes: number) => [step: number, values: number[]][]> = {
  topP: () => [[Step.topP, [0.9, 0.3, 0.999]]],
  typicalP: () => [[Step.typicalP, [0.9, 0.2, 0.99]]],
  topK: (classes) => [[Step.topK, [50, 1, Math.ceil(classes / 3)]]],
  all: (classes) => [
    [Step.topK, [Math.ceil(classes / 2), 0, 50]],
    [Step.topP, [0.95, 0.5, 1]],
    [Step.minP, [0.01, 0, 0.1]],
    [Step.typicalP, [1, 0.9, 0.5]],
  ],
};

function programOf(steps: [step: number, values: number[]][]): Program {
  const values = Array.from({ length: ROWS }, (_, row) => [0, ...steps.map(([, v]) => v[row])]);
  return {
    steps: [Step.temperature, ...steps.map(([step]) => step)],
    values: Float64Array.from(values.flat() as number[]),
  };
}

describe.each(Object.keys(PROGRAMS))("%s", (name) => {
  test.each(Object.keys(LOGITS))("%s", (kind) => {
    for (const classes of LENGTHS) {
      const x = new Float32Array(ROWS * classes);
      for (let row = 0; row < ROWS; row++) {
        x.set((LOGITS[kind] as (typeof LOGITS)[string])(classes, 10 * row + 1), row * classes);
      }
      const program = programOf((PROGRAMS[name] as (typeof PROGRAMS)[string])(classes));
      const batch = batchOf({ rows: ROWS, classes, t: [0.8, 1, 30] });
      const [ours, theirs] = [new Float32Array(x.length), new Float32Array(x.length)];
      expect(wasm.filterTokens(batch, x, program, ours)).toBe(ROWS);
      expect(js.filterTokens(batch, x, program, theirs)).toBe(ROWS);
      expectSameBits(ours, theirs, `${classes} classes`);
    }
  });
});
