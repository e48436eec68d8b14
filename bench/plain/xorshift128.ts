/** xorshift128 (Marsaglia, "Xorshift RNGs", 2003, §3.1) in int32, as V8 keeps it in registers. */
export class Xorshift128 {
  readonly #state: Int32Array;
  #room = new Float64Array(0);

  constructor(seed: number) {
    this.#state = Int32Array.of(seed | 0, 362436069, 521288629, 88675123);
  }

  /**
   * `count` uniforms strictly between 0 and 1, so that both logarithms of a Gumbel value are finite. A row at a time:
   * the state stays in registers, and the loops that use them needn't repeat the generator. The array is the caller's
   * to overwrite until the next call.
   */
  uniforms(count: number): Float64Array {
    if (this.#room.length !== count) this.#room = new Float64Array(count);
    const state = this.#state;
    const room = this.#room;
    let [x, y, z, w] = state;
    for (let i = 0; i < count; i++) {
      const t = x ^ (x << 11);
      x = y;
      y = z;
      z = w;
      w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
      room[i] = ((w >>> 0) + 0.5) * 2 ** -32;
    }
    state[0] = x;
    state[1] = y;
    state[2] = z;
    state[3] = w;
    return room;
  }
}
