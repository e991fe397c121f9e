import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { answer, api } from "../../kit/api";
import type { AuditKind, AuditOutcome } from "../../kit/types";

/** How often a page that shows a running change looks again. */
const RUNNING_MS = 2_000;

interface HistoryQuery {
  start?: number;
  limit?: number;
  user?: string;
  path?: string;
  since?: number;
  until?: number;
}

export function useChanges(node: string, query: HistoryQuery) {
  return useQuery({
    queryKey: ["node", node, "history", query],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const params = { path: { node }, query };
      const { data, total } = await answer(api.GET("/nodes/{node}/history", { params, signal }));
      return { entries: data, total: total ?? data.length };
    },
    refetchInterval: ({ state }) =>
      state.data?.entries.some((entry) => entry.state === "running") ? RUNNING_MS : false,
  });
}

export function useChange(node: string, id: number) {
  return useQuery({
    queryKey: ["node", node, "history", "one", id],
    queryFn: async ({ signal }) => {
      const params = { path: { node, change: id } };
      return (await answer(api.GET("/nodes/{node}/history/{change}", { params, signal }))).data;
    },
    refetchInterval: ({ state }) => (state.data?.state === "running" ? RUNNING_MS : false),
  });
}

interface AuditQuery {
  start?: number;
  limit?: number;
  user?: string;
  kind?: AuditKind;
  outcome?: AuditOutcome;
  since?: number;
  until?: number;
}

export function useAudit(node: string, query: AuditQuery) {
  return useQuery({
    queryKey: ["node", node, "audit", query],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const params = { path: { node }, query };
      const { data, total } = await answer(api.GET("/nodes/{node}/audit", { params, signal }));
      return { entries: data, total: total ?? data.length };
    },
  });
}

export async function verify(node: string) {
  return (await answer(api.GET("/nodes/{node}/history/verify", { params: { path: { node } } }))).data;
}
