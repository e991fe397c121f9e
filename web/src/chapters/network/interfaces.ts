// Interfaces as the staged file has them, or the live one where nothing is staged.

import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../kit/api";
import { change, type ChangeCall } from "../../kit/plan/change";
import type { Interface, Staged } from "../../kit/types";

/** The text that edits go to: with a name it is that of a change set. */
export type Target = Staged & { set?: string };

/** The parameter that names a change set. */
export function queryOf(set: string | undefined): { "change-set"?: string } {
  return set === undefined ? {} : { "change-set": set };
}

export function useInterfaces(node: string, set?: string) {
  return useQuery({
    queryKey: ["node", node, "network", set ?? ""],
    queryFn: async ({ signal }) => {
      const params = { path: { node }, query: queryOf(set) };
      return (await answer(api.GET("/nodes/{node}/network", { params, signal }))).data;
    },
  });
}

export function useStaged(node: string, set?: string) {
  return useQuery({
    queryKey: ["node", node, "network-changes", set ?? ""],
    queryFn: async ({ signal }): Promise<Target> => {
      const params = { path: { node }, query: queryOf(set) };
      const { data } = await answer(api.GET("/nodes/{node}/network-changes", { params, signal }));
      return set === undefined ? data : { ...data, set };
    },
  });
}

/** What can be made here; everything else of an interface stays as the file has it. */
export const KINDS = {
  bridge: "Bridge",
  bond: "Bond",
  vlan: "VLAN",
  OVSBridge: "OVS bridge",
  OVSBond: "OVS bond",
  OVSIntPort: "OVS internal port",
} as const;
export type NewKind = keyof typeof KINDS;

const OTHERS: Record<string, string> = {
  eth: "Network card",
  alias: "Alias",
  vxlan: "VXLAN",
  dummy: "Dummy",
  loopback: "Loopback",
  OVSPort: "OVS port",
  unknown: "Unknown",
};

export function kindName(kind: string | null | undefined): string {
  const known: Record<string, string> = { ...KINDS, ...OTHERS };
  return known[kind ?? "unknown"] ?? kind ?? "";
}

/** The option that names what an interface is made of, and its words on the page. */
const PARTS: Record<string, readonly [Part, string]> = {
  bridge: ["bridge_ports", "Ports"],
  bond: ["slaves", "Members"],
  vlan: ["vlan-raw-device", "On"],
  OVSBridge: ["ovs_ports", "Ports"],
  OVSBond: ["ovs_bonds", "Members"],
  OVSIntPort: ["ovs_bridge", "Bridge"],
  OVSPort: ["ovs_bridge", "Bridge"],
};
type Part = "bridge_ports" | "slaves" | "vlan-raw-device" | "ovs_ports" | "ovs_bonds" | "ovs_bridge";

export function partOf(kind: string): readonly [Part, string] | undefined {
  return PARTS[kind];
}

/** What an interface is made of, as the file names it. */
export function partsOf(one: Interface): string {
  const part = partOf(one.type ?? "unknown");
  return part ? (one[part[0]] ?? "") : "";
}

/** Types that the API reads and does not write. */
type Fixed = "vxlan" | "dummy" | "loopback";
export type Editable = Interface & { type: Exclude<NonNullable<Interface["type"]>, Fixed> };

/** Whether its settings can be changed here: not those of a file that another one reads, nor of types that only the file knows. */
export function isEditable(one: Interface): one is Editable {
  const fixed: readonly string[] = ["vxlan", "dummy", "loopback"] satisfies Fixed[];
  return !one.file && typeof one.type === "string" && !fixed.includes(one.type);
}

/** The text fields that the dialog shows, by their names in the API. */
export const TEXTS = [
  "cidr",
  "gateway",
  "cidr6",
  "gateway6",
  "bridge_ports",
  "bridge_vids",
  "slaves",
  "bond_mode",
  "bond_xmit_hash_policy",
  "bond-primary",
  "vlan-raw-device",
  "vlan-id",
  "ovs_bridge",
  "ovs_ports",
  "ovs_bonds",
  "ovs_tag",
  "mtu",
  "comments",
] as const;
export type Text = (typeof TEXTS)[number];
const NUMBERS: readonly Text[] = ["mtu", "vlan-id", "ovs_tag"];

