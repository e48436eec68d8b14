// Bytes as text for a bundle, in the form that ts/byte-text.ts reads and explains.

// From "=" to "~" without the backslash: nothing that a string in quotes must escape, and no "<", which could end a
// script in a page.
const CHARACTERS = Array.from({ length: 65 }, (_, i) =>
  String.fromCharCode(i + (i < 31 ? 61 : 62)),
);
const DIGITS = 61;

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function encodeBytes(bytes) {
  const uses = new Array(256).fill(0);
  for (const byte of bytes) uses[byte]++;
  const commonest = [...uses.keys()].sort((a, b) => uses[b] - uses[a]);
  /** @type {number[]} */
  const places = [];
  commonest.forEach((byte, place) => {
    places[byte] = place;
  });
  const numbers = [...commonest, ...Array.from(bytes, (byte) => places[byte] ?? 0)];
  return numbers.map(character).join("");
}

/** @param {number} number */
function character(number) {
  const high = Math.floor(number / DIGITS);
  return `${high > 0 ? CHARACTERS[DIGITS + high - 1] : ""}${CHARACTERS[number % DIGITS]}`;
}
