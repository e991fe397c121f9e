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
import type { ReactNode } from "react";
import "./summary.css";
import { RepositoryStatusLine } from "../apt";
import { FindingsLine } from "../checks";
import { ChangeStateLabel, useChanges } from "../history";
import { useTasks } from "../tasks";
import { UpdatesLine } from "../updates";
import { ChapterPage } from "../../kit/ChapterPage";
import { dateTime } from "../../kit/format";
import { useNodes, useVersion } from "../../kit/nodes";
import { Link } from "../../kit/router";
import { Loaded } from "../../kit/states";
import { taskName } from "../../kit/tasks/names";
import { TaskState } from "../../kit/tasks/TaskState";

/** How many of the last tasks and changes are shown. */
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

        <Panel title="Updates">
          <UpdatesLine node={node} />
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
        <DescriptionList
          isHorizontal
          isCompact
          horizontalTermWidthModifier={{ default: "10ch" }}
          aria-label="Node"
        >
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
          <Recent all={["nodes", node, "tasks"]} showAll="Show all tasks">
            {list.map((task) => (
              <Item key={task.upid} user={task.user} time={task.starttime} state={<TaskState task={task} />}>
                <Link to={["nodes", node, "tasks", task.upid]}>{taskName(task)}</Link>
              </Item>
            ))}
          </Recent>
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
          <Recent all={["nodes", node, "history"]} showAll="Show the history">
            {entries.map(({ id, summary, user, time, state }) => (
              <Item key={id} user={user} time={time} state={<ChangeStateLabel state={state} />}>
                <Link to={["nodes", node, "history", id]}>{summary}</Link>
              </Item>
            ))}
          </Recent>
        )
      }
    </Loaded>
  );
}

function Recent({ all, showAll, children }: { all: string[]; showAll: string; children: ReactNode }) {
  return (
    <div className="ik-stack ik-stack--tight">
      <ul className="ik-recent">{children}</ul>
      <Link to={all}>{showAll}</Link>
    </div>
  );
}

function Item({
  user,
  time,
  state,
  children,
}: {
  user: string;
  time: number;
  state: ReactNode;
  children: ReactNode;
}) {
  return (
    <li className="ik-recent__item">
      <div>
        <div className="ik-wrap">{children}</div>
        <div className="ik-subtle ik-small">
          {user}, {dateTime(time)}
        </div>
      </div>
      {state}
    </li>
  );
}
