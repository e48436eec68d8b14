/** Comparison to the bit, and the hash of bits. */

export type Data = Float32Array | Int32Array | Uint32Array;

export const NAN_BITS = 0x7fc00000;

export function bits(x: Data): Uint32Array {
  return new Uint32Array(x.buffer, x.byteOffset, x.length);
}

export function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}

/** Fails with the first element that differs. */
export function expectSameBits(got: Data, expected: Data, name: string | (() => string)): void {
  const label = () => (typeof name === "string" ? name : name());
  if (got.length !== expected.length) {
    throw new Error(`${label()}: length ${got.length}, expected ${expected.length}`);
  }
  const [a, b] = [bits(got), bits(expected)];
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) continue;
    throw new Error(
      `${label()}: element ${i} of ${a.length} is ${got[i]} (${hex(a[i] as number)}), ` +
        `expected ${expected[i]} (${hex(b[i] as number)})`,
    );
  }
}

/** A float32 by its bits. A NaN may lose its payload on the way: write those through `bits`. */
export function fromBits(word: number): number {
  return new Float32Array(Uint32Array.of(word).buffer)[0] as number;
}
