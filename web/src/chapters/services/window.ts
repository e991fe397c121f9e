// The part of a log that the page holds: a log may have millions of entries, the page never has more than some thousands.

import type { LogEntry } from "../../kit/types";

export interface LogWindow {
  /** Oldest first. */
  entries: readonly LogEntry[];
  /** There may be entries before the first one. */
  earlier: boolean;
  /** There are entries after the last one that were left out; not those that will be written yet. */
  later: boolean;
}

/** Entries that are held at most. */
export const MOST = 4_000;

export const EMPTY: LogWindow = { entries: [], earlier: false, later: false };

/** The newest entries. */
export function newest(entries: readonly LogEntry[]): LogWindow {
  return { entries, earlier: entries.length > 0, later: false };
}

/** Entries from before the first one; the newest make room. */
export function prepend(window: LogWindow, entries: readonly LogEntry[]): LogWindow {
  const all = [...entries, ...window.entries];
  return {
    entries: all.slice(0, MOST),
    earlier: entries.length > 0,
    later: window.later || all.length > MOST,
  };
}

/** Entries from after the last one; the oldest make room. `asked` is how many were asked for. */
export function append(window: LogWindow, entries: readonly LogEntry[], asked: number): LogWindow {
  if (entries.length === 0) return window.later ? { ...window, later: false } : window;
  const all = [...window.entries, ...entries];
  return {
    entries: all.slice(-MOST),
    earlier: window.earlier || all.length > MOST || window.entries.length === 0,
    later: entries.length >= asked,
  };
}
