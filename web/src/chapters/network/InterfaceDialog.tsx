import { useState } from "react";
import { CheckField, FormDialog, SelectField, TextField } from "../../kit/form";
import { usePropose } from "../../kit/plan/Changes";
import type { Staged } from "../../kit/types";
import { HASHED, HASH_POLICIES, modesOf } from "./bondModes";
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
  type Handed,
  type NewKind,
  type Switch,
  type Text,
} from "./interfaces";

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
  for (const name of ["vlan-id", "ovs_tag"] as const)
    if (fields[name] !== "" && !isNumber(fields[name], 1, 4094))
      found[name] = "A number from 1 to 4094 is wanted";
  const vlans = fields.bridge_vids.split(/[ ,;]+/).filter((item) => item !== "");
  const isRange = (item: string) => {
    const [first = "", last = first, ...more] = item.split("-");
    return more.length === 0 && isNumber(first, 1, 4094) && isNumber(last, Number(first), 4094);
  };
  if (!vlans.every(isRange))
    found.bridge_vids = "VLANs and ranges of them are wanted, as 2-4094 or 5 7 100-199";
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
  const choice = (name: Text | Handed, label: string, empty: string, choices: readonly Choice[]) => (
    <SelectField
      label={label}
      empty={empty}
      value={fields[name]}
      onChange={(value) => onChange({ ...fields, [name]: value })}
      choices={choices}
    />
  );
  const check = (name: Switch, label: string, description?: string) => (
    <CheckField
      label={label}
      description={description}
      value={fields[name]}
      onChange={(value) => onChange({ ...fields, [name]: value })}
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
      {(type === "bond" || type === "OVSBond") &&
        choice("bond_mode", "Mode", type === "bond" ? "balance-rr" : "active-backup", plain(modesOf(type)))}
      {type === "bond" &&
        fields.bond_mode === "active-backup" &&
        text("bond-primary", "Primary member", PRIMARY)}
      {type === "bond" &&
        HASHED.includes(fields.bond_mode) &&
        choice("bond_xmit_hash_policy", "Hash policy", "layer2", plain(HASH_POLICIES))}
      {type === "vlan" && text("vlan-id", "VLAN", "Not needed when the name ends in it")}
      {type.startsWith("OVS") && type !== "OVSBridge" && text("ovs_tag", "VLAN")}
      {type === "bridge" && (
        <>
          {check("bridge_vlan_aware", "VLAN aware", "Guests can have VLANs of their own.")}
          {fields.bridge_vlan_aware &&
            text("bridge_vids", "VLANs", "2-4094 unless something else is entered")}
          {check(
            "bridge-disable-mac-learning",
            "No MAC learning",
            "Only guests' configured addresses get through.",
          )}
        </>
      )}
      {choice("method", "IPv4", "the address below, or none", [{ value: "dhcp", label: "DHCP" }])}
      {fields.method === "" && (
        <>
          {text("cidr", "IPv4 address", "With the length of the network, as 192.0.2.10/24")}
          {text("gateway", "IPv4 gateway")}
        </>
      )}
      {choice("method6", "IPv6", "the address below, or none", [
        { value: "auto", label: "The router says (SLAAC)" },
        { value: "dhcp", label: "DHCPv6" },
      ])}
      {fields.method6 === "" && (
        <>
          {text("cidr6", "IPv6 address")}
          {text("gateway6", "IPv6 gateway")}
        </>
      )}
      {text("mtu", "MTU")}
      {check("autostart", "Starts at boot")}
      {text("comments", "Comment")}
    </>
  );
}

interface Choice {
  value: string;
  label: string;
}

const PRIMARY = "The one that is used as long as it works";

function plain(values: readonly string[]): readonly Choice[] {
  return values.map((value) => ({ value, label: value }));
}
