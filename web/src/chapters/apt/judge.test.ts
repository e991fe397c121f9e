import { expect, it } from "vitest";
import type { Signature } from "../../kit/types";
import { judge } from "./judge";

const NOW = 1_000_000;
const BASE: Signature = {
  path: "/etc/apt/sources.list",
  index: 0,
  uri: "http://deb.debian.org/debian",
  suite: "bookworm",
};
const KEY = { fingerprint: "AB", uids: ["Debian Archive Key (12/bookworm) <ftpmaster@debian.org>"] };

const word = (more: Partial<Signature>) => judge({ ...BASE, ...more }, NOW).word;

/** APT-32: what is wrong with a signature is said before what is right. */
it("judges a signature by its worst trait", () => {
  expect(word({})).toBe("not known");
  expect(word({ key: KEY, matches: 1 })).toBe("Debian Archive Key (12/bookworm)");
  expect(word({ key: { ...KEY, uids: [] } })).toBe("key present");
  expect(word({ key: { ...KEY, expires: NOW - 1 } })).toBe("key expired");
  expect(word({ key: KEY, matches: 0 })).toBe("wrong key");
  expect(word({ keyring: "/gone.gpg", "keyring-exists": 0, key: KEY })).toBe("keyring missing");
});
