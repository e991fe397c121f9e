import { Alert } from "@patternfly/react-core";
import { alertVariant, LevelIcon } from "../../kit/Level";
import { Link } from "../../kit/router";
import { Loaded } from "../../kit/states";
import type { RepositoryStatus } from "../../kit/types";
import { useRepositories } from "./data";

/** What the repositories of this host amount to: the worst in the heading, the rest below. */
export function StatusAlert({ status }: { status: RepositoryStatus }) {
  const others = status.messages.filter(({ message }) => message !== status.message);
  return (
    <Alert isInline isLiveRegion variant={alertVariant(status.level)} title={status.message}>
      {others.length > 0 && (
        <ul>
          {others.map(({ level, message }, index) => (
            <li key={index} className="ik-status">
              <LevelIcon level={level} />
              <span>{message}</span>
            </li>
          ))}
        </ul>
      )}
    </Alert>
  );
}

/** UI-02: the repository status in one line, for the summary of a node. */
export function RepositoryStatusLine({ node }: { node: string }) {
  const repositories = useRepositories(node);
  return (
    <Loaded query={repositories} what="the repository status" rows={2}>
      {({ status }) => (
        <div className="ik-stack ik-stack--tight">
          <StatusAlert status={status} />
          <Link to={["nodes", node, "repositories"]}>Show the repositories</Link>
        </div>
      )}
    </Loaded>
  );
}
