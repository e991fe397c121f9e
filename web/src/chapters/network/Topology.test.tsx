import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { Topology as Data, TopologyNode } from "../../kit/types";
import { show } from "../../test/app";
import { data, serve } from "../../test/server";
import { Topology } from "./Topology";
import { picture } from "./topology";

function one(name: string, kind: TopologyNode["kind"], more: Partial<TopologyNode> = {}): TopologyNode {
  return { name, kind, configured: 1, exists: 1, up: 1, carrier: 1, ...more };
}
const guest = (vmid: number) => one(`tap${vmid}i0`, "guest", { configured: 0, guest: { vmid, net: 0 } });

/** A card whose bridge is to stand on a bond. */
const STAGED: Data = {
  nodes: [
    one("bond0", "bond", { exists: 0, up: 0, carrier: 0, pending: "new" }),
    one("eno1", "card", {
      speed: 10_000,
      driver: "ixgbe",
      pending: "changed",
      differences: ["mtu 1500 -> 9000"],
    }),
    one("eno2", "card", { carrier: 0 }),
    guest(100),
    one("vmbr0", "bridge", { addresses: ["192.0.2.10/24"] }),
  ],
  ties: [
    { lower: "bond0", upper: "vmbr0", now: 0, then: 1 },
    { lower: "eno1", upper: "bond0", now: 0, then: 1 },
    { lower: "eno1", upper: "vmbr0", now: 1, then: 0 },
    { lower: "tap100i0", upper: "vmbr0", now: 1, then: 1 },
  ],
};

describe("the picture", () => {
  it("has what others are made of to their left, and guests at the right", () => {
    const drawn = picture(STAGED);
    const columns = Object.fromEntries((drawn?.boxes ?? []).map(({ title, column }) => [title, column]));
    expect(columns).toEqual({ eno1: 0, eno2: 0, bond0: 1, vmbr0: 2, "100 net0": 3 });
    expect(drawn?.lines.map(({ from, to, fate }) => `${from.title} ${to.title} ${fate}`)).toEqual([
      "bond0 vmbr0 comes",
      "eno1 bond0 comes",
      "eno1 vmbr0 goes",
      "vmbr0 100 net0 stays",
    ]);
  });

  it("has one box for many guests of a bridge", () => {
    const crowd = Array.from({ length: 7 }, (_, at) => guest(100 + at));
    const ties = crowd.map(({ name }) => ({ lower: name, upper: "vmbr0", now: 1, then: 1 }));
    const drawn = picture({ nodes: [...crowd, one("vmbr0", "bridge")], ties });
    expect(drawn?.boxes.map(({ title }) => title)).toEqual(["vmbr0", "7 guest cards"]);
  });

  it("says of a port that is configured and not there that it is missing", () => {
    const nodes = [one("eno9", "card", { exists: 0, up: 0, carrier: 0 }), one("vmbr0", "bridge")];
    const drawn = picture({ nodes, ties: [{ lower: "eno9", upper: "vmbr0", now: 0, then: 1 }] });
    expect(drawn?.lines[0]?.fate).toBe("missing");
  });

  it("ends where interfaces stand on each other in a circle", () => {
    const nodes = [one("a", "bridge"), one("b", "bridge")];
    const ties = [
      { lower: "a", upper: "b", now: 0, then: 1 },
      { lower: "b", upper: "a", now: 0, then: 1 },
    ];
    expect(picture({ nodes, ties })?.boxes).toHaveLength(2);
  });

  it("is not drawn of more than anybody can read", () => {
    const nodes = Array.from({ length: 200 }, (_, at) => one(`vmbr${at}`, "bridge"));
    expect(picture({ nodes, ties: [] })).toBeUndefined();
  });
});

describe("the page", () => {
  it("tells of a box what there is to know, with the keyboard too", async () => {
    serve({ "GET /nodes/pve1/network-topology": () => data(STAGED) });
    show(<Topology node="pve1" />);
    const card = await screen.findByRole("button", { name: "eno1 changes, card, connected" });
    card.focus();
    await userEvent.keyboard("{Enter}");
    expect(card.getAttribute("aria-pressed")).toBe("true");
    screen.getByText("10 Gbit/s");
    screen.getByText("changes: mtu 1500 -> 9000");
    const region = screen.getByRole("region", { name: "Topology" });
    within(region).getByText(/Red lines go then/);
    await userEvent.click(card);
    expect(screen.queryByText("ixgbe")).toBeNull();
  });
});
