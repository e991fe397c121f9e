import { Alert, Button, Tab, Tabs, TabTitleText } from "@patternfly/react-core";
import SyncAltIcon from "@patternfly/react-icons/dist/esm/icons/sync-alt-icon";
import { useState } from "react";
import { useRefresh } from "../apt";
import { FindingCard, useFindings } from "../checks";
import { ChapterPage } from "../../kit/ChapterPage";
import { usePropose } from "../../kit/plan/Changes";
import { go, href } from "../../kit/router";
import { useMay } from "../../kit/session";
import { ChangelogDialog } from "./ChangelogDialog";
import { updateChanges, useStanding, type Update } from "./data";
import { ListTab } from "./ListTab";
import { PreviewTab } from "./PreviewTab";

const HELP = { guide: "updates", man: ["apt-get.8", "apt-mark.8", "dpkg.1"] };

export function UpdatesPage({ node, rest }: { node: string; rest: string[] }) {
  const mayChange = useMay("Sys.Modify");
  const propose = usePropose();
  const refresh = useRefresh(node);
  const standing = useStanding(node);
  const [shown, setShown] = useState<Update>();
  const changes = updateChanges(node);
  const tab = rest[0] === "preview" ? "preview" : "list";
  const open = (key: string | number) =>
    go(href(["nodes", node, "updates", ...(key === "preview" ? ["preview"] : [])]));
  const program = standing.data?.["at-work"];
  return (
    <ChapterPage
      title="Updates"
      node={node}
      help={HELP}
      intro="Which newer software there is for this host, and what installing it would do."
      actions={
        mayChange && (
          <>
            {tab === "list" && <Button onClick={() => open("preview")}>Preview the upgrade</Button>}
            <Button
              variant="secondary"
              icon={<SyncAltIcon />}
              isLoading={refresh.running}
              isDisabled={refresh.running}
              onClick={refresh.start}
            >
              {refresh.running ? "Refreshing" : "Refresh package lists"}
            </Button>
          </>
        )
      }
    >
      <div className="ik-stack">
        {refresh.error && (
          <Alert isInline isLiveRegion variant="danger" title="Cannot refresh the package lists">
            {refresh.error.message}
          </Alert>
        )}
        {program != null && (
          <Alert
            isInline
            variant="info"
            title={`Packages are being changed at this moment by process ${program}`}
          />
        )}
        <Findings node={node} />
        {mayChange ? (
          <Tabs
            activeKey={tab}
            onSelect={(_, key) => open(key)}
            aria-label="Available updates and preview"
            className="ik-tabs"
          >
            <Tab eventKey="list" title={<TabTitleText>Available</TabTitleText>}>
              <div className="ik-tab">
                {tab === "list" && (
                  <ListTab
                    node={node}
                    onChangelog={setShown}
                    onHold={({ Package: name }) => propose(changes.hold(name))}
                    onRelease={(name) => propose(changes.unhold(name))}
                  />
                )}
              </div>
            </Tab>
            <Tab eventKey="preview" title={<TabTitleText>Preview</TabTitleText>}>
              <div className="ik-tab">
                {tab === "preview" && (
                  <PreviewTab
                    node={node}
                    onChangelog={setShown}
                    onInstall={() => propose(changes.upgrade())}
                  />
                )}
              </div>
            </Tab>
          </Tabs>
        ) : (
          <Alert isInline variant="info" title="Who may see the updates">
            The list of updates, previews and changelogs need the privilege Sys.Modify on this node.
          </Alert>
        )}
        {shown && <ChangelogDialog node={node} update={shown} onClose={() => setShown(undefined)} />}
      </div>
    </ChapterPage>
  );
}

/** What keeps updates from coming in or from being installed, each with what cures it. */
function Findings({ node }: { node: string }) {
  const findings = useFindings(node);
  const serious = findings.data?.filter(
    ({ id, level }) =>
      (level === "critical" || level === "warning") && (id === "apt.refresh-failed" || KEEP_OUT.includes(id)),
  );
  if (!serious?.length) return null;
  return (
    <section className="ik-stack ik-stack--tight" aria-label="What is wrong">
      {serious.map((finding, index) => (
        <FindingCard key={`${finding.id} ${index}`} finding={finding} />
      ))}
    </section>
  );
}

const KEEP_OUT = ["updates.half-done", "updates.lists-old", "updates.reboot-needed"];
