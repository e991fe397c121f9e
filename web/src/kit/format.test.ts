import { expect, it } from "vitest";
import { bytes, count, dateTime, duration, fingerprint, localOf, secondsOf } from "./format";

it("says durations in at most two units", () => {
  expect([0, 59.6, 60, 200, 7_500, 90_000, 172_800, -5].map(duration)).toEqual([
    "0 s",
    "1 min",
    "1 min",
    "3 min 20 s",
    "2 h 5 min",
    "1 d 1 h",
    "2 d",
    "0 s",
  ]);
});

it("writes times as logs do", () => {
  expect(dateTime(new Date(2026, 0, 2, 3, 4, 5).getTime() / 1000)).toBe("2026-01-02 03:04:05");
});

it("counts and groups", () => {
  expect([count(1, "entry", "entries"), count(2, "entry", "entries"), count(0, "task")]).toEqual([
    "1 entry",
    "2 entries",
    "0 tasks",
  ]);
  expect(fingerprint("B8B80B5B62")).toBe("B8B8 0B5B 62");
});

it("asks for an end in local time, and for none with an empty field", () => {
  expect(secondsOf("")).toBe(0);
  expect(localOf(0)).toBe("");
  expect(localOf(secondsOf("2027-03-04T05:06"))).toBe("2027-03-04T05:06");
});

it("says sizes as people read them", () => {
  expect([0, 1023, 1024, 3_500, 20_000, 126_000_000, -5_000].map(bytes)).toEqual([
    "0 B",
    "1023 B",
    "1 KiB",
    "3.4 KiB",
    "20 KiB",
    "120 MiB",
    "-4.9 KiB",
  ]);
});
