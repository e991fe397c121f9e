// Recipes: whole set-ups of the network, each one call. The host proposes values and has the last word on them.

import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../kit/api";
import { change, type ChangeCall } from "../../kit/plan/change";
import type { GuestNic, Recipe, RecipeParameter } from "../../kit/types";
import { looksLikeAddress } from "./data";
import { queryOf } from "./interfaces";

export function useRecipes(node: string, set?: string) {
  return useQuery({
    queryKey: ["node", node, "network-recipes", set ?? ""],
    queryFn: async ({ signal }) => {
      const params = { path: { node }, query: queryOf(set) };
      return (await answer(api.GET("/nodes/{node}/network-recipes", { params, signal }))).data;
    },
  });
}

/** Whether it is a matter of interfaces alone, which a change set can hold. */
export function fitsChangeSet({ id }: Recipe): boolean {
  return id !== "ipv6";
}

/** Network cards of guests: what a provider wants registered. */
export function useGuestNics(node: string, isWanted: boolean) {
  return useQuery({
    queryKey: ["node", node, "network-forwarding"],
    enabled: isWanted,
    queryFn: async ({ signal }): Promise<GuestNic[]> =>
      (await answer(api.GET("/nodes/{node}/network-forwarding", { params: { path: { node } }, signal })))
        .data,
  });
}

/** Where the guests' addresses come from. */
export type Place = "lan" | "ranges" | "single";
/** What the provider makes of several hardware addresses on one cable. */
export type Several = "yes" | "registered" | "no" | "unknown";

export const PLACES: readonly { value: Place; label: string; means: string }[] = [
  {
    value: "lan",
    label: "A network of our own",
    means:
      "A router there gives access to the internet, and guests may have addresses like any other machine.",
  },
  {
    value: "ranges",
    label: "A provider that gave us a block of addresses for guests",
    means: "Guests have public addresses, besides the one of this host.",
  },
  {
    value: "single",
    label: "A provider that gave us one address",
    means: "Guests share it with this host.",
  },
];

export const SEVERAL: readonly { value: Several; label: string }[] = [
  { value: "unknown", label: "I do not know" },
  { value: "yes", label: "Allowed" },
  { value: "registered", label: "Allowed for those that are registered with the provider" },
  { value: "no", label: "Not allowed" },
];

/** What fits, and why. */
export function advise(place: Place, several: Several): { recipe: string; why: string } {
  if (place === "lan")
    return {
      recipe: "bridged",
      why: "On a network of your own every guest may be a neighbour of this host: the bridge works like a switch.",
    };
  if (place === "single")
    return {
      recipe: "nat",
      why: "With a single address only masquerading lets guests out. What shall reach them from outside is forwarded by port.",
    };
  if (several === "yes")
    return {
      recipe: "bridged",
      why: "As the provider allows several hardware addresses on the cable, guests can be on a bridge like on a switch.",
    };
  if (several === "registered")
    return {
      recipe: "bridged",
      why: "A bridge works once the hardware address of every guest is registered with the provider: one entry for each, before it starts. If that is too much to keep up with, take the routed set-up.",
    };
  return {
    recipe: "routed",
    why: "Many providers shut a port on which several hardware addresses are seen. Routed, all packets come from the address of this host's card.",
  };
}

const LABELS: Record<string, string> = {
  port: "Card or bond",
  bridge: "Bridge",
  cidr: "IPv4 address",
  gateway: "IPv4 gateway",
  "vlan-aware": "VLAN aware",
  uplink: "Uplink",
  forward: "Port forwards",
  "conntrack-zone": "Zone for firewalled connections",
  slaves: "Cards",
  bond: "Bond",
  mode: "Mode",
  "xmit-hash-policy": "Spread by",
  vlan: "VLAN",
  ports: "Cards",
  "host-port": "Port of this host",
  tag: "VLAN of this host",
  learning: "Learn again",
  enabled: "Switch it on again",
};

export function labelOf(parameter: RecipeParameter): string {
  return LABELS[parameter.name] ?? parameter.name;
}

const IFACE = /^[A-Za-z][A-Za-z0-9_]{1,14}([:.]\d+)?$/;
const FORWARD = /^(tcp|udp):(\d{1,5}):(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})$/;
const isPort = (text: string | undefined) => Number(text) > 0 && Number(text) < 65536;

/** What cannot be right with a value; the host knows more. */
export function wrongWith(parameter: RecipeParameter, value: string): string | undefined {
  const text = value.trim();
  if (text === "") return parameter.required === 1 ? "This is needed" : undefined;
  if (parameter.name === "forward") {
    const bad = text.split(/[\s,;]+/).find((item) => item !== "" && !isForward(item));
    return bad && `${bad} is not PROTOCOL:PORT:ADDRESS:PORT, as tcp:2222:10.10.10.5:22`;
  }
  if (parameter.name === "vlan" || parameter.name === "tag")
    return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 4094
      ? undefined
      : "A number from 1 to 4094 is wanted";
  switch (parameter.format) {
    case "pve-iface":
      return IFACE.test(text) && text.length <= 15 ? undefined : "This is no name of an interface";
    case "pve-iface-list":
      return text.split(/[\s,;]+/).every((name) => IFACE.test(name))
        ? undefined
        : "Names of interfaces are wanted";
    case "CIDRv4": {
      const [address = "", length = "", ...more] = text.split("/");
      const isRight = more.length === 0 && !address.includes(":") && looksLikeAddress(address);
      return isRight && /^\d{1,2}$/.test(length) && Number(length) >= 8 && Number(length) <= 32
        ? undefined
        : "An address with the length of its network is wanted, as 192.0.2.10/24";
    }
    case "ipv4":
      return !text.includes(":") && looksLikeAddress(text) ? undefined : "This is no IPv4 address";
    default:
      return undefined;
  }
}

function isForward(item: string): boolean {
  const found = FORWARD.exec(item);
  return found !== null && isPort(found[2]) && isPort(found[4]) && looksLikeAddress(found[3] ?? "");
}

export type Values = Record<string, string>;

/** What the host proposes. */
export function proposedBy(recipe: Recipe): Values {
  return Object.fromEntries(recipe.parameters.map(({ name, proposed }) => [name, proposed ?? ""]));
}

export function wrongs(recipe: Recipe, values: Values): Record<string, string> {
  const found = recipe.parameters.map((one) => [one.name, wrongWith(one, values[one.name] ?? "")] as const);
  return Object.fromEntries(
    found.filter((entry): entry is readonly [string, string] => entry[1] !== undefined),
  );
}

/** Where a set-up goes: into a change set, or to what everybody stages, which can be applied at once. */
export interface Destination {
  set?: string;
  apply: boolean;
}

/** The call: everything that is in the form, so that what was read is what is done. */
export function cook(node: string, recipe: Recipe, values: Values, { set, apply }: Destination): ChangeCall {
  const params: Record<string, string | number> = set === undefined ? {} : { "change-set": set };
  for (const { name, type } of recipe.parameters) {
    const text = (values[name] ?? "").trim();
    if (text !== "") params[name] = type === "string" ? text : Number(text);
  }
  if (apply) params.apply = 1;
  // all of them are declared alike: which one it is the list says
  const path = `/nodes/{node}/network-recipes/${recipe.id}` as "/nodes/{node}/network-recipes/bridged";
  return change(recipe.title, "post", path, { node }, params);
}
