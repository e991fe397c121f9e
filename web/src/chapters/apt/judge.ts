import type { Signature } from "../../kit/types";

export type Verdict = { color: "green" | "orange" | "red" | "grey"; word: string; why: string };

/** What is wrong with a signature comes before what is right with it. */
export function judge(signature: Signature, now: number): Verdict {
  const { keyring, key } = signature;
  if (keyring !== undefined && signature["keyring-exists"] === 0) {
    return {
      color: "red",
      word: "keyring missing",
      why: "APT cannot verify this repository: its keyring does not exist.",
    };
  }
  if (signature.matches === 0) {
    return {
      color: "red",
      word: "wrong key",
      why: "The package lists on this host were signed by a key that is not in the keyring.",
    };
  }
  if (key?.expires !== undefined && key.expires < now) {
    return { color: "orange", word: "key expired", why: "The key that signs this repository has expired." };
  }
  if (key)
    return { color: "green", word: owner(key.uids), why: "The key that signs this repository is installed." };
  return {
    color: "grey",
    word: "not known",
    why: "The lists of this repository were not downloaded yet, so the key that signs it is not known.",
  };
}

/** The name in "Debian Archive Automatic Signing Key (12/bookworm) <ftpmaster@debian.org>". */
function owner(uids: string[]): string {
  return uids[0]?.replace(/\s*<[^>]*>\s*$/, "") || "key present";
}
