import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { Changes } from "../../kit/plan/Changes";
import { restore } from "../../kit/session";
import type { Finding, Interface, Staged } from "../../kit/types";
import { show } from "../../test/app";
import { data, serve } from "../../test/server";
import { differences, fieldsOf, type Fields } from "./interfaces";
import { InterfacesPage } from "./InterfacesPage";

const PLAN = {
  summary: "x",
  empty: 0,
  steps: [],
  hazards: [],
  diff: "",
  command: "c",
  reversible: 1,
  armable: 1,
  armed: 90,
  fingerprint: "f",
};
const BRIDGE: Interface = {
  iface: "vmbr0",
  type: "bridge",
  priority: 3,
  families: ["inet"],
  method: "static",
  method6: "manual",
  active: 1,
  autostart: 1,
  cidr: "192.0.2.10/24",
  gateway: "192.0.2.1",
  bridge_ports: "eno1",
  bridge_vlan_aware: 1,
  comments: " the guests\n",
};
const CARD: Interface = {
  iface: "eno1",
  type: "eth",
  priority: 2,
  families: ["inet"],
  method: "dhcp",
  method6: "manual",
};
const STAGED: Staged = {
  staged: 1,
  digest: "d1",
  files: [],
  changes:
    "--- /etc/network/interfaces\n+++ /etc/network/interfaces.new\n@@ -1 +1 @@\n-\tmtu 1500\n+\tmtu 9000\n",
};

const NO_IFUPDOWN2: Finding = {
  id: "network.no-ifupdown2",
  area: "network",
  level: "warning",
  message: "ifupdown2 is not installed",
  evidence: "/usr/share/ifupdown2",
  advice: "Install it.",
  fixes: [
    {
      label: "Install ifupdown2",
      verb: "POST",
      path: "/nodes/pve1/apt/install",
      params: { package: "ifupdown2" },
    },
  ],
};

async function open({
  staged = STAGED,
  findings = [] as Finding[],
  cap = { "Sys.Audit": 1, "Sys.Modify": 1 } as Record<string, number>,
} = {}) {
  const asked = serve({
    "GET /access/session": () =>
      data({ username: "root@pam", CSRFPreventionToken: "t", cap: { nodes: cap } }),
    "GET /nodes/pve1/network": () => data([CARD, BRIDGE]),
    "GET /nodes/pve1/network-changes": () => data(staged),
    "GET /nodes/pve1/network-sets": () => data([]),
    "GET /nodes/pve1/checks": () => data(findings),
    "POST /nodes/pve1/apt/install": () => data(PLAN),
    "GET /nodes/pve1/network-topology": () => data({ nodes: [], ties: [] }),
    "POST /nodes/pve1/network": () => data(PLAN),
    "PUT /nodes/pve1/network": () => data(PLAN),
    "DELETE /nodes/pve1/network": () => data(PLAN),
    "PUT /nodes/pve1/network/vmbr0": () => data(PLAN),
    "DELETE /nodes/pve1/network/vmbr0": () => data(PLAN),
  });
  localStorage.setItem("innkeeper.session", "1");
  await restore();
  show(
    <Changes>
      <InterfacesPage node="pve1" />
    </Changes>,
  );
  await screen.findByText("vmbr0");
  return () => asked.find(({ params }) => "dry-run" in params);
}

beforeEach(() => localStorage.clear());

