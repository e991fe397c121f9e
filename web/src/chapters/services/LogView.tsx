import { Button, Switch } from "@patternfly/react-core";
import { memo, useCallback, useLayoutEffect, useRef, useState } from "react";
import { dateTime } from "../../kit/format";
import { Loading, Nothing, Problem } from "../../kit/states";
import type { LogEntry } from "../../kit/types";
import type { LogFilter } from "./data";
import { useLog, type Log } from "./useLog";
import "./services.css";

/** How near to an end of the box the next part is fetched, and how near counts as being at the end, in pixels. */
const NEAR = 600;
const AT_END = 24;

/** The log, newest at the bottom, as much of it as somebody scrolls through. */
export function LogView({ node, filter, label }: { node: string; filter: LogFilter; label: string }) {
  const [wanted, setFollow] = useState(true);
  const isOpen = filter.until === undefined;
  const follow = wanted && isOpen;
  const log = useLog(node, filter, follow);
  const { window, loading, error, load } = log;
  if (error && window.entries.length === 0) {
    return <Problem error={error} title={`Cannot show ${label}`} onRetry={() => load("newest")} />;
  }
  if (loading === "newest" && window.entries.length === 0) return <Loading what={label} />;
  return (
    <div className="ik-stack ik-stack--tight">
      {isOpen && (
        <Switch
          id="follow-log"
          label="Follow the log"
          isChecked={follow}
          onChange={(_, on) => {
            setFollow(on);
            if (on && window.later) load("newest");
          }}
        />
      )}
      {error && <Problem error={error} onRetry={() => load("later")} />}
      {window.entries.length === 0 ? (
        <Nothing title="Nothing was written">The log has no entry like this.</Nothing>
      ) : (
        <Entries log={log} label={label} follow={follow} onFollow={setFollow} />
      )}
    </div>
  );
}

/** An entry and where it stood, to find the place again when others came or went above it. */
interface Anchor {
  cursor: string;
  top: number;
}

function Entries({
  log: { window, loading, load },
  label,
  follow,
  onFollow,
}: {
  log: Log;
  label: string;
  follow: boolean;
  onFollow: (follow: boolean) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const anchor = useRef<Anchor>(undefined);

  useLayoutEffect(() => {
    const { current } = box;
    if (!current) return;
    if (follow) current.scrollTop = current.scrollHeight;
    else if (anchor.current) restore(current, anchor.current);
  }, [window.entries, follow]);

  const scrolled = useCallback(() => {
    const { current } = box;
    if (!current) return;
    anchor.current = anchorOf(current);
    const below = current.scrollHeight - current.scrollTop - current.clientHeight;
    if (current.scrollTop < NEAR && window.earlier && !loading) load("earlier");
    if (below < NEAR && window.later && !loading) load("later");
    onFollow(below < AT_END && !window.later);
  }, [window.earlier, window.later, loading, load, onFollow]);

  return (
    <div
      ref={box}
      className="ik-entries"
      role="log"
      aria-live={follow ? "polite" : "off"}
      aria-label={label}
      aria-busy={loading !== undefined}
      tabIndex={0}
      onScroll={scrolled}
    >
      {window.earlier ? (
        <Button variant="link" isInline isLoading={loading === "earlier"} onClick={() => load("earlier")}>
          Earlier entries
        </Button>
      ) : (
        <p className="ik-subtle">Here the log begins.</p>
      )}
      <ol>
        {window.entries.map((entry) => (
          <Line key={entry.cursor} entry={entry} />
        ))}
      </ol>
      {window.later && (
        <Button variant="link" isInline isLoading={loading === "later"} onClick={() => load("later")}>
          Later entries
        </Button>
      )}
    </div>
  );
}

/** The first entry that is seen. */
function anchorOf(box: HTMLElement): Anchor | undefined {
  const { top } = box.getBoundingClientRect();
  for (const line of box.querySelectorAll<HTMLElement>("[data-cursor]")) {
    const place = line.getBoundingClientRect();
    if (place.bottom > top) return { cursor: line.dataset["cursor"] ?? "", top: place.top - top };
  }
  return undefined;
}

function restore(box: HTMLElement, { cursor, top }: Anchor): void {
  const line = box.querySelector<HTMLElement>(`[data-cursor="${CSS.escape(cursor)}"]`);
  if (!line) return;
  const moved = line.getBoundingClientRect().top - box.getBoundingClientRect().top - top;
  if (Math.abs(moved) > 1) box.scrollTop += moved;
}

const WORDS = ["emergency", "alert", "critical", "error", "warning"];

const Line = memo(function Line({ entry }: { entry: LogEntry }) {
  const { cursor, time, identifier, pid, priority, message } = entry;
  const word = priority == null ? undefined : WORDS[priority];
  const grade = word === undefined ? "" : word === "warning" ? " ik-entry--warning" : " ik-entry--error";
  return (
    <li data-cursor={cursor} className={`ik-entry${grade}`}>
      <time className="ik-entry__time" dateTime={new Date(time * 1000).toISOString()}>
        {dateTime(time)}
      </time>
      <span className="ik-entry__from" title={entry.unit ?? undefined}>
        {identifier}
        {pid != null && `[${pid}]`}
      </span>
      <span className="ik-entry__message">
        {word && <strong className="ik-entry__word">{word}: </strong>}
        {message}
      </span>
    </li>
  );
});
