import type { Xorshift128 } from "./xorshift128.ts";

/** softmax((logits + Gumbel noise) / tau) of each row. */
export function softSamples(
  random: Xorshift128,
  logits: Float32Array,
  classes: number,
  tau: number,
  out: Float32Array,
): void {
  const rate = 1 / tau;
  for (let start = 0; start < logits.length; start += classes) {
    const scores = random.uniforms(classes);
    let largest = -Infinity;
    for (let i = 0; i < classes; i++) {
      const score = (logits[start + i] - Math.log(-Math.log(scores[i]))) * rate;
      scores[i] = score;
      if (score > largest) largest = score;
    }
    softmax(scores, largest, out, start);
  }
}

/** The same with the noise given. `room` holds one row. */
export function softGiven(
  logits: Float32Array,
  noise: Float32Array,
  tau: number,
  room: Float64Array,
  out: Float32Array,
): void {
  const classes = room.length;
  const rate = 1 / tau;
  for (let start = 0; start < logits.length; start += classes) {
    let largest = -Infinity;
    for (let i = 0; i < classes; i++) {
      const score = (logits[start + i] + noise[start + i]) * rate;
      room[i] = score;
      if (score > largest) largest = score;
    }
    softmax(room, largest, out, start);
  }
}

/** Of one row of scores, which it overwrites, to `out` from `start` on. */
function softmax(scores: Float64Array, largest: number, out: Float32Array, start: number): void {
  let sum = 0;
  for (let i = 0; i < scores.length; i++) {
    const power = Math.exp(scores[i] - largest);
    scores[i] = power;
    sum += power;
  }
  const inverse = 1 / sum;
  for (let i = 0; i < scores.length; i++) out[start + i] = scores[i] * inverse;
}
