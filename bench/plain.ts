/**
 * Soft sampling without a library, as well as a loop can do it: the other side of the comparison, in the bench and in
 * the demo.
 */

/** xorshift128 (Marsaglia, "Xorshift RNGs", 2003, §3.1) in int32, as V8 keeps it in registers. */
export class PlainSampler {
  readonly #state: Int32Array;
  readonly #scores: Float64Array;

  /** @param classes - The longest row that will be sampled. */
  constructor(seed: number, classes: number) {
    this.#state = Int32Array.of(seed | 0, 362436069, 521288629, 88675123);
    this.#scores = new Float64Array(classes);
  }

  /** Writes softmax((logits + Gumbel noise) / tau) of each row to `out`, and allocates nothing. */
  softmax(logits: Float32Array, classes: number, tau: number, out: Float32Array): void {
    const state = this.#state;
    const scores = this.#scores;
    const rate = 1 / tau;
    let [x, y, z, w] = state;
    for (let start = 0; start < logits.length; start += classes) {
      let largest = -Infinity;
      for (let i = 0; i < classes; i++) {
        const t = x ^ (x << 11);
        x = y;
        y = z;
        z = w;
        w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
        // Strictly between 0 and 1, so both logarithms are finite.
        const u = ((w >>> 0) + 0.5) * 2 ** -32;
        const score = (logits[start + i] - Math.log(-Math.log(u))) * rate;
        scores[i] = score;
        if (score > largest) largest = score;
      }
      let sum = 0;
      for (let i = 0; i < classes; i++) {
        const power = Math.exp(scores[i] - largest);
        scores[i] = power;
        sum += power;
      }
      const inverse = 1 / sum;
      for (let i = 0; i < classes; i++) out[start + i] = scores[i] * inverse;
    }
    state[0] = x;
    state[1] = y;
    state[2] = z;
    state[3] = w;
  }
}
