import { expect, it } from "vitest";
import type { LogEntry } from "../../kit/types";
import { append, EMPTY, MOST, newest, prepend, type LogWindow } from "./window";

const entries = (from: number, count: number): LogEntry[] =>
  Array.from({ length: count }, (_, index) => ({
    cursor: `c${from + index}`,
    time: from + index,
    identifier: "x",
    host: "h",
    message: "",
  }));

const ends = ({ entries: all }: LogWindow) => [all[0]?.time, all.at(-1)?.time, all.length];

it("goes back to the beginning of the log, and knows when it is there", () => {
  const first = newest(entries(100, 50));
  expect(first.earlier).toBe(true);
  const back = prepend(first, entries(50, 50));
  expect(ends(back)).toEqual([50, 149, 100]);
  expect(prepend(back, []).earlier).toBe(false);
});

it("never holds more than it may, and says which side was left out", () => {
  let window = newest(entries(10_000, 500));
  for (let from = 9_500; from >= 5_000; from -= 500) window = prepend(window, entries(from, 500));
  expect(ends(window)).toEqual([5_000, 5_000 + MOST - 1, MOST]);
  expect(window.later).toBe(true);
  window = append(window, entries(5_000 + MOST, 500), 500);
  expect(ends(window)).toEqual([5_500, 5_499 + MOST, MOST]);
  expect([window.earlier, window.later]).toEqual([true, true]);
});

it("is at the end again when fewer came than were asked for", () => {
  const cut = { ...newest(entries(0, 10)), later: true };
  expect(append(cut, entries(10, 3), 500).later).toBe(false);
  expect(append(cut, [], 500).later).toBe(false);
});

it("stays the same when nothing is new, so that nothing is drawn anew", () => {
  const window = newest(entries(0, 10));
  expect(append(window, [], 500)).toBe(window);
  expect(append(EMPTY, [], 500)).toBe(EMPTY);
});
