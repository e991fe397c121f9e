import { useCallback, useEffect, useRef, useState } from "react";
import { CHUNK, readLog, type LogFilter } from "./data";
import { append, EMPTY, newest, prepend, type LogWindow } from "./window";

/** How often a log that is followed is asked for news. */
const FOLLOW_MS = 2_000;

type Direction = "newest" | "earlier" | "later";

export interface Log {
  window: LogWindow;
  /** What is on its way. */
  loading?: Direction;
  error?: Error;
  load: (direction: Direction) => void;
}

/** A window on the log, moved by `load`; while it is followed, what is new is appended. The filter must be stable. */
export function useLog(node: string, filter: LogFilter, follow: boolean): Log {
  const [window, setWindow] = useState(EMPTY);
  const [loading, setLoading] = useState<Direction | undefined>("newest");
  const [error, setError] = useState<Error>();
  const asking = useRef<AbortController>(undefined);
  const current = useRef(window);

  const load = useCallback(
    async (direction: Direction, isQuiet = false) => {
      // Whoever asks for another log wants no answer about the last one; else one question at a time.
      if (direction === "newest") asking.current?.abort();
      else if (asking.current) return;
      const question = new AbortController();
      asking.current = question;
      if (!isQuiet) setLoading(direction);
      try {
        const { entries } = current.current;
        const from =
          direction === "earlier"
            ? { before: entries[0]?.cursor }
            : { after: direction === "later" ? entries.at(-1)?.cursor : undefined };
        const found = await readLog(node, filter, from, question.signal);
        if (question.signal.aborted) return;
        current.current = moved(current.current, direction, found);
        setWindow(current.current);
        setError(undefined);
      } catch (failure) {
        if (!question.signal.aborted) setError(failure as Error);
      } finally {
        if (asking.current === question) {
          asking.current = undefined;
          setLoading(undefined);
        }
      }
    },
    [node, filter],
  );

  useEffect(() => {
    current.current = EMPTY;
    const start = setTimeout(() => void load("newest"));
    return () => {
      clearTimeout(start);
      asking.current?.abort();
      asking.current = undefined;
    };
  }, [load]);

  const failed = error !== undefined;
  useEffect(() => {
    if (!follow || failed) return;
    const timer = setInterval(() => {
      if (!document.hidden) void load("later", true);
    }, FOLLOW_MS);
    return () => clearInterval(timer);
  }, [follow, failed, load]);

  return { window, loading, error, load: (direction) => void load(direction) };
}

function moved(window: LogWindow, direction: Direction, found: Parameters<typeof newest>[0]): LogWindow {
  if (direction === "newest") return newest(found);
  if (direction === "earlier") return prepend(window, found);
  // The first entries of a log that was empty: there was no cursor to go on from.
  return window.entries.length === 0 ? (found.length ? newest(found) : window) : append(window, found, CHUNK);
}
