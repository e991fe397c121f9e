import {
  Alert,
  Button,
  Tab,
  Tabs,
  TabTitleText,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from "@patternfly/react-core";
import HistoryIcon from "@patternfly/react-icons/dist/esm/icons/history-icon";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useMutation } from "@tanstack/react-query";
import { ChapterPage } from "../../kit/ChapterPage";
import { FilterField } from "../../kit/FilterField";
import { TimeRange } from "../../kit/TimeRange";
import { count, dateTime, secondsOf } from "../../kit/format";
import { Pager, usePaging } from "../../kit/paging";
import { undoOf, usePropose } from "../../kit/plan/Changes";
import { go, href, Link, useQueryParams } from "../../kit/router";
import { useMay } from "../../kit/session";
import { Loaded, Nothing } from "../../kit/states";
import type { ChangeSummary } from "../../kit/types";
import { Audit } from "./Audit";
import { ChangePage } from "./ChangePage";
import { ChangeStateLabel } from "./ChangeState";
import { useChanges, verify } from "./data";

export function HistoryPage({ node, rest: [id] }: { node: string; rest: string[] }) {
  const isList = id === undefined || id === "audit";
  return isList ? <Lists node={node} tab={id ?? "changes"} /> : <ChangePage key={id} node={node} id={id} />;
}

function Lists({ node, tab }: { node: string; tab: string }) {
  const check = useMutation({ mutationFn: () => verify(node) });
  return (
    <ChapterPage
      title="History"
      node={node}
      help={{ guide: "history" }}
      intro="Every change that was made through this program: who, when, what, and the way back."
      actions={
        <Button variant="secondary" isLoading={check.isPending} onClick={() => check.mutate()}>
          Verify history
        </Button>
      }
    >
      <div className="ik-stack">
        {check.data && (
          <Alert isInline isLiveRegion variant="success" title="The history is complete and unaltered">
            {count(check.data.changes, "change")}, {count(check.data.events, "event")}; last link of the
            chain: <code className="ik-wrap">{check.data.head}</code>
          </Alert>
        )}
        {check.error && (
          <Alert isInline isLiveRegion variant="danger" title="The history does not hold together">
            {check.error.message}
          </Alert>
        )}
        <Tabs
          activeKey={tab}
          onSelect={(_, key) => go(href(["nodes", node, "history", ...(key === "audit" ? ["audit"] : [])]))}
          aria-label="Changes and audit"
        >
          <Tab eventKey="changes" title={<TabTitleText>Changes</TabTitleText>}>
            <div className="ik-tab">{tab === "changes" && <List node={node} />}</div>
          </Tab>
          <Tab eventKey="audit" title={<TabTitleText>Audit</TabTitleText>}>
            <div className="ik-tab">{tab === "audit" && <Audit node={node} />}</div>
          </Tab>
        </Tabs>
      </div>
    </ChapterPage>
  );
}

function List({ node }: { node: string }) {
  const [filters, setFilters] = useQueryParams();
  const paging = usePaging();
  const query = {
    start: paging.start,
    limit: paging.limit,
    user: filters.get("user") ?? undefined,
    path: filters.get("path") ?? undefined,
    since: secondsOf(filters.get("since") ?? "") || undefined,
    until: secondsOf(filters.get("until") ?? "") || undefined,
  };
  const changes = useChanges(node, query);
  const filtered = ["user", "path", "since", "until"].some((name) => filters.get(name));
  return (
    <div className="ik-stack">
      <Toolbar className="ik-toolbar">
        <ToolbarContent>
          <ToolbarItem>
            <FilterField
              label="User"
              value={query.user ?? ""}
              onChange={(user) => setFilters({ user, start: "" })}
            />
          </ToolbarItem>
          <ToolbarItem>
            <FilterField
              label="File"
              placeholder="File, with its whole path"
              value={query.path ?? ""}
              onChange={(path) => setFilters({ path, start: "" })}
            />
          </ToolbarItem>
          <TimeRange
            what="Made"
            value={(name) => filters.get(name) ?? ""}
            onChange={(time) => setFilters({ ...time, start: "" })}
          />
        </ToolbarContent>
      </Toolbar>
      <Loaded query={changes} what="the history">
        {({ entries }) =>
          entries.length > 0 ? (
            <>
              <Entries node={node} entries={entries} />
              <Pager paging={paging} total={changes.data?.total} what="changes" />
            </>
          ) : (
            <Nothing
              title={filtered ? "No change matches" : "Nothing was changed yet"}
              icon={HistoryIcon}
              action={
                filtered
                  ? {
                      label: "Clear the filters",
                      onClick: () => setFilters({ user: "", path: "", since: "", until: "", start: "" }),
                    }
                  : undefined
              }
            />
          )
        }
      </Loaded>
    </div>
  );
}

function Entries({ node, entries }: { node: string; entries: ChangeSummary[] }) {
  const propose = usePropose();
  const mayChange = useMay("Sys.Modify");
  return (
    <Table variant="compact" gridBreakPoint="grid-lg" aria-label="Changes, newest first">
      <Thead>
        <Tr>
          <Th>State</Th>
          <Th width={40}>Change</Th>
          <Th>User</Th>
          <Th>From</Th>
          <Th>Time</Th>
          {mayChange && <Th screenReaderText="Actions" />}
        </Tr>
      </Thead>
      <Tbody>
        {entries.map((entry) => (
          <Tr key={entry.id}>
            <Td dataLabel="State">
              <ChangeStateLabel state={entry.state} />
            </Td>
            <Td dataLabel="Change">
              <Link to={["nodes", node, "history", entry.id]}>{entry.summary}</Link>
              <div className="ik-subtle ik-small ik-wrap">{unnamed(entry).join(", ")}</div>
            </Td>
            <Td dataLabel="User">{entry.user}</Td>
            <Td dataLabel="From">{entry.origin}</Td>
            <Td dataLabel="Time" modifier="nowrap">
              {dateTime(entry.time)}
            </Td>
            {mayChange && (
              <Td isActionCell>
                {entry.state === "done" && entry.reversible === 1 && (
                  <Button
                    variant="secondary"
                    size="sm"
                    aria-label={`Undo change ${entry.id}: ${entry.summary}`}
                    onClick={() => propose(undoOf(node, entry.id))}
                  >
                    Undo
                  </Button>
                )}
              </Td>
            )}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

/** The files that the sentence about the change does not name already. */
function unnamed({ summary, touched }: ChangeSummary): string[] {
  return touched.filter((path) => !summary.includes(path));
}
