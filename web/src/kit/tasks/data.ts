import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { exchange, get, pathOf } from "../api";
import type { LogLine, Task, TaskStatus } from "../types";

/** How often a running task is looked at, and how often a quiet host is asked for tasks that others started. */
const RUNNING_MS = 1_000;
const QUIET_MS = 10_000;
/** Log lines asked for in one answer. */
const CHUNK = 2_000;

const TASK = "/nodes/{node}/tasks/{upid}";

export function useRecentTasks() {
  return useQuery({
    queryKey: ["cluster", "tasks"],
    queryFn: async ({ signal }) => (await get<Task[]>("/cluster/tasks", {}, signal)).data,
    refetchInterval: ({ state }) => (state.data?.some(isRunning) ? 2 * RUNNING_MS : QUIET_MS),
  });
}

export function useTaskStatus(node: string, upid: string | undefined) {
  return useQuery({
    queryKey: ["node", node, "task", upid, "status"],
    enabled: upid !== undefined,
    queryFn: async ({ signal }) =>
      (await get<TaskStatus>(pathOf(`${TASK}/status`, { node, upid: upid ?? "" }), {}, signal)).data,
    refetchInterval: ({ state }) => (state.data?.status === "stopped" ? false : RUNNING_MS),
  });
}

/** The lines of a task's log, growing while the task runs. Only what is not known yet is fetched. */
export function useTaskLog(node: string, upid: string, running: boolean) {
  const queries = useQueryClient();
  const queryKey = ["node", node, "task", upid, "log"];
  const log = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const lines = [...(queries.getQueryData<string[]>(queryKey) ?? [])];
      for (;;) {
        const path = pathOf(`${TASK}/log`, { node, upid });
        const start = lines.length;
        const { data, total } = await get<LogLine[]>(path, { start, limit: CHUNK }, signal);
        // An empty log, or one without news, is answered with one line "no content".
        const news = data.filter(({ n }) => n > start && (total === undefined || n <= total));
        lines.push(...news.map(({ t }) => t));
        if (news.length < CHUNK) return lines;
      }
    },
    refetchInterval: running ? RUNNING_MS : false,
  });
  const { refetch } = log;
  useEffect(() => {
    // What was written between the last look and the end.
    if (!running) void refetch();
  }, [running, refetch]);
  return log;
}

export function stopTask(node: string, upid: string) {
  return exchange<null>("DELETE", pathOf(TASK, { node, upid }));
}

export function isRunning(task: Pick<Task, "endtime" | "status">): boolean {
  return (
    task.endtime === undefined &&
    (task.status === undefined || task.status === "RUNNING" || task.status === "running")
  );
}
