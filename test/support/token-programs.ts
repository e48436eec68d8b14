/** Programs of filters for the tests of kernels. */

import { type Program, Step } from "../../ts/kernels.ts";
import { testWords } from "./inputs.ts";

const { temperature, topK, topP, minP, typicalP } = Step;

/** In the orders that people use, each alone, and some twice. */
const STEPS: (readonly number[])[] = [
  [temperature, topK, topP, minP, typicalP],
  [topK, typicalP, topP, minP, temperature],
  [temperature, topP],
  [topK],
  [temperature, typicalP],
  [minP],
  [],
  [typicalP, temperature, typicalP, topK, topK, topP, topP, minP],
];

const PARTS = [0, 0.1, 0.5, 0.9, 0.999, 1];

/** A program with values of their own for each row, off in some. */
export function programOf(rows: number, classes: number, seed: number): Program {
  const steps = STEPS[seed % STEPS.length] as readonly number[];
  const values = new Float64Array(rows * steps.length);
  testWords(seed + 7000, values.length).forEach((word, i) => {
    const part = PARTS[word % PARTS.length] as number;
    values[i] = steps[i % steps.length] === topK ? Math.ceil(part * classes) : part;
  });
  return { steps, values };
}
