// The modes of bonds: those that the API takes, by its own types, and no others.

import type { paths } from "../../api/schema";

type Body = NonNullable<paths["/nodes/{node}/network"]["post"]["requestBody"]>["content"]["application/json"];
type Mode = NonNullable<Body["bond_mode"]>;
type HashPolicy = NonNullable<Body["bond_xmit_hash_policy"]>;

/** What takes a mode: bonds of the kernel, of Open vSwitch, or both. A mode that the API has and this not does not compile. */
const MODES: Record<Mode, readonly ("bond" | "OVSBond")[]> = {
  "balance-rr": ["bond"],
  "active-backup": ["bond", "OVSBond"],
  "balance-xor": ["bond"],
  broadcast: ["bond"],
  "802.3ad": ["bond"],
  "balance-tlb": ["bond"],
  "balance-alb": ["bond"],
  "balance-slb": ["OVSBond"],
  "lacp-balance-slb": ["OVSBond"],
  "lacp-balance-tcp": ["OVSBond"],
};
const POLICIES: Record<HashPolicy, true> = { layer2: true, "layer2+3": true, "layer3+4": true };

export function modesOf(kind: "bond" | "OVSBond"): readonly string[] {
  return Object.entries(MODES).flatMap(([mode, kinds]) => (kinds.includes(kind) ? [mode] : []));
}

export const HASH_POLICIES = Object.keys(POLICIES);

/** Modes in which something decides over which member a packet goes. */
export const HASHED: readonly string[] = ["balance-xor", "802.3ad"] satisfies Mode[];
