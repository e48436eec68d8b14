import type { Xorshift128 } from "./xorshift128.ts";

/** One draw a row: the first class whose cumulative weight exceeds a uniform part of the sum. `room` holds one row. */
export function inverseCdf(
  random: Xorshift128,
  logits: Float32Array,
  room: Float64Array,
  index: Int32Array,
): void {
  const classes = room.length;
  const u = random.uniforms(index.length);
  for (let row = 0; row < index.length; row++) {
    const start = row * classes;
    let largest = -Infinity;
    for (let i = 0; i < classes; i++) largest = Math.max(largest, logits[start + i]);
    let sum = 0;
    for (let i = 0; i < classes; i++) {
      sum += Math.exp(logits[start + i] - largest);
      room[i] = sum;
    }
    const target = u[row] * sum;
    let low = 0;
    let high = classes - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (room[middle] > target) high = middle;
      else low = middle + 1;
    }
    index[row] = low;
  }
}
