import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { askKey, decode, encode, makeKey, whyNoKeys } from "./webauthn";

const bytes = (...numbers: number[]) => new Uint8Array(numbers).buffer;
const credentials = { create: vi.fn(), get: vi.fn() };

beforeEach(() => {
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("PublicKeyCredential", vi.fn());
  Object.defineProperty(navigator, "credentials", { value: credentials, configurable: true });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetAllMocks();
});

it("writes bytes as base64url without padding, and reads them with and without", () => {
  expect(encode(bytes(251, 255, 254, 0))).toBe("-__-AA");
  expect([...decode("-__-AA")]).toEqual([251, 255, 254, 0]);
  expect([...decode("-__-AA==")]).toEqual([251, 255, 254, 0]);
});

it("asks the browser for a new key in bytes, and brings its answer as text", async () => {
  credentials.create.mockResolvedValue({
    id: "AQ",
    type: "public-key",
    rawId: bytes(1),
    response: { clientDataJSON: bytes(2), attestationObject: bytes(3) },
  });
  const question = {
    publicKey: {
      rp: { id: "pve1", name: "pve1" },
      user: { id: "BQ", name: "ada", displayName: "ada" },
      challenge: "Bg",
      pubKeyCredParams: [],
      excludeCredentials: [{ type: "public-key", id: "Bw" }],
    },
  };
  const made = await makeKey(JSON.stringify(question));
  expect(credentials.create.mock.lastCall?.[0].publicKey).toMatchObject({
    rp: { id: "pve1" },
    user: { id: Uint8Array.of(5), name: "ada" },
    challenge: Uint8Array.of(6),
    excludeCredentials: [{ id: Uint8Array.of(7) }],
  });
  expect(made.challenge).toBe("Bg");
  expect(JSON.parse(made.answer)).toEqual({
    id: "AQ",
    type: "public-key",
    rawId: "AQ",
    challenge: "Bg",
    response: { clientDataJSON: "Ag", attestationObject: "Aw" },
  });
});

it("asks a known key to sign", async () => {
  const response = { clientDataJSON: bytes(2), authenticatorData: bytes(3), signature: bytes(4) };
  credentials.get.mockResolvedValue({ id: "AQ", type: "public-key", rawId: bytes(1), response });
  const allowCredentials = [{ type: "public-key", id: "AQ" }];
  const answer = await askKey({ publicKey: { challenge: "Bg", rpId: "pve1", allowCredentials } });
  expect(credentials.get.mock.lastCall?.[0].publicKey).toMatchObject({
    challenge: Uint8Array.of(6),
    rpId: "pve1",
    allowCredentials: [{ id: Uint8Array.of(1) }],
  });
  expect(JSON.parse(answer)).toMatchObject({
    id: "AQ",
    challenge: "Bg",
    response: { clientDataJSON: "Ag", authenticatorData: "Aw", signature: "BA" },
  });
});

it("says in words why there is no key", async () => {
  const refuse = (name: string) => credentials.get.mockRejectedValue(new DOMException("x", name));
  const ask = () => askKey({ publicKey: { challenge: "Bg" } });
  refuse("NotAllowedError");
  await expect(ask()).rejects.toThrow("No key answered in time");
  refuse("SecurityError");
  await expect(ask()).rejects.toThrow("another address");
  vi.stubGlobal("isSecureContext", false);
  expect(whyNoKeys()).toMatch(/a certificate it trusts/);
  await expect(ask()).rejects.toThrow("a certificate it trusts");
});
