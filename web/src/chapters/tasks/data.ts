import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { answer, api } from "../../kit/api";
import { isRunning } from "../../kit/tasks/data";

const RUNNING_MS = 2_000;
const QUIET_MS = 15_000;

export interface TaskQuery {
  start?: number;
  limit?: number;
  errors?: 0 | 1;
  typefilter?: string;
  userfilter?: string;
  statusfilter?: string;
  since?: number;
  until?: number;
}

export function useTasks(node: string, query: TaskQuery) {
  return useQuery({
    queryKey: ["node", node, "tasks", query],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const params = { path: { node }, query: { source: "all" as const, ...query } };
      const { data, total } = await answer(api.GET("/nodes/{node}/tasks", { params, signal }));
      return { tasks: data, total: total ?? data.length };
    },
    refetchInterval: ({ state }) => (state.data?.tasks.some(isRunning) ? RUNNING_MS : QUIET_MS),
  });
}
