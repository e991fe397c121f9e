import { Alert, Button, Tab, Tabs, TabTitleText } from "@patternfly/react-core";
import PlusIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import SyncAltIcon from "@patternfly/react-icons/dist/esm/icons/sync-alt-icon";
import { useState } from "react";
import { ChapterPage } from "../../kit/ChapterPage";
import { usePropose } from "../../kit/plan/Changes";
import { go, href } from "../../kit/router";
import { useMay } from "../../kit/session";
import { Loaded, Nothing } from "../../kit/states";
import type { Repositories } from "../../kit/types";
import { AddDialog } from "./AddDialog";
import { aptChanges } from "./changes";
import { rowsOf, useRefresh, useRepositories } from "./data";
import { KeysTab } from "./KeysTab";
import { RepositoryTable } from "./RepositoryTable";
import { StatusAlert } from "./RepositoryStatus";
import "./apt.css";

const HELP = { guide: "repositories", man: ["apt-get.8", "sources.list.5", "apt-secure.8"] };

export function RepositoriesPage({ node, rest }: { node: string; rest: string[] }) {
  const repositories = useRepositories(node);
  const [adding, setAdding] = useState(false);
  const mayChange = useMay("Sys.Modify");
  const propose = usePropose();
  const refresh = useRefresh(node);
  const tab = rest[0] === "keys" ? "keys" : "entries";
  const changes = repositories.data && aptChanges(node, repositories.data.digest);

  return (
    <ChapterPage
      title="Repositories"
      node={node}
      intro="Where this host takes its packages and security fixes from."
      help={HELP}
      actions={
        mayChange && (
          <>
            <Button icon={<PlusIcon />} isDisabled={!changes} onClick={() => setAdding(true)}>
              Add repository
            </Button>
            <Button
              variant="secondary"
              icon={<SyncAltIcon />}
              isLoading={refresh.running}
              isDisabled={refresh.running}
              onClick={refresh.start}
            >
              Refresh package lists
            </Button>
            <Button
              variant="secondary"
              isDisabled={!changes}
              onClick={() => changes && propose(changes.firmware())}
            >
              Enable firmware component
            </Button>
          </>
        )
      }
    >
      {refresh.error && (
        <Alert isInline isLiveRegion variant="danger" title="Cannot refresh the package lists">
          {refresh.error.message}
        </Alert>
      )}
      <Tabs
        activeKey={tab}
        onSelect={(_, key) => go(href(["nodes", node, "repositories", ...(key === "keys" ? ["keys"] : [])]))}
        aria-label="Repositories and their keys"
        className="ik-tabs"
      >
        <Tab eventKey="entries" title={<TabTitleText>Repositories</TabTitleText>}>
          <div className="ik-tab">
            <Loaded query={repositories} what="the repositories">
              {(data) => <Files node={node} repositories={data} onAdd={() => setAdding(true)} />}
            </Loaded>
          </div>
        </Tab>
        <Tab eventKey="keys" title={<TabTitleText>Keys</TabTitleText>}>
          <div className="ik-tab">{tab === "keys" && <KeysTab node={node} mayChange={mayChange} />}</div>
        </Tab>
      </Tabs>
      {adding && changes && repositories.data && (
        <AddDialog
          repositories={repositories.data["standard-repos"]}
          onClose={() => setAdding(false)}
          onChoose={(chosen) => {
            setAdding(false);
            propose(changes.add(chosen));
          }}
        />
      )}
    </ChapterPage>
  );
}

function Files({
  node,
  repositories,
  onAdd,
}: {
  node: string;
  repositories: Repositories;
  onAdd: () => void;
}) {
  const { files, errors } = repositories;
  return (
    <div className="ik-stack">
      <StatusAlert status={repositories.status} />
      {errors.map(({ path, error }) => (
        <Alert
          key={path}
          isInline
          variant="danger"
          title={<span className="ik-wrap">Cannot read {path}</span>}
        >
          <p className="ik-mono ik-wrap">{error}</p>
          <p>Nothing is ever written to this file as long as it cannot be read. The other files work.</p>
        </Alert>
      ))}
      {files.length === 0 && errors.length === 0 && (
        <Nothing title="No repository is configured" action={{ label: "Add repository", onClick: onAdd }}>
          Without repositories this host gets no packages and no security fixes.
        </Nothing>
      )}
      {files.map((file) => (
        <RepositoryTable
          key={file.path}
          node={node}
          file={file}
          rows={rowsOf(repositories, file.path)}
          digest={repositories.digest}
        />
      ))}
    </div>
  );
}
