import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../kit/api";
import { change, type ChangeCall } from "../../kit/plan/change";
import type { LogEntry, Priority, ServiceState } from "../../kit/types";

/** How often the state of services is looked at, and how often that of one that is just changing. */
const QUIET_MS = 15_000;
const CHANGING_MS = 2_000;

export function useServices(node: string) {
  return useQuery({
    queryKey: ["node", node, "services"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/nodes/{node}/services", { params: { path: { node } }, signal }))).data,
    refetchInterval: ({ state }) => {
      if (state.error) return false;
      return state.data?.some(isChanging) ? CHANGING_MS : QUIET_MS;
    },
  });
}

function isChanging(service: ServiceState): boolean {
  return ["activating", "deactivating", "reloading"].includes(service["active-state"]);
}

export function isInstalled(service: ServiceState): boolean {
  return service["unit-state"] !== "not-found";
}

export function isActive(service: ServiceState): boolean {
  return ["active", "reloading", "activating"].includes(service["active-state"]);
}

const ACTS = {
  start: "Start",
  stop: "Stop",
  restart: "Restart",
  reload: "Reload",
} as const;

export type Act = keyof typeof ACTS;

export function actOn(node: string, { service }: ServiceState, act: Act): ChangeCall {
  // The names of services are a closed list in the document; here they come from the host's own answer.
  const variables = { node, service: service as never };
  return change(`${ACTS[act]} ${service}`, "post", `/nodes/{node}/services/{service}/${act}`, variables, {});
}

/** Which part of the log is wanted. */
export interface LogFilter {
  service?: string;
  priority?: Priority;
  /** Seconds since 1970. */
  since?: number;
  /** Seconds since 1970. */
  until?: number;
}

/** Entries asked for in one answer. */
export const CHUNK = 500;

/** Entries before or after a cursor, or the newest; oldest first. */
export async function readLog(
  node: string,
  { service, priority, since, until }: LogFilter,
  from: { before?: string; after?: string },
  signal: AbortSignal,
): Promise<LogEntry[]> {
  const query = {
    service,
    priority,
    since: since?.toString(),
    until: until?.toString(),
    startcursor: from.after,
    endcursor: from.before,
    lastentries: CHUNK,
  };
  const params = { path: { node }, query };
  return (await answer(api.GET("/nodes/{node}/log", { params, signal }))).data;
}
