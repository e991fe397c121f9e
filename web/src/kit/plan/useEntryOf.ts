import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../api";
import { nodeOf } from "../tasks/data";

/** How often one is looked at that waits for its confirmation. */
const WAITING_MS = 3_000;

/** The entry of the history that a task wrote; none without a task. */
export function useEntryOf(upid: string) {
  const node = nodeOf(upid);
  return useQuery({
    queryKey: ["node", node, "history", "of-task", upid],
    enabled: upid !== "",
    queryFn: async ({ signal }) => {
      const params = { path: { node }, query: { limit: 20 } };
      const { data } = await answer(api.GET("/nodes/{node}/history", { params, signal }));
      return data.find((candidate) => candidate.upid === upid) ?? null;
    },
    refetchInterval: ({ state }) => (state.data?.state === "armed" ? WAITING_MS : false),
  });
}
