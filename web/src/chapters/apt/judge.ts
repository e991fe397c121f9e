import type { KeyInfo, Signature } from "../../kit/types";

export interface Verdict {
  color: "green" | "orange" | "red" | "grey";
  word: string;
  why: string;
}

/** What is wrong with a signature comes before what is right with it. */
export function judge(signature: Signature, now: number): Verdict {
  const { keys, matches } = signature;
  const errors = signature["keyring-errors"] ?? [];
  const key = keys[0];
  if (errors.length > 0) return { color: "red", word: "keyring unusable", why: errors.join(" ") };
  if (signature["keyring-exists"] === 0) {
    return {
      color: "red",
      word: "no key",
      why: "No keyring holds a key with which APT could verify this repository.",
    };
  }
  if (matches === 0) {
    return {
      color: "red",
      word: "wrong key",
      why: "The package lists on this host were signed by a key that is not in the keyring.",
    };
  }
  if (!key) return { color: "grey", word: "not known yet", why: NOT_FETCHED };
  if (key.revoked === 1)
    return { color: "red", word: "key revoked", why: "The owner of this key has revoked it." };
  if (key.expires != null && key.expires < now) {
    return { color: "orange", word: "key expired", why: "The key that signs this repository has expired." };
  }
  if (matches == null) return { color: "grey", word: owner(key), why: NOT_FETCHED };
  return {
    color: "green",
    word: owner(key),
    why: "The package lists on this host name this key as their signer.",
  };
}

const NOT_FETCHED = "The lists of this repository were not downloaded yet, so nobody knows who signed them.";

/** The name in "Debian Archive Automatic Signing Key (12/bookworm) <ftpmaster@debian.org>". */
function owner(key: KeyInfo): string {
  return key["user-ids"][0]?.replace(/\s*<[^>]*>\s*$/, "") || "key without a name";
}

/** A key with what it signs. */
export interface UsedKey extends KeyInfo {
  signs: { path: string; index: number; suite: string }[];
  /** Whether the lists on this host were really signed by it. */
  proven: boolean;
}

/** The keys that the repositories of a host use, each one once. */
export function keysOf(signatures: readonly Signature[]): UsedKey[] {
  const used = new Map<string, UsedKey>();
  for (const { keys, path, index, suite, matches } of signatures) {
    for (const key of keys) {
      const id = `${key.keyring} ${key.fingerprint}`;
      const known = used.get(id) ?? { ...key, signs: [], proven: false };
      known.signs.push({ path, index, suite });
      known.proven ||= matches === 1;
      used.set(id, known);
    }
  }
  return [...used.values()];
}
