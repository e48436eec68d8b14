/** Logits as language models have them, and as nobody would expect them. */

import { uniform } from "./api-arrays.ts";

export type Logits = (classes: number, seed: number) => Float32Array;

function normals(seed: number): () => number {
  const next = uniform(seed);
  return () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += next();
    return sum;
  };
}

/** Zipf's law with noise: −a·log(rank), ranks at random. */
function zipf(a: number, noise: number): Logits {
  return (classes, seed) => {
    const [next, normal] = [uniform(seed), normals(seed + 1)];
    return Float32Array.from({ length: classes }, () => {
      return 12 - a * Math.log(1 + Math.floor(next() * classes)) + noise * normal();
    });
  };
}

/** A wide hill and a few classes far above it. */
const peaked: Logits = (classes, seed) => {
  const [next, normal] = [uniform(seed), normals(seed + 1)];
  const x = Float32Array.from({ length: classes }, () => 2.2 * normal());
  for (let i = 0; i < 40; i++) x[Math.floor(next() * classes)] = 14 + 2 * normal();
  return x;
};

const withForbidden: Logits = (classes, seed) => {
  const next = uniform(seed + 2);
  const x = zipf(1, 1)(classes, seed).map((l) => (next() < 0.7 ? -Infinity : l));
  x[Math.floor(next() * classes)] = 3;
  return x;
};

const single: Logits = (classes, seed) => {
  const x = new Float32Array(classes).fill(-Infinity);
  x[seed % classes] = -7.25;
  return x;
};

/** Zeros of both signs, subnormal numbers, and the largest there are. */
const extreme: Logits = (classes, seed) => {
  const next = uniform(seed);
  const values = [0, -0, 1e-45, -1e-45, 1e-38, 3e38, -3e38, 3.1e38];
  return Float32Array.from({ length: classes }, () => values[Math.floor(next() * 8)] as number);
};

export const LOGITS: Record<string, Logits> = {
  zipf: zipf(1, 1),
  "steep zipf": zipf(1.3, 0.5),
  peaked,
  // As halves have it: few values, many ties.
  ties: (classes, seed) => peaked(classes, seed).map((l) => Math.round(l * 4) / 4),
  flat: (classes, seed) => zipf(0, 0.01)(classes, seed),
  equal: (classes) => new Float32Array(classes).fill(-2.5),
  far: (classes, seed) => peaked(classes, seed).map((l) => l + 100_000),
  "with forbidden": withForbidden,
  single,
  extreme,
};
