import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { get, pathOf, type Params } from "../../kit/api";
import type { Entry, EntryDetail, Verification } from "../../kit/types";

const HISTORY = "/nodes/{node}/history";
/** How often a page that shows a running change looks again. */
const RUNNING_MS = 2_000;

export function useChanges(node: string, params: Params) {
  return useQuery({
    queryKey: ["node", node, "history", params],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const { data, total } = await get<Entry[]>(pathOf(HISTORY, { node }), params, signal);
      return { entries: data, total: total ?? data.length };
    },
    refetchInterval: ({ state }) =>
      state.data?.entries.some((entry) => entry.state === "running") ? RUNNING_MS : false,
  });
}

export function useChange(node: string, id: string) {
  return useQuery({
    queryKey: ["node", node, "history", "one", id],
    queryFn: async ({ signal }) =>
      (await get<EntryDetail>(pathOf(`${HISTORY}/{change}`, { node, change: id }), {}, signal)).data,
    refetchInterval: ({ state }) => (state.data?.state === "running" ? RUNNING_MS : false),
  });
}

export async function verify(node: string): Promise<Verification> {
  return (await get<Verification>(pathOf(`${HISTORY}/verify`, { node }))).data;
}
