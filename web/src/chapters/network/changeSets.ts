// Change sets: edits of the network that wait under a name, each its author's own.

import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../kit/api";
import { change, type ChangeCall } from "../../kit/plan/change";
import { useSession } from "../../kit/session";
import type { ChangeSet } from "../../kit/types";

export function useChangeSets(node: string, mayLook: boolean) {
  return useQuery({
    queryKey: ["node", node, "network-sets"],
    enabled: mayLook,
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/nodes/{node}/network-sets", { params: { path: { node } }, signal }))).data,
  });
}

export function useChangeSet(node: string, set: string) {
  return useQuery({
    queryKey: ["node", node, "network-sets", set],
    queryFn: async ({ signal }) => {
      const params = { path: { node, set } };
      return (await answer(api.GET("/nodes/{node}/network-sets/{set}", { params, signal }))).data;
    },
  });
}

/** Whether this user edits it: its author does, and root. */
export function useOwns(): (set: ChangeSet) => boolean {
  const session = useSession();
  const user = session.is === "in" ? session.session.username : undefined;
  return ({ author }) => user === "root@pam" || (author !== "" && user === author);
}

/** Names that the host takes. */
export function looksLikeName(text: string): boolean {
  return /^[A-Za-z][\w-]{1,39}$/.test(text);
}

export function make(node: string, set: string, title: string): ChangeCall {
  const params = { set, ...(title === "" ? {} : { title }) };
  return change(`Make change set ${set}`, "post", "/nodes/{node}/network-sets", { node }, params);
}

export function rebase(node: string, set: string): ChangeCall {
  const path = "/nodes/{node}/network-sets/{set}/rebase";
  return change(`Rebase change set ${set}`, "post", path, { node, set }, {});
}

export function stageSet(node: string, set: string): ChangeCall {
  const path = "/nodes/{node}/network-sets/{set}/stage";
  return change(`Stage change set ${set}`, "post", path, { node, set }, {});
}

export function discardSet(node: string, set: string): ChangeCall {
  return change(`Discard change set ${set}`, "delete", "/nodes/{node}/network-sets/{set}", { node, set }, {});
}
