import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { answer, api } from "../api";
import type { Task } from "../types";

/** How often a running task is looked at, and how often a quiet host is asked for tasks that others started. */
const RUNNING_MS = 1_000;
const QUIET_MS = 10_000;
/** Log lines asked for in one answer. */
const CHUNK = 2_000;

const TASK = "/nodes/{node}/tasks/{upid}";

export function useRecentTasks() {
  return useQuery({
    queryKey: ["cluster", "tasks"],
    queryFn: async ({ signal }) => (await answer(api.GET("/cluster/tasks", { signal }))).data,
    refetchInterval: ({ state }) => (state.data?.some(isRunning) ? 2 * RUNNING_MS : QUIET_MS),
  });
}

export function useTaskStatus(node: string, upid: string | undefined) {
  return useQuery({
    queryKey: ["node", node, "task", upid, "status"],
    enabled: upid !== undefined,
    queryFn: async ({ signal }) => {
      const params = { path: { node, upid: upid ?? "" } };
      return (await answer(api.GET(`${TASK}/status`, { params, signal }))).data;
    },
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
        const start = lines.length;
        const params = { path: { node, upid }, query: { start, limit: CHUNK } };
        const { data, total } = await answer(api.GET(`${TASK}/log`, { params, signal }));
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

/** The node that a task runs on: its id says so. */
export function nodeOf(upid: string | undefined): string {
  return upid?.split(":")[1] ?? "";
}

export function stopTask(node: string, upid: string) {
  return api.DELETE(TASK, { params: { path: { node, upid } } });
}

export function isRunning(task: Pick<Task, "endtime" | "status">): boolean {
  return (
    task.endtime == null && (task.status == null || task.status === "RUNNING" || task.status === "running")
  );
}
