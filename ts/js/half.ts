/** Half-precision numbers, 16 bits each, as float32: every one of them exactly. */

import type { HalfType } from "../kernels.ts";

/** 2^112: the exponent of float32 is biased by 127, that of float16 by 15. */
const REBIAS = 2 ** 112;
const INFINITE = 0x7c00;

/** Writes the numbers that these bits stand for. */
export function decode(halves: Uint16Array, type: HalfType, numbers: Float32Array): void {
  const bits = new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  if (type === "bfloat16") {
    for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] as number) << 16;
    return;
  }
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i] as number;
    const magnitude = (half & 0x7fff) << 13;
    const sign = (half & 0x8000) << 16;
    if ((half & INFINITE) === INFINITE) bits[i] = sign | 0x7f800000 | magnitude;
    else {
      // As a float32 it is subnormal or too small by a power of two alone; subnormal halves become normal by it.
      bits[i] = sign | magnitude;
      numbers[i] = (numbers[i] as number) * REBIAS;
    }
  }
}