/** What is on or off; off is what a file says nothing of. */
const SWITCHES = ["autostart", "bridge_vlan_aware", "bridge-disable-mac-learning"] as const;
export type Switch = (typeof SWITCHES)[number];

/** Who hands addresses out; nobody where the fields for addresses count. */
const HANDED = { method: ["cidr", "gateway"], method6: ["cidr6", "gateway6"] } as const;
export type Handed = keyof typeof HANDED;

export type Fields = Record<Text | Handed, string> & Record<Switch, boolean>;

export function fieldsOf(one?: Interface): Fields {
  const texts = Object.fromEntries(TEXTS.map((name) => [name, String(one?.[name] ?? "").trimEnd()]));
  const handed = (method: string | undefined) => (method === "dhcp" || method === "auto" ? method : "");
  return {
    ...(texts as Record<Text, string>),
    method: handed(one?.method),
    method6: handed(one?.method6),
    autostart: one ? one.autostart === 1 : true,
    bridge_vlan_aware: one?.bridge_vlan_aware === 1,
    "bridge-disable-mac-learning": isYes(one?.["bridge-disable-mac-learning"]),
  };
}

/** A switch as people write it in the file. */
function isYes(text: string | null | undefined): boolean {
  return ["1", "yes", "on"].includes(text?.trim().toLowerCase() ?? "");
}

/** Only what differs is sent, so that nothing else of the file is touched; what was emptied is deleted. */
export function differences(before: Fields, entered: Fields) {
  const after = withoutAddresses(entered);
  const changed = TEXTS.filter((name) => after[name].trim() !== before[name].trim());
  const filled = changed.filter((name) => after[name].trim() !== "");
  const gone: string[] = changed.filter((name) => after[name].trim() === "");
  gone.push(...SWITCHES.filter((name) => before[name] && !after[name]));
  const on = SWITCHES.filter((name) => after[name] && !before[name]);
  const methods = (Object.keys(HANDED) as Handed[]).filter((name) => after[name] !== before[name]);
  return {
    ...Object.fromEntries(filled.map((name) => [name, valueOf(name, after[name])])),
    ...Object.fromEntries(on.map((name) => [name, 1 as const])),
    ...Object.fromEntries(methods.map((name) => [name, methodOf(after, name)])),
    ...(gone.length > 0 ? { delete: gone.join(",") } : {}),
  };
}

/** Who gets addresses from elsewhere has none in the file. */
function withoutAddresses(fields: Fields): Fields {
  const after = { ...fields };
  for (const [method, addresses] of Object.entries(HANDED))
    if (fields[method as Handed] !== "") for (const name of addresses) after[name] = "";
  return after;
}

function methodOf(after: Fields, name: Handed): string {
  if (after[name] !== "") return after[name];
  return after[HANDED[name][0]].trim() === "" ? "manual" : "static";
}

function valueOf(name: Text, text: string): string | number {
  return NUMBERS.includes(name) ? Number(text) : text.trim();
}

export function create(
  node: string,
  { digest, set }: Target,
  iface: string,
  type: NewKind,
  fields: Fields,
): ChangeCall {
  const empty: Fields = { ...fieldsOf(), autostart: false };
  const params = { iface: iface.trim(), type, digest, ...queryOf(set), ...differences(empty, fields) };
  return change(`Create ${params.iface}`, "post", "/nodes/{node}/network", { node }, params);
}

export function update(node: string, { digest, set }: Target, one: Editable, fields: Fields): ChangeCall {
  const params = { type: one.type, digest, ...queryOf(set), ...differences(fieldsOf(one), fields) };
  const path = "/nodes/{node}/network/{iface}";
  return change(`Change ${one.iface}`, "put", path, { node, iface: one.iface }, params);
}

export function remove(node: string, { digest, set }: Target, { iface }: Interface): ChangeCall {
  const params = { digest, ...queryOf(set) };
  return change(`Remove ${iface}`, "delete", "/nodes/{node}/network/{iface}", { node, iface }, params);
}

export function discard(node: string): ChangeCall {
  return change("Discard what is staged", "delete", "/nodes/{node}/network", { node }, {});
}

/** What was read is what is applied: when the file has moved on the plan is made anew, and read again. */
export function apply(node: string, { digest }: Staged): ChangeCall {
  return change("Apply the network configuration", "put", "/nodes/{node}/network", { node }, { digest });
}
