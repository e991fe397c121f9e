import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { get, pathOf, type Params } from "../../kit/api";
import { isRunning } from "../../kit/tasks/data";
import type { Task } from "../../kit/types";

const RUNNING_MS = 2_000;
const QUIET_MS = 15_000;

export function useTasks(node: string, params: Params) {
  return useQuery({
    queryKey: ["node", node, "tasks", params],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const { data, total } = await get<Task[]>(
        pathOf("/nodes/{node}/tasks", { node }),
        { source: "all", ...params },
        signal,
      );
      return { tasks: data, total: total ?? data.length };
    },
    refetchInterval: ({ state }) => (state.data?.tasks.some(isRunning) ? RUNNING_MS : QUIET_MS),
  });
}
