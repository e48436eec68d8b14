/** Gumbel-Rao's gradient in float64, written out. */

import type { Batch } from "../../ts/kernels.ts";
import { js } from "./kernels.ts";

export interface RaoRow {
  readonly logits: readonly number[];
  readonly index: number;
  readonly v: readonly number[];
  readonly tau: number;
  /** The conditional noise of each replica. */
  readonly noise: readonly (readonly number[])[];
}

export interface RaoGradient {
  readonly gradient: number[];
  /** (1/(mτ))·Σ_r y·(|v| + ⟨y, |v|⟩): what the gradient of a class is the difference of. */
  readonly size: number[];
  /** The largest of |l − max l|, |G| and |log Z| of classes that matter: what an exponent is made of. */
  readonly terms: number;
}

const sum = (x: readonly number[]) => x.reduce((a, b) => a + b, 0);

/** Perturbed logits of which class `index` is the largest: that of Z is −log(E_i/Z), another −log(E_k/e^l + E_i/Z). */
export function perturbed(logits: readonly number[], index: number, noise: readonly number[]) {
  const z = sum(logits.map(Math.exp));
  const exponentials = noise.map((g) => Math.exp(-g));
  const least = (exponentials[index] as number) / z;
  return logits.map(
    (l, k) => -Math.log(k === index ? least : (exponentials[k] as number) / Math.exp(l) + least),
  );
}

export function raoReference({ logits, index, v, tau, noise }: RaoRow): RaoGradient {
  const max = Math.max(...logits);
  const relative = logits.map((l) => l - max);
  const gradient = logits.map(() => 0);
  const size = logits.map(() => 0);
  let terms = Math.log(sum(relative.map(Math.exp)));
  for (const g of noise) {
    const scores = perturbed(relative, index, g);
    const top = scores[index] as number;
    const e = scores.map((s) => Math.exp((s - top) / tau));
    const total = sum(e);
    const y = e.map((e) => e / total);
    const mean = sum(y.map((y, k) => (y === 0 ? 0 : y * (v[k] as number))));
    const meanSize = sum(y.map((y, k) => (y === 0 ? 0 : y * Math.abs(v[k] as number))));
    y.forEach((y, k) => {
      if (y === 0) return;
      const factor = y / tau / noise.length;
      (gradient[k] as number) += factor * ((v[k] as number) - mean);
      (size[k] as number) += factor * (Math.abs(v[k] as number) + meanSize);
      if (y > 1e-9) {
        terms = Math.max(terms, Math.abs(relative[k] as number), Math.abs(g[k] as number));
      }
    });
  }
  return { gradient, size, terms };
}

/** The noise of each replica of each row of a batch: that of its purpose, from multiples of 4 columns on. */
export function noiseOfReplicas(batch: Batch, replicas: number): number[][][] {
  const { rows, classes } = batch;
  const columns = Math.ceil(classes / 4) * 4;
  const width = columns * replicas;
  const noise = new Float32Array(rows * width);
  js.noise({ ...batch, classes: width }, noise, 10);
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: replicas }, (_, replica) => {
      const start = row * width + replica * columns;
      return Array.from(noise.subarray(start, start + classes));
    }),
  );
}
