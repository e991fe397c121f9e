import { Alert } from "@patternfly/react-core";
import { useConnection } from "../connection";
import { duration } from "../format";
import type { Plan } from "../types";
import { ArmedChanges } from "./ArmedChanges";
import { Elsewhere } from "./Elsewhere";
import { filesOf, newAddresses, useArmed } from "./data";

/** How often the host is asked for a change that was just sent to it. */
const EXPECTED_MS = 1_000;

/**
 * The change of one task, which somebody has to confirm. It may cut the host off before that has said that it waits: then the
 * plan still knows what becomes of it.
 */
export function ArmedTask({ upid, plan, within }: { upid: string; plan: Plan; within: number }) {
  const armed = useArmed(EXPECTED_MS);
  const connection = useConnection();
  if (armed.data?.some((one) => one.upid === upid)) return <ArmedChanges upid={upid} />;
  if (connection.is === "there") return null;
  return (
    <Alert isInline isLiveRegion variant="warning" title="The host does not answer">
      <p>
        Unless somebody confirms the change within {duration(within)} of its beginning, the host takes it back
        by itself, and this page goes on.
      </p>
      <Elsewhere addresses={newAddresses(filesOf(plan))} />
    </Alert>
  );
}
