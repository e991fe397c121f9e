import { Alert, AlertActionLink, Progress } from "@patternfly/react-core";
import { useEffect, useState } from "react";
import { useConnection } from "../connection";
import { DiffView } from "../diff/DiffView";
import { duration } from "../format";
import { usePropose } from "../plan/Changes";
import { Link } from "../router";
import { useMay } from "../session";
import { elsewhere, revertNow, secondsLeft, useAddresses, useArmed, useConfirm, type Looked } from "./data";
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
  const isOpen = state === "waiting" || state === "stuck";
  return (
    <Alert
      isInline
      variant={state === "stuck" ? "danger" : "warning"}
      title={TITLES[state](id)}
      actionLinks={
        <>
          {mayChange && isOpen && (
            <>
              <AlertActionLink isDisabled={isBusy} isLoading={isBusy} onClick={keep}>
                {state === "stuck" ? "Keep it as it is" : "Confirm: all is well"}
              </AlertActionLink>
              {!isInDialog && (
                <AlertActionLink isDisabled={isBusy} onClick={() => propose(revertNow(armed))}>
                  Take it back now
                </AlertActionLink>
              )}
            </>
          )}
          {!isInDialog && <Link to={["nodes", node, "history", id]}>Show the change</Link>}
        </>
      }
    >
      <p className="ik-wrap">{what}</p>
      {state === "waiting" && <Countdown armed={armed} />}
      {armed.error && <p className="ik-wrap">{armed.error}</p>}
      {armed.diff && <DiffView diff={armed.diff} />}
      {error && <p role="alert">{error.message}</p>}
      {state === "waiting" && <Elsewhere armed={armed} />}
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

function Countdown({ armed }: { armed: Looked }) {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const left = secondsLeft(armed, Math.max(now, armed.at));
  const whole = Math.max(armed.within ?? left, left, 1);
  return (
    <Progress
      className="ik-armed__left"
      size="sm"
      aria-label={`Time left to confirm change ${armed.id}`}
      title="It is taken back in"
      value={left}
      max={whole}
      label={duration(left)}
      valueText={duration(left)}
    />
  );
}

/** When the host is gone because the change moved it, the page goes on where it is now. */
function Elsewhere({ armed }: { armed: Looked }) {
  const connection = useConnection();
  const addresses = useAddresses(armed);
  if (connection.is === "there" || !addresses.data?.length) return null;
  return (
    <p>
      The change gives the host another address. Go on there, log in, and confirm it:{" "}
      {addresses.data.map((address) => (
        <a key={address} href={elsewhere(address, location)}>
          {address}
        </a>
      ))}
    </p>
  );
}
