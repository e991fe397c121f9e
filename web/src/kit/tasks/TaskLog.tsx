import { Alert, Button, Progress, Switch } from "@patternfly/react-core";
import { useLayoutEffect, useRef, useState } from "react";
import { useNow } from "../clock";
import { dateTime, duration } from "../format";
import { Loaded, Problem } from "../states";
import { useMay, useSession } from "../session";
import type { TaskStatus } from "../types";
import { stopTask, useTaskLog, useTaskStatus } from "./data";
import { taskName } from "./names";
import { TaskState } from "./TaskState";
import "./tasks.css";

/** Lines that are drawn at first; a log may have a hundred thousand. */
const SHOWN = 1_000;
/** How near to its end a log counts as read to the end, in pixels. */
const NEAR = 24;

/** One task: what it is, how far it is, and its log as it grows. */
export function TaskLog({ node, upid, headed = false }: { node: string; upid: string; headed?: boolean }) {
  const status = useTaskStatus(node, upid);
  const running = status.data?.status !== "stopped";
  if (status.error && !status.data)
    return <Problem error={status.error} onRetry={() => void status.refetch()} />;
  return (
    <section className="ik-task" aria-label="Task log">
      {headed && status.data && <Facts task={status.data} />}
      {running && status.data && <Running node={node} task={status.data} />}
      <Log node={node} upid={upid} running={running} />
    </section>
  );
}

function Facts({ task }: { task: TaskStatus }) {
  const shown = { status: task.exitstatus, endtime: task.status === "stopped" ? 0 : undefined };
  return (
    <header className="ik-task__facts">
      <strong>{taskName(task)}</strong>
      <TaskState task={shown} />
      <span className="ik-subtle">
        {task.user}, {dateTime(task.starttime)}
      </span>
    </header>
  );
}

function Running({ node, task }: { node: string; task: TaskStatus }) {
  const { progress } = task;
  const now = useNow(1_000);
  return (
    <div className="ik-task__running">
      {progress && progress.total > 0 ? (
        <Progress
          className="ik-task__progress"
          aria-label="Progress of the task"
          size="sm"
          title={progress.what}
          value={Math.min(progress.done, progress.total)}
          max={progress.total}
          valueText={`${progress.done} of ${progress.total}`}
          label={`${progress.done} of ${progress.total}`}
        />
      ) : (
        <span className="ik-task__progress ik-subtle" role="status">
          Running for {duration(now - task.starttime)}
        </span>
      )}
      <StopButton node={node} task={task} />
    </div>
  );
}

function StopButton({ node, task }: { node: string; task: TaskStatus }) {
  const session = useSession();
  const mayStopAny = useMay("Sys.Modify");
  const isMine = session.is === "in" && session.session.username === task.user;
  const [asked, setAsked] = useState(false);
  const [error, setError] = useState<Error>();
  if (!isMine && !mayStopAny) return null;
  const stop = () => {
    setAsked(true);
    setError(undefined);
    stopTask(node, task.upid).catch((failure: Error) => {
      setAsked(false);
      setError(failure);
    });
  };
  return (
    <>
      <Button variant="secondary" size="sm" isDanger isLoading={asked} isDisabled={asked} onClick={stop}>
        {asked ? "Stopping" : "Stop"}
      </Button>
      {error && <Alert isInline isPlain isLiveRegion variant="danger" title={error.message} />}
    </>
  );
}

function Log({ node, upid, running }: { node: string; upid: string; running: boolean }) {
  const log = useTaskLog(node, upid, running);
  return (
    <Loaded query={log} what="the task log" rows={3}>
      {(lines) => <Lines lines={lines} running={running} />}
    </Loaded>
  );
}

function Lines({ lines, running }: { lines: string[]; running: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const [follow, setFollow] = useState(true);
  const [whole, setWhole] = useState(false);
  const hidden = whole ? 0 : Math.max(0, lines.length - SHOWN);

  useLayoutEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, lines]);

  const scrolled = () => {
    const { current } = box;
    if (current) setFollow(current.scrollHeight - current.scrollTop - current.clientHeight < NEAR);
  };

  return (
    <>
      {running && (
        <Switch
          id="follow"
          className="ik-task__follow"
          label="Follow the log"
          isChecked={follow}
          onChange={(_, on) => setFollow(on)}
        />
      )}
      <div
        ref={box}
        className="ik-log"
        role="log"
        aria-live={running ? "polite" : "off"}
        aria-label="Lines of the log"
        tabIndex={0}
        onScroll={scrolled}
      >
        {hidden > 0 && (
          <Button variant="link" isInline onClick={() => setWhole(true)}>
            Show the {hidden.toLocaleString()} earlier lines
          </Button>
        )}
        {lines.length === 0 && (
          <p className="ik-subtle">{running ? "No output yet." : "The log is empty."}</p>
        )}
        <ol start={hidden + 1}>
          {lines.slice(hidden).map((line, index) => (
            <li key={hidden + index} className={lineClass(line)}>
              {line || " "}
            </li>
          ))}
        </ol>
      </div>
    </>
  );
}

function lineClass(line: string): string | undefined {
  if (line === "TASK OK") return "ik-log__good";
  if (line.startsWith("TASK WARNINGS")) return "ik-log__warning";
  if (line.startsWith("TASK ERROR")) return "ik-log__bad";
  return undefined;
}
