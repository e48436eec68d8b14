import type { Xorshift128 } from "./xorshift128.ts";

/** The class of the largest logit + Gumbel noise in each row. */
export function gumbelMax(
  random: Xorshift128,
  logits: Float32Array,
  classes: number,
  index: Int32Array,
): void {
  for (let row = 0; row < index.length; row++) {
    const start = row * classes;
    const u = random.uniforms(classes);
    let winner = 0;
    let largest = -Infinity;
    for (let i = 0; i < classes; i++) {
      const score = logits[start + i] - Math.log(-Math.log(u[i]));
      if (score > largest) {
        largest = score;
        winner = i;
      }
    }
    index[row] = winner;
  }
}

/** The same as one-hot rows. `index` holds one number a row. */
export function hardSamples(
  random: Xorshift128,
  logits: Float32Array,
  classes: number,
  index: Int32Array,
  out: Float32Array,
): void {
  gumbelMax(random, logits, classes, index);
  out.fill(0);
  for (let row = 0; row < index.length; row++) out[row * classes + index[row]] = 1;
}
