import type { Xorshift128 } from "./xorshift128.ts";

/** Walker's alias table, made as Vose showed ("A linear algorithm …", 1991): constant work a draw, one uniform. */
export class AliasTable {
  readonly #share: Float64Array;
  readonly #alias: Int32Array;

  constructor(probabilities: Float64Array) {
    const n = probabilities.length;
    const share = probabilities.map((p) => p * n);
    this.#share = share;
    this.#alias = Int32Array.from({ length: n }, (_, i) => i);
    const small: number[] = [];
    const large: number[] = [];
    for (let i = 0; i < n; i++) (share[i] < 1 ? small : large).push(i);
    while (small.length > 0 && large.length > 0) {
      const poor = small.pop() as number;
      const rich = large.pop() as number;
      this.#alias[poor] = rich;
      share[rich] -= 1 - share[poor];
      (share[rich] < 1 ? small : large).push(rich);
    }
    // What rounding has left over.
    for (const i of [...small, ...large]) share[i] = 1;
  }

  /** The whole part of a uniform times n picks an entry, its fraction one of the two classes there. */
  draw(random: Xorshift128, out: Int32Array): void {
    const share = this.#share;
    const alias = this.#alias;
    const u = random.uniforms(out.length);
    for (let i = 0; i < out.length; i++) {
      const place = u[i] * share.length;
      const entry = place | 0;
      out[i] = place - entry < share[entry] ? entry : alias[entry];
    }
  }
}
