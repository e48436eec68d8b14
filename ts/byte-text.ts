/**
 * Bytes from text that compresses as well as they do: base64 hides from gzip what bytes have in common, at half as
 * much again for a module. `scripts/byte-text.mjs` is the other direction.
 *
 * The text is a list of numbers up to 255. One below 61 is a character; others have a character before it that adds
 * 61, 122, 183 or 244. First come all bytes, the commonest first; then the places of the bytes in that list.
 */

const FIRST = 61;
const SKIPPED = 92;
const DIGITS = 61;

/** In one pass over bytes, and in place: at a first call nothing is compiled yet, and each step counts. */
export function decodeBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  const commonest = new Uint8Array(256);
  let count = -commonest.length;
  let high = 0;
  for (let i = 0; i < bytes.length; i++) {
    const code = bytes[i] as number;
    // No backslash: it would need another.
    const digit = code > SKIPPED ? code - FIRST - 1 : code - FIRST;
    if (digit >= DIGITS) {
      high = (digit - DIGITS + 1) * DIGITS;
    } else {
      if (count < 0) commonest[count + 256] = high + digit;
      else bytes[count] = commonest[high + digit] as number;
      count++;
      high = 0;
    }
  }
  return bytes.subarray(0, count);
}
