// Names: how this host asks for them, and those that it knows itself.

import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../kit/api";
import { change, type ChangeCall } from "../../kit/plan/change";
import type { Hosts, HostsEntry, Resolver } from "../../kit/types";

export function useDns(node: string) {
  return useQuery({
    queryKey: ["node", node, "dns"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/nodes/{node}/dns/state", { params: { path: { node } }, signal }))).data,
  });
}

export function useHosts(node: string) {
  return useQuery({
    queryKey: ["node", node, "hosts"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/nodes/{node}/hosts", { params: { path: { node } }, signal }))).data,
  });
}

/** Servers that are not named are removed; `digest` is what the page shows. */
export function setDns(node: string, { digest }: Resolver, search: string, servers: string[]): ChangeCall {
  const [dns1, dns2, dns3] = servers.map((server) => server.trim()).filter((server) => server !== "");
  const params = { search: search.trim(), dns1, dns2, dns3, digest };
  return change("Set name servers", "put", "/nodes/{node}/dns", { node }, params);
}

/** What a line of the file says. */
export interface EntryFields {
  address: string;
  names: string;
  comment: string;
}

export function addEntry(node: string, { digest }: Hosts, fields: EntryFields): ChangeCall {
  return change("Add an entry", "post", "/nodes/{node}/hosts/entries", { node }, { ...fields, digest });
}

export function editEntry(
  node: string,
  { digest }: Hosts,
  { line }: HostsEntry,
  fields: EntryFields,
): ChangeCall {
  const variables = { node, line };
  return change("Change an entry", "put", "/nodes/{node}/hosts/entries/{line}", variables, {
    ...fields,
    digest,
  });
}

export function removeEntry(node: string, { digest }: Hosts, { line }: HostsEntry): ChangeCall {
  const variables = { node, line };
  return change("Remove an entry", "delete", "/nodes/{node}/hosts/entries/{line}", variables, { digest });
}

export function writeHosts(node: string, { digest }: Hosts, text: string): ChangeCall {
  return change("Write /etc/hosts", "post", "/nodes/{node}/hosts", { node }, { data: text, digest });
}

/** A first look while somebody types; the host decides. */
export function looksLikeAddress(text: string): boolean {
  const v4 = /^\d{1,3}(\.\d{1,3}){3}$/;
  const v6 = /^[\da-f:.]*:[\da-f:.]*(%[\w.-]+)?$/i;
  const trimmed = text.trim();
  if (v4.test(trimmed)) return trimmed.split(".").every((part) => Number(part) < 256);
  return v6.test(trimmed);
}
