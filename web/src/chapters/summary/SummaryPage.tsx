import {
  Card,
  CardBody,
  CardTitle,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  Title,
} from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import type { ReactNode } from "react";
import "./summary.css";
import { RepositoryStatusLine } from "../apt";
import { FindingsLine } from "../checks";
import { ChangeStateLabel, useChanges } from "../history";
import { TaskTable, useTasks } from "../tasks";
import { ChapterPage } from "../../kit/ChapterPage";
import { dateTime } from "../../kit/format";
import { useNodes, useVersion } from "../../kit/nodes";
import { Link } from "../../kit/router";
import { Loaded } from "../../kit/states";

/** As many of the last tasks and changes as fit beside each other. */
const LAST = 5;

export function SummaryPage({ node }: { node: string }) {
  return (
    <ChapterPage title="Summary" node={node}>
      <div className="ik-panels">
        <Panel title="Node">
          <About node={node} />
        </Panel>

        <Panel title="Health">
          <FindingsLine node={node} />
        </Panel>

        <Panel title="Repository status" wide>
          <RepositoryStatusLine node={node} />
        </Panel>

        <Panel title="Last tasks">
          <LastTasks node={node} />
        </Panel>

        <Panel title="Last changes">
          <LastChanges node={node} />
        </Panel>
      </div>
    </ChapterPage>
  );
}

function Panel({ title, wide, children }: { title: string; wide?: boolean; children: ReactNode }) {
  return (
    <Card isCompact component="section" aria-label={title} className={wide ? "ik-panels__wide" : undefined}>
      <CardTitle>
        <Title headingLevel="h2" size="lg">
          {title}
        </Title>
      </CardTitle>
      <CardBody>{children}</CardBody>
    </Card>
  );
}

function About({ node }: { node: string }) {
  const nodes = useNodes();
  const version = useVersion();
  const status = nodes.data?.find((candidate) => candidate.node === node)?.status;
  return (
    <Loaded query={version} what="the versions" rows={3}>
      {({ innkeeper, version: api, repoid }) => (
        <DescriptionList isHorizontal isCompact isFluid aria-label="Node">
          <Fact term="Name">{node}</Fact>
          <Fact term="Status">{status ?? "unknown"}</Fact>
          <Fact term="Innkeeper">{innkeeper}</Fact>
          <Fact term="API version">
            {api} ({repoid})
          </Fact>
        </DescriptionList>
      )}
    </Loaded>
  );
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <DescriptionListGroup>
      <DescriptionListTerm>{term}</DescriptionListTerm>
      <DescriptionListDescription>{children}</DescriptionListDescription>
    </DescriptionListGroup>
  );
}

function LastTasks({ node }: { node: string }) {
  const tasks = useTasks(node, { limit: LAST });
  return (
    <Loaded query={tasks} what="the last tasks" rows={3}>
      {({ tasks: list }) =>
        list.length === 0 ? (
          <p className="ik-subtle">No task has run yet.</p>
        ) : (
          <>
            <TaskTable node={node} tasks={list} label="Last tasks" />
            <Link to={["nodes", node, "tasks"]}>Show all tasks</Link>
          </>
        )
      }
    </Loaded>
  );
}

function LastChanges({ node }: { node: string }) {
  const changes = useChanges(node, { limit: LAST });
  return (
    <Loaded query={changes} what="the last changes" rows={3}>
      {({ entries }) =>
        entries.length === 0 ? (
          <p className="ik-subtle">Nothing was changed yet.</p>
        ) : (
          <>
            <Table variant="compact" gridBreakPoint="grid-lg" aria-label="Last changes">
              <Thead>
                <Tr>
                  <Th width={50}>Change</Th>
                  <Th>User</Th>
                  <Th>Time</Th>
                  <Th>State</Th>
                </Tr>
              </Thead>
              <Tbody>
                {entries.map((entry) => (
                  <Tr key={entry.id}>
                    <Td dataLabel="Change">
                      <Link to={["nodes", node, "history", entry.id]}>{entry.summary}</Link>
                    </Td>
                    <Td dataLabel="User">{entry.user}</Td>
                    <Td dataLabel="Time" modifier="nowrap">
                      {dateTime(entry.time)}
                    </Td>
                    <Td dataLabel="State">
                      <ChangeStateLabel state={entry.state} />
                    </Td>
                  </Tr>
                ))}
              </Tbody>
            </Table>
            <Link to={["nodes", node, "history"]}>Show the history</Link>
          </>
        )
      }
    </Loaded>
  );
}
