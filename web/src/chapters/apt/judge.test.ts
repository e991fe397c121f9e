import { describe, expect, it } from "vitest";
import type { Signature } from "../../kit/types";
import { judge, keysOf } from "./judge";

const NOW = 1_000_000;
const KEY = {
  fingerprint: "AB",
  "user-ids": ["Debian Archive Key (12/bookworm) <ftpmaster@debian.org>"],
  created: 1,
  revoked: 0 as const,
  keyring: "/etc/apt/trusted.gpg.d/debian.asc",
};
const BASE: Signature = {
  path: "/etc/apt/sources.list",
  index: 0,
  uri: "http://deb.debian.org/debian",
  suite: "bookworm",
  keyrings: [KEY.keyring],
  "keyring-exists": 1,
  "signed-by": ["AB"],
  keys: [KEY],
  matches: 1,
};

const word = (more: Partial<Signature>) => judge({ ...BASE, ...more }, NOW).word;

/** APT-32 */
describe("the signature of a repository", () => {
  it("is judged by its worst trait", () => {
    expect(word({})).toBe("Debian Archive Key (12/bookworm)");
    expect(word({ keys: [{ ...KEY, "user-ids": [] }] })).toBe("key without a name");
    expect(word({ keys: [], matches: undefined })).toBe("not known yet");
    expect(word({ keys: [{ ...KEY, expires: NOW - 1 }] })).toBe("key expired");
    expect(word({ keys: [{ ...KEY, revoked: 1, expires: NOW - 1 }] })).toBe("key revoked");
    expect(word({ keys: [], matches: 0 })).toBe("wrong key");
    expect(word({ "keyring-exists": 0, matches: 0 })).toBe("no key");
    expect(word({ "keyring-exists": 0, "keyring-errors": ["/gone.gpg: no such file"] })).toBe(
      "keyring unusable",
    );
  });

  it("is green only when the lists on the host prove it", () => {
    expect(judge(BASE, NOW).color).toBe("green");
    expect(judge({ ...BASE, matches: undefined }, NOW).color).toBe("grey");
  });
});

it("lists each key once, with everything that it signs", () => {
  const other = { ...BASE, index: 1, suite: "bookworm-updates", matches: undefined };
  expect(keysOf([BASE, other]).map(({ signs, proven }) => [signs.length, proven])).toEqual([[2, true]]);
  expect(keysOf([{ ...BASE, keys: [] }])).toEqual([]);
});
