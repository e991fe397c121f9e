import { useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "../api";
import { useNodes } from "../nodes";
import { change, type ChangeCall } from "../plan/change";
import { useMay } from "../session";
import type { ArmedChange, Plan } from "../types";

/** How often the host is asked for changes that others armed, and how often while one waits. */
const QUIET_MS = 10_000;
const WAITING_MS = 3_000;

/** An armed change, and when it was looked at by a clock that nobody sets. */
export interface Looked extends ArmedChange {
  node: string;
  /** Milliseconds of `performance.now()`. */
  at: number;
}

/** The armed changes of the node that this page comes from; asked for more often where one is expected. */
export function useArmed(quiet = QUIET_MS) {
  const nodes = useNodes();
  const mayLook = useMay("Sys.Audit");
  const node = nodes.data?.[0]?.node;
  return useQuery({
    queryKey: ["node", node, "changes"],
    enabled: mayLook && node !== undefined,
    queryFn: async ({ signal }): Promise<Looked[]> => {
      const params = { path: { node: node ?? "" } };
      const { data } = await answer(api.GET("/nodes/{node}/changes", { params, signal }));
      const at = performance.now();
      return data.map((armed) => ({ ...armed, node: node ?? "", at }));
    },
    refetchInterval: ({ state }) => (state.data?.length ? Math.min(WAITING_MS, quiet) : quiet),
  });
}

/** Whole seconds that are left. */
export function secondsLeft({ left, at }: Pick<Looked, "left" | "at">, now: number): number {
  return Math.max(0, Math.ceil(left - (now - at) / 1000));
}

export function useConfirm() {
  const queries = useQueryClient();
  return async ({ node, id }: Looked) => {
    const params = { path: { node, change: id } };
    try {
      await answer(api.POST("/nodes/{node}/changes/{change}/confirm", { params }));
    } finally {
      await queries.invalidateQueries();
    }
  };
}

/** Takes an armed change back now instead of at its end. */
export function revertNow({ node, id }: Looked): ChangeCall {
  const path = "/nodes/{node}/changes/{change}/revert";
  return { ...change(`Take change ${id} back`, "post", path, { node, change: id }, {}), how: "act" };
}

/** The files of a change, with their diffs, which may say where the host moves to. */
export function useAddresses(armed: Looked | undefined) {
  return useQuery({
    queryKey: ["node", armed?.node, "history", "addresses", armed?.id],
    enabled: armed !== undefined,
    staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const params = { path: { node: armed?.node ?? "", change: armed?.id ?? 0 } };
      const { data } = await answer(api.GET("/nodes/{node}/history/{change}", { params, signal }));
      return newAddresses(data.files);
    },
  });
}

/** The configuration in force; not the staged one, which goes when it comes into force. */
const LIVE = /^\/etc\/network\/interfaces($|\.d\/)/;

/** The files that a plan writes, with their diffs. */
export function filesOf({ steps }: Pick<Plan, "steps">): { path: string; diff: string }[] {
  return steps.flatMap(({ detail }) => {
    const path = /^\+\+\+ (\S+)/m.exec(detail ?? "")?.[1];
    return path && detail ? [{ path, diff: detail }] : [];
  });
}

/** The addresses that a change gives to interfaces which did not have them before. */
export function newAddresses(files: readonly { path: string; diff: string }[]): string[] {
  const lines = files.filter(({ path }) => LIVE.test(path)).flatMap(({ diff }) => diff.split("\n"));
  const of = (sign: "+" | "-") =>
    lines.flatMap((line) => {
      const address = /^([+-])\s*address\s+([0-9a-fA-F.:]+)(?:\/\d+)?\s*$/.exec(line);
      return address?.[1] === sign && address[2] ? [address[2]] : [];
    });
  const before = new Set(of("-"));
  return [...new Set(of("+"))].filter((address) => !before.has(address));
}

/** This very page at another address of the host. */
export function elsewhere(
  address: string,
  here: Pick<Location, "protocol" | "port" | "pathname" | "hash">,
): string {
  const name = address.includes(":") ? `[${address}]` : address;
  return `${here.protocol}//${name}${here.port && `:${here.port}`}${here.pathname}${here.hash}`;
}
