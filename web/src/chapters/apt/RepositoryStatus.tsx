import { Alert } from "@patternfly/react-core";
import { alertVariant } from "../../kit/Level";
import { Link } from "../../kit/router";
import { Loaded } from "../../kit/states";
import type { RepositoryStatus } from "../../kit/types";
import { useRepositories } from "./data";

/** What the repositories of this host amount to, worst first. */
export function StatusAlerts({ status }: { status: RepositoryStatus }) {
  return (
    <div className="ik-stack ik-stack--tight" role="status">
      <Alert isInline variant={alertVariant(status.level)} title={status.message} />
      {status.messages
        .filter(({ message }) => message !== status.message)
        .map(({ level, message }, index) => (
          <Alert key={index} isInline isPlain variant={alertVariant(level)} title={message} />
        ))}
    </div>
  );
}

/** UI-02: the repository status in one line, for the summary of a node. */
export function RepositoryStatusLine({ node }: { node: string }) {
  const repositories = useRepositories(node);
  return (
    <Loaded query={repositories} what="the repository status" rows={2}>
      {({ status }) => (
        <div className="ik-stack ik-stack--tight">
          <StatusAlerts status={status} />
          <Link to={["nodes", node, "repositories"]}>Show the repositories</Link>
        </div>
      )}
    </Loaded>
  );
}
