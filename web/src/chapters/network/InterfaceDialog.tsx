import { useState } from "react";
import { CheckField, FormDialog, SelectField, TextField } from "../../kit/form";
import { usePropose } from "../../kit/plan/Changes";
import type { Staged } from "../../kit/types";
import { looksLikeAddress } from "./data";
import {
  create,
  fieldsOf,
  KINDS,
  kindName,
  partOf,
  update,
  type Editable,
  type Fields,
  type NewKind,
  type Text,
} from "./interfaces";

const MODES = [
  "balance-rr",
  "active-backup",
  "balance-xor",
  "broadcast",
  "802.3ad",
  "balance-tlb",
  "balance-alb",
] as const;
const OVS_MODES = ["active-backup", "balance-slb", "lacp-balance-slb", "lacp-balance-tcp"] as const;
const KIND_CHOICES = (Object.keys(KINDS) as NewKind[]).map((value) => ({ value, label: KINDS[value] }));

/** What a new interface of a type is called by convention: the next free number. */
function usualName(kind: NewKind, names: readonly string[]): string {
  const prefixes: Partial<Record<NewKind, string>> = {
    bridge: "vmbr",
    OVSBridge: "vmbr",
    bond: "bond",
    OVSBond: "bond",
  };
  const prefix = prefixes[kind];
  if (!prefix) return "";
  let number = 0;
  while (names.includes(`${prefix}${number}`)) number += 1;
  return `${prefix}${number}`;
}

function looksLikeCidr(text: string): boolean {
  const [address, length, ...more] = text.trim().split("/");
  return more.length === 0 && looksLikeAddress(address ?? "") && /^\d{1,3}$/.test(length ?? "");
}

/** Makes an interface, or changes one: the host has the last word on what fits together. */
export function InterfaceDialog({
  node,
  staged,
  one,
  names,
  onClose,
}: {
  node: string;
  staged: Staged;
  one?: Editable;
  names: readonly string[];
  onClose: () => void;
}) {
  const propose = usePropose();
  const [kind, setKind] = useState<NewKind>("bridge");
  const [name, setName] = useState(() => one?.iface ?? usualName("bridge", names));
  const [fields, setFields] = useState<Fields>(() => fieldsOf(one));
  const type: string = one ? one.type : kind;
  const choose = (chosen: NewKind) => {
    if (name === usualName(kind, names)) setName(usualName(chosen, names));
    setKind(chosen);
  };
  const wrong = wrongs(fields);
  const isTaken = !one && names.includes(name.trim());
  const submit = () => {
    onClose();
    propose(one ? update(node, staged, one, fields) : create(node, staged, name, kind, fields));
  };
  return (
    <FormDialog
      title={one ? `${kindName(type)} ${one.iface}` : "Create an interface"}
      description="It is staged. Nothing changes on the running network before the configuration is applied."
      isValid={name.trim() !== "" && !isTaken && Object.keys(wrong).length === 0}
      onClose={onClose}
      onSubmit={submit}
    >
      {!one && (
        <>
          <SelectField label="Type" value={kind} onChange={choose} choices={KIND_CHOICES} />
          <TextField
            label="Name"
            help="Bridges are called vmbrN, bonds bondN, VLANs CARD.ID"
            value={name}
            error={isTaken && "There is one of this name"}
            onChange={setName}
            autoFocus
            maxLength={15}
          />
        </>
      )}
      <Settings type={type} fields={fields} wrong={wrong} onChange={setFields} />
    </FormDialog>
  );
}

/** What cannot be right, by field. */
function wrongs(fields: Fields): Partial<Record<Text, string>> {
  const found: Partial<Record<Text, string>> = {};
  for (const name of ["cidr", "cidr6"] as const)
    if (fields[name].trim() !== "" && !looksLikeCidr(fields[name]))
      found[name] =
        "An address with the length of its network is wanted, as 192.0.2.10/24 or 2001:db8::10/64";
  for (const name of ["gateway", "gateway6"] as const)
    if (fields[name].trim() !== "" && !looksLikeAddress(fields[name])) found[name] = "This is no address";
  const isNumber = (text: string, from: number, to: number) =>
    /^\d+$/.test(text.trim()) && Number(text) >= from && Number(text) <= to;
  if (fields["vlan-id"] !== "" && !isNumber(fields["vlan-id"], 1, 4094))
    found["vlan-id"] = "A number from 1 to 4094 is wanted";
  if (fields.mtu !== "" && !isNumber(fields.mtu, 1280, 65520))
    found.mtu = "A number from 1280 to 65520 is wanted";
  return found;
}

function Settings({
  type,
  fields,
  wrong,
  onChange,
}: {
  type: string;
  fields: Fields;
  wrong: Partial<Record<Text, string>>;
  onChange: (fields: Fields) => void;
}) {
  const part = partOf(type);
  const text = (name: Text, label: string, help?: string) => (
    <TextField
      label={label}
      help={help}
      value={fields[name]}
      error={wrong[name]}
      onChange={(value) => onChange({ ...fields, [name]: value })}
    />
  );
  const mode = (choices: readonly string[]) => (
    <SelectField
      label="Mode"
      empty="balance-rr"
      value={fields.bond_mode}
      onChange={(bond_mode) => onChange({ ...fields, bond_mode })}
      choices={choices.map((value) => ({ value, label: value }))}
    />
  );
  return (
    <>
      {part &&
        text(
          part[0],
          part[1],
          part[0].endsWith("s") ? "Names of interfaces, separated by blanks" : undefined,
        )}
      {type === "OVSBond" && text("ovs_bridge", "Bridge")}
      {type === "bond" && mode(MODES)}
      {type === "OVSBond" && mode(OVS_MODES)}
      {type === "vlan" && text("vlan-id", "VLAN", "Not needed when the name ends in it")}
      {type === "bridge" && (
        <CheckField
          label="VLAN aware"
          description="Guests can have VLANs of their own."
          value={fields.bridge_vlan_aware}
          onChange={(bridge_vlan_aware) => onChange({ ...fields, bridge_vlan_aware })}
        />
      )}
      {text("cidr", "IPv4 address", "With the length of the network, as 192.0.2.10/24")}
      {text("gateway", "IPv4 gateway")}
      {text("cidr6", "IPv6 address")}
      {text("gateway6", "IPv6 gateway")}
      {text("mtu", "MTU")}
      <CheckField
        label="Starts at boot"
        value={fields.autostart}
        onChange={(autostart) => onChange({ ...fields, autostart })}
      />
      {text("comments", "Comment")}
    </>
  );
}
