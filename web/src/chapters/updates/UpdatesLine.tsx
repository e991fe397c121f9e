import { Alert } from "@patternfly/react-core";
import { count, dateTime } from "../../kit/format";
import { Link } from "../../kit/router";
import { Loaded } from "../../kit/states";
import { useStanding, type Standing } from "./data";

/** How many updates there are and whether a reboot is needed, for the summary of a node. */
export function UpdatesLine({ node }: { node: string }) {
  const standing = useStanding(node);
  return (
    <Loaded query={standing} what="the updates" rows={2}>
      {(at) => (
        <div className="ik-stack ik-stack--tight">
          <p>{pending(at)}</p>
          {at.refreshed != null && (
            <p className="ik-subtle ik-small">Package lists of {dateTime(at.refreshed)}</p>
          )}
          {isHalfDone(at) && (
            <Alert isInline isPlain variant="danger" title="A change of packages was interrupted" />
          )}
          {at.reboot.length > 0 && (
            <Alert isInline isPlain variant="warning" title="This host has to be restarted" />
          )}
          <Link to={["nodes", node, "updates"]}>Show the updates</Link>
        </div>
      )}
    </Loaded>
  );
}

export function isHalfDone({ "half-done": packages, interrupted, "at-work": program }: Standing): boolean {
  return (packages.length > 0 || interrupted === 1) && program == null;
}

/** "3 updates, 1 of them a security fix." */
export function pending({ refreshed, listed, changes, security, kept }: Standing): string {
  if (refreshed == null)
    return "The package lists were never refreshed, so nobody knows which updates there are.";
  if (listed == null) return "Which updates there are was not worked out yet.";
  const stays = kept === 1 ? "stays as it is" : "stay as they are";
  const rest = kept > 0 ? ` ${count(kept, "package")} with a newer version ${stays}.` : "";
  if (changes === 0) return `Nothing is to be installed.${rest}`;
  const safe =
    security > 0 ? `, ${security} of them ${security === 1 ? "a security fix" : "security fixes"}` : "";
  return `${count(changes, "update")}${safe}.${rest}`;
}