describe("the interfaces", () => {
  it("are shown with what they are made of, and with what is staged", async () => {
    await open();
    const row = screen.getByText("vmbr0").closest("tr");
    expect(row?.textContent).toMatch(/Bridge.*up.*yes.*eno1.*192\.0\.2\.10\/24.*192\.0\.2\.1.*the guests/);
    expect(screen.getAllByText("eno1")[0]?.closest("tr")?.textContent).toMatch(/DHCP/);
    expect(await screen.findByText("Staged, and not in force yet")).toBeTruthy();
    expect(document.querySelector("ins")?.textContent).toMatch(/mtu 9000/);
  });

  it("are applied by a plan that takes itself back unless somebody says otherwise", async () => {
    const planned = await open();
    await userEvent.click(await screen.findByRole("button", { name: "Apply configuration" }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(await dialog.findByRole("combobox", { name: "Confirm within" })).toHaveProperty("value", "90");
    expect(planned()).toMatchObject({ verb: "PUT", path: "/nodes/pve1/network" });
  });

  it("say what is missing to apply them, and offer it as a plan", async () => {
    const planned = await open({ findings: [NO_IFUPDOWN2] });
    await userEvent.click(await screen.findByRole("button", { name: "Install ifupdown2" }));
    await screen.findByRole("dialog");
    expect(planned()).toMatchObject({
      verb: "POST",
      path: "/nodes/pve1/apt/install",
      params: { package: "ifupdown2" },
    });
  });

  it("have nothing to apply when nothing is staged, and no buttons for who may not", async () => {
    await open({ staged: { staged: 0, digest: "d1", files: [] } });
    expect(screen.getByRole("button", { name: "Apply configuration" })).toHaveProperty("disabled", true);
  });

  it("cannot be changed without the privilege", async () => {
    await open({ cap: { "Sys.Audit": 1 } });
    expect(screen.queryByRole("button", { name: "Create" })).toBeNull();
  });

  it("are made with the next free name, and only with what was entered", async () => {
    const planned = await open();
    await userEvent.click(await screen.findByRole("button", { name: "Create" }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(dialog.getByLabelText("Name")).toHaveProperty("value", "vmbr1");
    await userEvent.selectOptions(dialog.getByLabelText("Type"), "bond");
    expect(dialog.getByLabelText("Name")).toHaveProperty("value", "bond0");
    await userEvent.type(dialog.getByLabelText("IPv4 address"), "192.0.2.77");
    expect(dialog.getByText(/with the length of its network is wanted/)).toBeTruthy();
    expect(dialog.getByRole("button", { name: "Review the change" })).toHaveProperty("disabled", true);
    await userEvent.type(dialog.getByLabelText("IPv4 address"), "/24");
    await userEvent.type(dialog.getByLabelText("Members"), "eno2 eno3");
    await userEvent.click(dialog.getByRole("button", { name: "Review the change" }));
    await screen.findByRole("button", { name: "Apply" });
    expect(planned()).toMatchObject({
      verb: "POST",
      params: {
        iface: "bond0",
        type: "bond",
        cidr: "192.0.2.77/24",
        slaves: "eno2 eno3",
        autostart: 1,
        digest: "d1",
      },
    });
    expect(planned()?.params).not.toHaveProperty("bridge_ports");
  });
});

describe("what differs", () => {
  it("is sent, and what was emptied is deleted", () => {
    const before = fieldsOf(BRIDGE);
    expect(differences(before, before)).toEqual({});
    const after = { ...before, gateway: "", mtu: "9000", bridge_vlan_aware: false, comments: "guests" };
    expect(differences(before, after)).toEqual({
      mtu: 9000,
      comments: "guests",
      delete: "gateway,bridge_vlan_aware",
    });
  });

  it("takes the addresses away where DHCP hands them out, and gives them their method back", () => {
    const fixed = fieldsOf(BRIDGE);
    const handed: Fields = { ...fixed, method: "dhcp" };
    expect(differences(fixed, handed)).toEqual({ method: "dhcp", delete: "cidr,gateway" });
    const card = fieldsOf(CARD);
    expect(card.method).toBe("dhcp");
    expect(differences(card, { ...card, method: "" })).toEqual({ method: "manual" });
    const entered = { ...card, method: "", cidr: "192.0.2.7/24" };
    expect(differences(card, entered)).toEqual({ method: "static", cidr: "192.0.2.7/24" });
  });

  it("is a switch that the file has in its own words", () => {
    const before = fieldsOf({ ...BRIDGE, "bridge-disable-mac-learning": "yes" });
    expect(before["bridge-disable-mac-learning"]).toBe(true);
    const off = { ...before, "bridge-disable-mac-learning": false };
    expect(differences(before, off)).toEqual({ delete: "bridge-disable-mac-learning" });
    expect(differences(off, before)).toEqual({ "bridge-disable-mac-learning": 1 });
  });
});
