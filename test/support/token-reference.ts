/** Filters of tokens by their definitions: float64, a full sort, nothing of the package. */

/** What a filter sees of a row. */
export interface Law {
  readonly p: Float64Array;
  /** How far each class is from what a filter keeps first, in nats: for topP −log p, for typicalP |−log p − H|. */
  readonly distance: Float64Array;
}

function probabilities(x: Float32Array, t: number): { p: Float64Array; surprisal: Float64Array } {
  const max = x.reduce((a, b) => Math.max(a, b));
  const z = Float64Array.from(x, (l) => (l - max) / t);
  const weights = z.map(Math.exp);
  const total = weights.reduce((a, b) => a + b);
  return {
    p: weights.map((w) => w / total),
    surprisal: z.map((z) => Math.log(total) - z),
  };
}

export function topPLaw(x: Float32Array, t: number): Law {
  const { p, surprisal } = probabilities(x, t);
  return { p, distance: surprisal };
}

export function typicalLaw(x: Float32Array, t: number): Law {
  const { p, surprisal } = probabilities(x, t);
  const entropy = p.reduce((sum, p, i) => (p > 0 ? sum + p * (surprisal[i] as number) : sum), 0);
  return { p, distance: surprisal.map((s) => Math.abs(s - entropy)) };
}

/** The smallest set of nearest classes whose sum reaches `mass`, with those as near as the last. */
export function nearest({ p, distance }: Law, mass: number): boolean[] {
  const order = Uint32Array.from(p.keys()).sort(
    (a, b) => (distance[a] as number) - (distance[b] as number),
  );
  let sum = 0;
  let last = 0;
  for (const i of order) {
    if (!((p[i] as number) > 0)) break;
    sum += p[i] as number;
    last = distance[i] as number;
    if (sum >= mass) break;
  }
  return Array.from(distance, (d) => d <= last);
}

/** `sorted` are the same logits, the largest first. */
export function topK(x: Float32Array, sorted: Float32Array, k: number): boolean[] {
  const least = sorted[Math.min(k, x.length) - 1] as number;
  return Array.from(x, (l) => l >= least && l > -Infinity);
}

/** By logarithms: where logits differ by less than float64 can tell from 1, exponentials would be equal. */
export function minP(x: Float32Array, t: number, part: number): boolean[] {
  const max = x.reduce((a, b) => Math.max(a, b));
  return Array.from(x, (l) => (l - max) / t >= Math.log(part));
}
