/** Masks with a byte for each class as bit sets. */

/** Sets bit i mod 32 of word i div 32 where byte i isn't 0, from row to row in whole words. */
export function packMask(mask: Uint8Array, classes: number, bits: Int32Array): void {
  const words = (classes + 31) >>> 5;
  let from = 0;
  for (let first = 0; first < bits.length; first += words) {
    for (let word = 0; word < words; word++) {
      const start = from + word * 32;
      const end = word < words - 1 ? start + 32 : from + classes;
      let set = 0;
      // Without a branch: a mask has no pattern.
      for (let i = start; i < end; i++) set |= ((mask[i] + 255) >>> 8) << (i - start);
      bits[first + word] = set;
    }
    from += classes;
  }
}
