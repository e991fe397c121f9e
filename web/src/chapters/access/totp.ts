// What an authenticator app is told: a secret, as an address that fits into a QR code (RFC 6238, RFC 4648).

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** Bytes of a secret, as RFC 4226 recommends. */
const LENGTH = 20;

export function newSecret(): string {
  return base32(crypto.getRandomValues(new Uint8Array(LENGTH)));
}

export function base32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(value >>> bits) & 31];
    }
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(value << (5 - bits)) & 31] : text;
}

export function otpauth(userid: string, host: string, secret: string): string {
  const label = `${encodeURIComponent(host)}:${encodeURIComponent(userid)}`;
  const query = new URLSearchParams({ secret, issuer: host, algorithm: "SHA1", digits: "6", period: "30" });
  return `otpauth://totp/${label}?${query}`;
}

/** In groups of four, for those who have to type it. */
export function spaced(secret: string): string {
  return (secret.match(/.{1,4}/g) ?? []).join(" ");
}
