import TasksIcon from "@patternfly/react-icons/dist/esm/icons/tasks-icon";
import { ChapterPage } from "../../kit/ChapterPage";
import { Pager, usePaging } from "../../kit/paging";
import { useQueryParams } from "../../kit/router";
import { Loaded, Nothing } from "../../kit/states";
import { TaskLog } from "../../kit/tasks/TaskLog";
import { useTasks } from "./data";
import { CLEARED, filterParams, Filters, isFiltered } from "./Filters";
import { TaskTable } from "./TaskTable";

export function TasksPage({ node, rest: [upid] }: { node: string; rest: string[] }) {
  return upid === undefined ? <List node={node} /> : <TaskPage key={upid} node={node} upid={upid} />;
}

function List({ node }: { node: string }) {
  const [query, setQuery] = useQueryParams();
  const paging = usePaging();
  const tasks = useTasks(node, { start: paging.start, limit: paging.limit, ...filterParams(query) });
  const filtered = isFiltered(query);
  return (
    <ChapterPage
      title="Tasks"
      node={node}
      help={{ guide: "tasks" }}
      intro="What ran on this node, who started it, how it ended, and its log."
    >
      <Filters query={query} onChange={(changed) => setQuery({ ...changed, start: "" })} />
      <Loaded query={tasks} what="the tasks">
        {({ tasks: list }) =>
          list.length > 0 ? (
            <>
              <TaskTable node={node} tasks={list} label="Tasks, newest first" />
              <Pager paging={paging} total={tasks.data?.total} what="tasks" />
            </>
          ) : (
            <Nothing
              title={filtered ? "No task matches" : "No task has run yet"}
              icon={TasksIcon}
              action={filtered ? { label: "Clear the filters", onClick: () => setQuery(CLEARED) } : undefined}
            />
          )
        }
      </Loaded>
    </ChapterPage>
  );
}

function TaskPage({ node, upid }: { node: string; upid: string }) {
  return (
    <ChapterPage title="Task log" node={node} crumbs={[{ label: "Tasks", to: ["nodes", node, "tasks"] }]}>
      <div className="ik-stack ik-task-page">
        <TaskLog node={node} upid={upid} headed />
        <p className="ik-subtle ik-small ik-mono ik-wrap">{upid}</p>
      </div>
    </ChapterPage>
  );
}
