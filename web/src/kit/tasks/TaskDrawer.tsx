import { Badge, Button } from "@patternfly/react-core";
import AngleDownIcon from "@patternfly/react-icons/dist/esm/icons/angle-down-icon";
import AngleUpIcon from "@patternfly/react-icons/dist/esm/icons/angle-up-icon";
import TimesIcon from "@patternfly/react-icons/dist/esm/icons/times-icon";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { dateTime } from "../format";
import { Link } from "../router";
import { Loaded, Nothing } from "../states";
import { useStore } from "../store";
import type { Task } from "../types";
import { isRunning, useRecentTasks } from "./data";
import { drawer, showTask, toggleDrawer } from "./drawer";
import { taskName } from "./names";
import { TaskLog } from "./TaskLog";
import { TaskState } from "./TaskState";
import "./tasks.css";

/** The tasks of all nodes, at the bottom of every page. */
export function TaskDrawer() {
  const { open, shown } = useStore(drawer);
  const recent = useRecentTasks();
  const running = recent.data?.filter(isRunning).length ?? 0;
  return (
    <section className={open ? "ik-drawer ik-drawer--open" : "ik-drawer"} aria-label="Recent tasks">
      <div className="ik-drawer__bar">
        <Button
          variant="plain"
          size="sm"
          className="ik-drawer__toggle"
          aria-expanded={open}
          onClick={toggleDrawer}
          icon={open ? <AngleDownIcon /> : <AngleUpIcon />}
        >
          Tasks
        </Button>
        <span role="status">
          {running > 0 ? <Badge>{running} running</Badge> : <Latest task={recent.data?.[0]} hidden={open} />}
        </span>
      </div>
      {open && (
        <div className={shown ? "ik-drawer__body ik-drawer__body--log" : "ik-drawer__body"}>
          <div className="ik-drawer__list">
            <Loaded query={recent} what="the recent tasks" rows={3}>
              {(tasks) => <TaskList tasks={tasks} shown={shown?.upid} />}
            </Loaded>
          </div>
          {shown && <ShownTask key={shown.upid} node={shown.node} upid={shown.upid} />}
        </div>
      )}
    </section>
  );
}

function Latest({ task, hidden }: { task: Task | undefined; hidden: boolean }) {
  if (!task || hidden) return null;
  return (
    <span className="ik-drawer__latest ik-subtle">
      {taskName(task)} <TaskState task={task} />
    </span>
  );
}

function TaskList({ tasks, shown }: { tasks: Task[]; shown: string | undefined }) {
  if (tasks.length === 0) return <Nothing title="No task has run yet" />;
  return (
    <Table variant="compact" aria-label="Recent tasks" gridBreakPoint="grid-md" isStickyHeader>
      <Thead>
        <Tr>
          <Th>Task</Th>
          <Th>Node</Th>
          <Th>User</Th>
          <Th>Started</Th>
          <Th>Result</Th>
        </Tr>
      </Thead>
      <Tbody>
        {tasks.map((task) => (
          <Tr key={task.upid} isRowSelected={task.upid === shown}>
            <Td dataLabel="Task">
              <Button variant="link" isInline onClick={() => showTask(task.node, task.upid)}>
                {taskName(task)}
              </Button>
            </Td>
            <Td dataLabel="Node">{task.node}</Td>
            <Td dataLabel="User">{task.user}</Td>
            <Td dataLabel="Started" modifier="nowrap">
              {dateTime(task.starttime)}
            </Td>
            <Td dataLabel="Result">
              <TaskState task={task} />
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function ShownTask({ node, upid }: { node: string; upid: string }) {
  return (
    <div className="ik-drawer__log">
      <div className="ik-drawer__log-bar">
        <Link to={["nodes", node, "tasks", upid]}>Open as a page</Link>
        <Button
          variant="plain"
          size="sm"
          icon={<TimesIcon />}
          aria-label="Close the log"
          onClick={() => drawer.set({ open: true })}
        />
      </div>
      <TaskLog node={node} upid={upid} headed />
    </div>
  );
}
