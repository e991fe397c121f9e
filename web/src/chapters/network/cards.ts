// Network cards: what they are called and why, and the calls that keep or change their names.

import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../kit/api";
import { change, type ChangeCall } from "../../kit/plan/change";
import type { Nic } from "../../kit/types";

const NICS = "/nodes/{node}/nics";
const SCHEME = "/nodes/{node}/nics-scheme";

export function useCards(node: string) {
  return useQuery({
    queryKey: ["node", node, "nics"],
    queryFn: async ({ signal }) => (await answer(api.GET(NICS, { params: { path: { node } }, signal }))).data,
  });
}

export function useScheme(node: string) {
  return useQuery({
    queryKey: ["node", node, "nics-scheme"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET(SCHEME, { params: { path: { node } }, signal }))).data,
  });
}

/** Keeps the name of a card, or of all of them. */
export function pin(node: string, nic?: Nic): ChangeCall {
  return nic
    ? change(`Keep the name ${nic.name}`, "post", NICS, { node }, { nic: nic.name })
    : change("Keep the names of all cards", "post", NICS, { node }, {});
}

export function unpin(node: string, { name }: Nic): ChangeCall {
  return change(`Release the name ${name}`, "delete", "/nodes/{node}/nics/{nic}", { node, nic: name }, {});
}

export function rename(node: string, nic: Nic, name: string): ChangeCall {
  const variables = { node, nic: nic.name };
  return change(`Rename ${nic.name}`, "post", "/nodes/{node}/nics/{nic}/rename", variables, { name });
}

export function pinScheme(node: string, version: string): ChangeCall {
  return change(`Keep the naming scheme ${version}`, "put", SCHEME, { node }, { version });
}

export function unpinScheme(node: string): ChangeCall {
  return change("Leave the naming scheme to systemd", "delete", SCHEME, { node }, {});
}

/** Something else stands behind such a name, or would be confused with it. */
const TAKEN: readonly [RegExp, string][] = [
  [/^(vmbr|bond|vlan)\d+$/, "This is a name of bridges, bonds or VLANs"],
  [/^(tap|veth|fwpr|fwln)/, "This is a name of ports of guests"],
  [/^(all|any|auto|default|lo|none|\d+)$/, "This word means something else"],
];

/** What is wrong with a name while somebody types it; the host decides. */
export function nameFault(name: string, nic: Nic, nics: readonly Nic[]): string | false {
  if (name === "") return false;
  if (name.length > 15) return "A name has at most 15 characters";
  if (!/^[\w-]+$/.test(name) || name.startsWith("-")) return "Letters, digits, dashes and underscores only";
  const other = nics.find(
    (one) => one !== nic && (one.name === name || one["next-name"] === name || one.altnames?.includes(name)),
  );
  if (other) return `${other.name} is or will be called so`;
  return TAKEN.find(([pattern]) => pattern.test(name))?.[1] ?? false;
}

/** What speaks against a name that is possible. */
export function nameAdvice(name: string): string | undefined {
  if (/^eth\d+$/.test(name)) return "The kernel may give this name to another card";
  if (/^en(o\d|s\d|x[\da-f]{12}$|(P\d+)?p\d+s\d)/.test(name))
    return "systemd may give this name to another card";
  if (name !== "" && !/^(en|eth)/.test(name)) return "Other programs know cards by names that begin with en";
  return undefined;
}

/** What is at the other end. */
export function linkOf({ carrier, speed }: Nic): string {
  if (carrier !== 1) return "No link";
  if (!speed) return "Connected";
  return speed >= 1000 ? `${speed / 1000} Gbit/s` : `${speed} Mbit/s`;
}
