import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { base64, sha512Hex } from "./bytes";

it("encodes and sums any bytes, also many", async () => {
  const bytes = new Uint8Array(100_000).map((_, index) => index * 31);
  expect(base64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
  expect(await sha512Hex(bytes)).toBe(createHash("sha512").update(bytes).digest("hex"));
});
