import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../kit/api";
import { change } from "../../kit/plan/change";
import type { Data } from "../../kit/types";

export type Update = Data<"/nodes/{node}/apt/update">[number];
export type Fate = Update["Action"];
export type Preview = Data<"/nodes/{node}/apt/preview">;
export type Standing = Data<"/nodes/{node}/apt/status">;

/** How this host stands, told from what is kept on it: APT is not asked. */
export function useStanding(node: string) {
  return useQuery({
    queryKey: ["node", node, "updates", "standing"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/nodes/{node}/apt/status", { params: { path: { node } }, signal }))).data,
  });
}

export function useUpdates(node: string) {
  return useQuery({
    queryKey: ["node", node, "updates", "list"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/nodes/{node}/apt/update", { params: { path: { node } }, signal }))).data,
  });
}

/** What an upgrade would do. APT works it out, which takes seconds: it is asked for when somebody looks. */
export function usePreview(node: string) {
  return useQuery({
    queryKey: ["node", node, "updates", "preview"],
    refetchOnWindowFocus: false,
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/nodes/{node}/apt/preview", { params: { path: { node } }, signal }))).data,
  });
}

export function useChangelog(node: string, name: string, version: string) {
  return useQuery({
    queryKey: ["node", node, "updates", "changelog", name, version],
    retry: false,
    staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const params = { path: { node }, query: { name, version } };
      return (await answer(api.GET("/nodes/{node}/apt/changelog", { params, signal }))).data;
    },
  });
}

/** The changes of this chapter: each is a call that the plan dialog first asks about. */
export function updateChanges(node: string) {
  return {
    upgrade: () => change("Install updates", "post", "/nodes/{node}/apt/upgrade", { node }, {}),
    repair: () => change("Finish the interrupted change", "post", "/nodes/{node}/apt/repair", { node }, {}),
    hold: (name: string) =>
      change(`Hold ${name}`, "post", "/nodes/{node}/apt/hold", { node }, { name, hold: 1 }),
    unhold: (name: string) =>
      change(`Release ${name}`, "post", "/nodes/{node}/apt/hold", { node }, { name, hold: 0 }),
  };
}

const FATES: Record<
  Fate,
  { color: "blue" | "green" | "orange" | "grey" | "purple"; word: string; why: string }
> = {
  upgrade: { color: "blue", word: "upgraded", why: "A newer version is installed." },
  install: { color: "green", word: "new", why: "It is not installed now, and something else needs it." },
  downgrade: { color: "orange", word: "downgraded", why: "A pin demands an older version." },
  kept: {
    color: "grey",
    word: "kept back",
    why: "A newer version is there, but installing it now would break something.",
  },
  phased: {
    color: "grey",
    word: "phased",
    why: "A newer version is there, but it is handed out to other machines first.",
  },
  held: { color: "purple", word: "held", why: "Somebody holds it at its version." },
};

export function fate(update: Pick<Update, "Action">) {
  return FATES[update.Action];
}

/** Whether an upgrade changes it. */
export function changes({ Action }: Pick<Update, "Action">): boolean {
  return Action === "upgrade" || Action === "install" || Action === "downgrade";
}

const ORDER: Fate[] = ["upgrade", "install", "downgrade", "phased", "kept", "held"];

/** Security fixes first, then what changes, then what stays; by name among equals. */
export function sorted(updates: readonly Update[]): Update[] {
  const rank = ({ Security, Action }: Update) => (Security === 1 ? 0 : 10) + ORDER.indexOf(Action);
  return [...updates].sort((a, b) => rank(a) - rank(b) || a.Package.localeCompare(b.Package));
}
