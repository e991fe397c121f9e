import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { Changes } from "../../kit/plan/Changes";
import { restore } from "../../kit/session";
import type { Recipe, RecipeParameter } from "../../kit/types";
import { show } from "../../test/app";
import { data, serve } from "../../test/server";
import { advise, proposedBy, wrongs, wrongWith } from "./recipes";
import { RecipesPage } from "./RecipesPage";

const PLAN = {
  summary: "x",
  empty: 0,
  steps: [],
  hazards: [],
  diff: "",
  command: "c",
  reversible: 1,
  armable: 1,
  fingerprint: "f",
};
const parameter = (name: string, more: Partial<RecipeParameter> = {}): RecipeParameter => ({
  name,
  help: `about ${name}`,
  type: "string",
  required: 0,
  ...more,
});
const BRIDGED: Recipe = {
  id: "bridged",
  title: "Bridged: as neighbours",
  purpose: "p",
  done: 1,
  parameters: [parameter("port", { format: "pve-iface", proposed: "eno1" })],
};
const ROUTED: Recipe = {
  id: "routed",
  title: "Routed: behind this host",
  purpose: "p",
  done: 0,
  parameters: [
    parameter("uplink", { format: "pve-iface", proposed: "eno1" }),
    parameter("cidr", { format: "CIDRv4", required: 1 }),
  ],
};
const NAT: Recipe = {
  id: "nat",
  title: "Masqueraded: one address",
  purpose: "p",
  done: 0,
  parameters: [
    parameter("cidr", { format: "CIDRv4", proposed: "10.10.10.1/24" }),
    parameter("forward"),
    parameter("conntrack-zone", { type: "boolean", proposed: "0" }),
  ],
};

async function open(cap: Record<string, number> = { "Sys.Modify": 1, "Sys.Audit": 1 }) {
  const asked = serve({
    "GET /access/session": () =>
      data({ username: "root@pam", CSRFPreventionToken: "t", cap: { nodes: cap } }),
    "GET /nodes/pve1/network-recipes": () => data([BRIDGED, ROUTED, NAT]),
    "GET /nodes/pve1/network-forwarding": () =>
      data([{ vmid: 100, nic: "net0", mac: "bc:24:11:00:00:01", port: "tap100i0", container: 0 }]),
    "POST /nodes/pve1/network-recipes/routed": () => data(PLAN),
    "POST /nodes/pve1/network-recipes/nat": () => data(PLAN),
  });
  localStorage.setItem("innkeeper.session", "1");
  await restore();
  show(
    <Changes>
      <RecipesPage node="pve1" />
    </Changes>,
  );
  await screen.findByText("Which one fits?");
  return () => asked.find(({ params }) => "dry-run" in params);
}

beforeEach(() => localStorage.clear());

describe("what is advised", () => {
  it("follows where the host is, and what the provider allows", () => {
    expect(advise("lan", "unknown").recipe).toBe("bridged");
    expect(advise("single", "yes").recipe).toBe("nat");
    expect(advise("ranges", "yes").recipe).toBe("bridged");
    expect(advise("ranges", "registered").recipe).toBe("bridged");
    expect(advise("ranges", "no").recipe).toBe("routed");
    expect(advise("ranges", "unknown").recipe).toBe("routed");
  });

  it("is proposed with its reason, and opens the form", async () => {
    await open();
    await userEvent.click(screen.getByRole("radio", { name: /block of addresses/ }));
    const alert = screen.getByText(/come from the address of this host's card/);
    expect(alert).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Take this one" }));
    expect(within(await screen.findByRole("dialog")).getByText("Routed: behind this host")).toBeTruthy();
  });

  it("lists the addresses of guests where they have to be registered", async () => {
    await open();
    await userEvent.click(screen.getByRole("radio", { name: /block of addresses/ }));
    await userEvent.selectOptions(screen.getByRole("combobox"), "registered");
    expect(await screen.findByText(/bc:24:11:00:00:01/)).toBeTruthy();
  });
});

describe("the form", () => {
  it("has what the host proposes, wants what is needed, and sends what was read", async () => {
    const planned = await open();
    await userEvent.click(screen.getByRole("button", { name: "Set up routed" }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(dialog.getByLabelText("Uplink")).toHaveProperty("value", "eno1");
    const review = dialog.getByRole("button", { name: "Review the change" });
    expect(review).toHaveProperty("disabled", true);
    await userEvent.type(dialog.getByLabelText(/IPv4 address/), "203.0.113.17");
    expect(dialog.getByText(/192\.0\.2\.10\/24/)).toBeTruthy();
    await userEvent.type(dialog.getByLabelText(/IPv4 address/), "/28");
    await userEvent.click(dialog.getByRole("checkbox", { name: "Apply it at once" }));
    await userEvent.click(review);
    await waitFor(() =>
      expect(planned()).toMatchObject({
        verb: "POST",
        path: "/nodes/pve1/network-recipes/routed",
        params: { uplink: "eno1", cidr: "203.0.113.17/28", apply: 1 },
      }),
    );
  });

  it("is not offered to who may not change anything", async () => {
    await open({ "Sys.Audit": 1 });
    expect(screen.queryByRole("button", { name: /Set up/ })).toBeNull();
    expect(screen.getByText("In place")).toBeTruthy();
  });

  it("says while typing what cannot be right", () => {
    expect(wrongs(NAT, proposedBy(NAT))).toEqual({});
    const forward = parameter("forward");
    expect(wrongWith(forward, "tcp:2222:10.10.10.5:22, udp:53:10.10.10.6:53")).toBeUndefined();
    for (const bad of ["tcp:0:10.10.10.5:22", "tcp:22:10.10.10.5", "sctp:1:10.0.0.1:1", "tcp:1:10.0.0.256:1"])
      expect(wrongWith(forward, bad), bad).toContain(bad);
    const cidr = parameter("cidr", { format: "CIDRv4", required: 1 });
    for (const bad of ["", "10.0.0.1", "10.0.0.1/33", "fd00::1/64", "10.0.0.1/24/1"])
      expect(wrongWith(cidr, bad), bad).toBeTruthy();
    expect(wrongWith(parameter("bridge", { format: "pve-iface" }), "vmbr0; id")).toBeTruthy();
    expect(wrongWith(parameter("slaves", { format: "pve-iface-list" }), "eno1 eno2")).toBeUndefined();
    expect(wrongWith(parameter("vlan", { type: "integer", required: 1 }), "4095")).toBeTruthy();
  });
});

it("puts a set-up into the change set that was chosen, and does not offer to apply it", async () => {
  location.hash = "#/nodes/pve1/network/set-ups?change-set=weekend";
  const dryRun = await open();
  expect(screen.getByText("What you set up here goes into the change set weekend")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Set up nat" }));
  const dialog = await screen.findByRole("dialog");
  expect(within(dialog).queryByLabelText(/Apply it at once/)).toBeNull();
  await userEvent.click(within(dialog).getByRole("button", { name: "Review the change" }));
  await waitFor(() => expect(dryRun()?.params).toMatchObject({ "change-set": "weekend" }));
  location.hash = "";
});
