const PRIME = 0x100000001b3n;

/** FNV-1a, 64 bits, over the bytes of the arrays (little-endian), 16 hexadecimal digits. */
export function fnv1a(...arrays: (Float32Array | Int32Array)[]): string {
  let hash = 0xcbf29ce484222325n;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) {
      hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
    }
  }
  return hash.toString(16).padStart(16, "0");
}
