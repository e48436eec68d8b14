import type { Xorshift128 } from "./xorshift128.ts";

/** Standard Gumbel noise. */
export function gumbelNoise(random: Xorshift128, classes: number, out: Float32Array): void {
  for (let start = 0; start < out.length; start += classes) {
    const u = random.uniforms(classes);
    for (let i = 0; i < classes; i++) out[start + i] = -Math.log(-Math.log(u[i]));
  }
}
