// Secrets that nobody can guess.

/** So many of these letters. */
export function drawn(letters, length) {
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (one) => letters[one % letters.length]).join("");
}

/** A PIN of six digits. */
export function makePin() {
  return drawn("0123456789", 6);
}
