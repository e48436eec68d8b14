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

export function decodeBytes(text: string): Uint8Array<ArrayBuffer> {
  const numbers = new Uint8Array(text.length);
  let count = 0;
  let high = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // No backslash: it would need another.
    const digit = code - FIRST - Number(code > SKIPPED);
    if (digit >= DIGITS) {
      high = (digit - DIGITS + 1) * DIGITS;
    } else {
      numbers[count++] = high + digit;
      high = 0;
    }
  }
  const bytes = new Uint8Array(count - 256);
  for (let i = 0; i < bytes.length; i++) bytes[i] = numbers[numbers[i + 256] as number] as number;
  return bytes;
}
