import { expect, it } from "vitest";
import { base32, newSecret, otpauth, spaced } from "./totp";

it("writes base32 as RFC 4648 has it", () => {
  const of = (text: string) => base32(new TextEncoder().encode(text));
  expect(["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(of)).toEqual([
    "",
    "MY",
    "MZXQ",
    "MZXW6",
    "MZXW6YQ",
    "MZXW6YTB",
    "MZXW6YTBOI",
  ]);
});

it("makes secrets of 160 bits, never twice the same", () => {
  const [one, other] = [newSecret(), newSecret()];
  expect(one).toMatch(/^[A-Z2-7]{32}$/);
  expect(one).not.toBe(other);
});

it("names host and user in the address, escaped", () => {
  expect(otpauth("a b@pve", "inn1", "ABC")).toBe(
    "otpauth://totp/inn1:a%20b%40pve?secret=ABC&issuer=inn1&algorithm=SHA1&digits=6&period=30",
  );
  expect(spaced("ABCDEFGHIJ")).toBe("ABCD EFGH IJ");
});
