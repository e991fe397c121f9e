import { Alert, Button, Progress } from "@patternfly/react-core";
import { useEffect, useState } from "react";
import { useConnection } from "../connection";
import { DiffView } from "../diff/DiffView";
import { duration } from "../format";
import { usePropose } from "../plan/Changes";
import { Link } from "../router";
import { useMay } from "../session";
import { Elsewhere } from "./Elsewhere";
import { revertNow, secondsLeft, useAddresses, useArmed, useConfirm, type Looked } from "./data";
import "./armed.css";

/** The changes that wait to be confirmed, with the time that is left: all of them, or that of one task. */
export function ArmedChanges({ upid }: { upid?: string }) {
  const armed = useArmed();
  const shown = (armed.data ?? []).filter((one) => upid === undefined || one.upid === upid);
  if (shown.length === 0) return null;
  return (
    <div className="ik-armed" role="region" aria-label="Changes that wait to be confirmed">
      {shown.map((one) => (
        <Armed key={one.id} armed={one} isInDialog={upid !== undefined} />
      ))}
    </div>
  );
}

function Armed({ armed, isInDialog }: { armed: Looked; isInDialog: boolean }) {
  const { id, what, state, node } = armed;
  const mayChange = useMay("Sys.Modify");
  const propose = usePropose();
  const confirm = useConfirm();
  const [error, setError] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  const keep = () => {
    setBusy(true);
    setError(undefined);
    confirm(armed)
      .catch((failure: Error) => setError(failure))
      .finally(() => setBusy(false));
  };
  // its time is running already while it is carried out, and that may be when the host is cut off
  const isCounted = state === "waiting" || state === "applying";
  const isOpen = state === "waiting" || state === "stuck";
  return (
    <Alert isInline variant={state === "stuck" ? "danger" : "warning"} title={TITLES[state](id)}>
      <p className="ik-wrap ik-sentence">{what}</p>
      {isCounted && <Countdown armed={armed} />}
      {armed.error && <p className="ik-wrap">{armed.error}</p>}
      {armed.diff && <DiffView diff={armed.diff} />}
      {error && <p role="alert">{error.message}</p>}
      {isCounted && <Lost armed={armed} />}
      <div className="ik-actions ik-armed__actions">
        {mayChange && isOpen && (
          <>
            <Button size="sm" isDisabled={isBusy} isLoading={isBusy} onClick={keep}>
              {state === "stuck" ? "Keep it as it is" : "Confirm: all is well"}
            </Button>
            {!isInDialog && (
              <Button
                size="sm"
                variant="secondary"
                isDisabled={isBusy}
                onClick={() => propose(revertNow(armed))}
              >
                Take it back now
              </Button>
            )}
          </>
        )}
        {!isInDialog && <Link to={["nodes", node, "history", id]}>Show the change</Link>}
      </div>
    </Alert>
  );
}

const TITLES = {
  applying: (id) => `Change ${id} is being carried out`,
  waiting: (id) => `Change ${id} waits to be confirmed`,
  reverting: (id) => `Change ${id} is being taken back`,
  stuck: (id) => `Change ${id} could not be taken back`,
  confirmed: (id) => `Change ${id} is confirmed`,
  reverted: (id) => `Change ${id} was taken back`,
} as const satisfies Record<Looked["state"], (id: number) => string>;

function useSecondsLeft(armed: Looked): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return secondsLeft(armed, Math.max(now, armed.at));
}

function Countdown({ armed }: { armed: Looked }) {
  const left = useSecondsLeft(armed);
  const whole = Math.max(armed.within ?? left, left, 1);
  return (
    <Progress
      className="ik-armed__left"
      size="sm"
      measureLocation="outside"
      aria-label={`Time left to confirm change ${armed.id}`}
      value={left}
      max={whole}
      label={left > 0 ? `${duration(left)} left` : "the time is over"}
      valueText={duration(left)}
    />
  );
}

/**
 * What to know when the host is gone: it takes the change back by itself, and when the change has moved it, the page
 * goes on where the host is now.
 */
function Lost({ armed }: { armed: Looked }) {
  const connection = useConnection();
  const addresses = useAddresses(armed);
  const isOver = useSecondsLeft(armed) === 0;
  if (connection.is === "there") return null;
  return (
    <>
      <p>
        {isOver
          ? "The host does not answer. The time is over, and it takes the change back by itself: this page goes on as soon as it answers."
          : "The host does not answer. Unless somebody confirms the change, it is taken back when the time is over, and this page goes on."}
      </p>
      <Elsewhere addresses={addresses.data ?? []} />
    </>
  );
}
