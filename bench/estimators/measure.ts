/** The gradients of one entry: as many as asked for, in batches that fit in a cache. */

import type { Draw, Entry } from "./entries.ts";
import { Moments } from "./moments.ts";
import { LOGITS, type Loss, SIZE } from "./problem.ts";

const BATCH = 4000;

export interface Measured {
  readonly entry: Entry;
  readonly moments: Moments;
  /** µs a gradient, forward and backward, the loss included. */
  readonly microseconds: number;
}

/** Every entry has a seed of its own, so that what is compared is independent. */
export function measure(
  entry: Entry,
  loss: Loss,
  exact: readonly number[],
  samples: number,
  seed: number,
): Measured {
  const moments = new Moments(exact);
  let milliseconds = 0;
  for (let stream = 0; moments.count < samples; stream++) {
    const draw = drawOf(Math.min(BATCH, samples - moments.count), seed, stream);
    const start = performance.now();
    const gradients = entry.gradients(draw, loss);
    milliseconds += performance.now() - start;
    moments.add(gradients);
  }
  return { entry, moments, microseconds: (1000 * milliseconds) / samples };
}

function drawOf(samples: number, seed: number, stream: number): Draw {
  const logits = new Float32Array(samples * SIZE);
  for (let at = 0; at < logits.length; at += SIZE) logits.set(LOGITS, at);
  return { samples, logits, seed, stream };
}
