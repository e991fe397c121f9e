import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { dateTime, duration } from "../../kit/format";
import { Link } from "../../kit/router";
import { taskName } from "../../kit/tasks/names";
import { TaskState } from "../../kit/tasks/TaskState";
import type { Task } from "../../kit/types";

export function TaskTable({ node, tasks, label }: { node: string; tasks: Task[]; label: string }) {
  return (
    <Table variant="compact" gridBreakPoint="grid-lg" aria-label={label}>
      <Thead>
        <Tr>
          <Th width={30}>Task</Th>
          <Th>User</Th>
          <Th>Started</Th>
          <Th>Took</Th>
          <Th width={30}>Result</Th>
        </Tr>
      </Thead>
      <Tbody>
        {tasks.map((task) => (
          <Tr key={task.upid}>
            <Td dataLabel="Task">
              <Link to={["nodes", node, "tasks", task.upid]}>{taskName(task)}</Link>
            </Td>
            <Td dataLabel="User">{task.tokenid ? `${task.user}!${task.tokenid}` : task.user}</Td>
            <Td dataLabel="Started" modifier="nowrap">
              {dateTime(task.starttime)}
            </Td>
            <Td dataLabel="Took" modifier="nowrap">
              {task.endtime == null ? "" : duration(task.endtime - task.starttime)}
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
