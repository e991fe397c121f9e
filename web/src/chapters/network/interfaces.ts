// Interfaces as the staged file has them, or the live one where nothing is staged.

import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../kit/api";
import { change, type ChangeCall } from "../../kit/plan/change";
import type { Interface, Staged } from "../../kit/types";

export function useInterfaces(node: string) {
  return useQuery({
    queryKey: ["node", node, "network"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/nodes/{node}/network", { params: { path: { node } }, signal }))).data,
  });
}

export function useStaged(node: string) {
  return useQuery({
    queryKey: ["node", node, "network-changes"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/nodes/{node}/network-changes", { params: { path: { node } }, signal }))).data,
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
  "slaves",
  "bond_mode",
  "vlan-raw-device",
  "vlan-id",
  "ovs_bridge",
  "ovs_ports",
  "ovs_bonds",
  "mtu",
  "comments",
] as const;
export type Text = (typeof TEXTS)[number];
export type Fields = Record<Text, string> & { autostart: boolean; bridge_vlan_aware: boolean };

export function fieldsOf(one?: Interface): Fields {
  const texts = Object.fromEntries(TEXTS.map((name) => [name, (one?.[name] ?? "").trimEnd()]));
  return {
    ...(texts as Record<Text, string>),
    autostart: one ? one.autostart === 1 : true,
    bridge_vlan_aware: one?.bridge_vlan_aware === 1,
  };
}

/** Only what differs is sent, so that nothing else of the file is touched; what was emptied is deleted. */
export function differences(before: Fields, after: Fields) {
  const changed = TEXTS.filter((name) => after[name].trim() !== before[name].trim());
  const set = Object.fromEntries(
    changed.filter((name) => after[name].trim() !== "").map((name) => [name, valueOf(name, after[name])]),
  );
  const gone: string[] = changed.filter((name) => after[name].trim() === "");
  if (before.bridge_vlan_aware && !after.bridge_vlan_aware) gone.push("bridge_vlan_aware");
  if (before.autostart && !after.autostart) gone.push("autostart");
  return {
    ...set,
    ...(after.bridge_vlan_aware && !before.bridge_vlan_aware ? { bridge_vlan_aware: 1 as const } : {}),
    ...(after.autostart && !before.autostart ? { autostart: 1 as const } : {}),
    ...(gone.length > 0 ? { delete: gone.join(",") } : {}),
  };
}

function valueOf(name: Text, text: string): string | number {
  return name === "mtu" || name === "vlan-id" ? Number(text) : text.trim();
}

export function create(
  node: string,
  { digest }: Staged,
  iface: string,
  type: NewKind,
  fields: Fields,
): ChangeCall {
  const empty = { ...fieldsOf(), autostart: false };
  const params = { iface: iface.trim(), type, digest, ...differences(empty, fields) };
  return change(`Create ${params.iface}`, "post", "/nodes/{node}/network", { node }, params);
}

export function update(node: string, { digest }: Staged, one: Editable, fields: Fields): ChangeCall {
  const params = { type: one.type, digest, ...differences(fieldsOf(one), fields) };
  const path = "/nodes/{node}/network/{iface}";
  return change(`Change ${one.iface}`, "put", path, { node, iface: one.iface }, params);
}

export function remove(node: string, { digest }: Staged, { iface }: Interface): ChangeCall {
  return change(`Remove ${iface}`, "delete", "/nodes/{node}/network/{iface}", { node, iface }, { digest });
}

export function discard(node: string): ChangeCall {
  return change("Discard what is staged", "delete", "/nodes/{node}/network", { node }, {});
}

export function apply(node: string): ChangeCall {
  return change("Apply the network configuration", "put", "/nodes/{node}/network", { node }, {});
}
