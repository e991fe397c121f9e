import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { Changes } from "../../kit/plan/Changes";
import { restore } from "../../kit/session";
import type { ChangeSet, ChangeSetDetails } from "../../kit/types";
import { show } from "../../test/app";
import { data, serve } from "../../test/server";
import { looksLikeName } from "./changeSets";
import { InterfacesPage } from "./InterfacesPage";

const PLAN = {
  summary: "x",
  empty: 0,
  steps: [],
  hazards: [],
  diff: "",
  command: "c",
  reversible: 1,
  armable: 0,
  fingerprint: "f",
};
const BRIDGE = {
  iface: "vmbr0",
  type: "bridge",
  priority: 3,
  families: ["inet"],
  method: "static",
  method6: "manual",
  cidr: "192.0.2.10/24",
};
const MINE: ChangeSet = {
  name: "storage",
  author: "joe@pam",
  title: "Larger packets",
  changed: 1_700_000_000,
  lines: 2,
  outdated: 1,
};
const HERS: ChangeSet = { name: "guests", author: "ann@pam", changed: 1_700_000_000, lines: 1, outdated: 0 };
const DETAILS: ChangeSetDetails = {
  ...MINE,
  diff: "--- storage (base)\n+++ storage\n@@ -1 +1 @@\n-\tmtu 1500\n+\tmtu 9000\n",
  since: "--- storage (base)\n+++ /etc/network/interfaces.new\n@@ -1 +1 @@\n-\tmtu 1500\n+\tmtu 1400\n",
  conflicts: [{ iface: "vmbr0", option: "mtu", base: "1500", own: "9000", current: "1400" }],
};

async function open() {
  const asked = serve({
    "GET /access/session": () =>
      data({
        username: "joe@pam",
        CSRFPreventionToken: "t",
        cap: { nodes: { "Sys.Modify": 1, "Sys.Audit": 1 } },
      }),
    "GET /nodes/pve1/network": () => data([BRIDGE]),
    "GET /nodes/pve1/network-changes": () => data({ staged: 1, digest: "d1", files: [] }),
    "GET /nodes/pve1/network-topology": () => data({ nodes: [], ties: [] }),
    "GET /nodes/pve1/network-sets": () => data([HERS, MINE]),
    "GET /nodes/pve1/network-sets/storage": () => data(DETAILS),
    "GET /nodes/pve1/network-sets/guests": () => data(HERS),
    "POST /nodes/pve1/network-sets": () => data(PLAN),
    "POST /nodes/pve1/network-sets/storage/rebase": () => data(PLAN),
    "DELETE /nodes/pve1/network/vmbr0": () => data(PLAN),
  });
  localStorage.setItem("innkeeper.session", "1");
  await restore();
  show(
    <Changes>
      <InterfacesPage node="pve1" />
    </Changes>,
  );
  await screen.findByLabelText("Edits go to");
  return { asked, planned: () => asked.find(({ params }) => "dry-run" in params) };
}

const choose = async (name: string) => {
  await userEvent.selectOptions(screen.getByLabelText("Edits go to"), name);
  return within(await screen.findByRole("region", { name: `Change set ${name}` }));
};

beforeEach(() => localStorage.clear());

describe("change sets", () => {
  it("are listed with who made them and whether they are out of date", async () => {
    await open();
    const options = screen.getAllByRole("option").map(({ textContent }) => textContent);
    expect(options).toContain("storage by joe@pam (2 lines, out of date)");
    expect(options).toContain("guests by ann@pam (1 line)");
  });

  it("say what contradicts, and can be rebased by their author, not staged", async () => {
    const { planned } = await open();
    const set = await choose("storage");
    expect(await set.findByText("vmbr0 mtu: 9000 here, 1400 there")).toBeTruthy();
    expect(set.getByRole("button", { name: "Stage it" })).toHaveProperty("disabled", true);
    expect(screen.getByRole("button", { name: "Apply configuration" })).toHaveProperty("disabled", true);
    await userEvent.click(set.getByRole("button", { name: "Rebase" }));
    await screen.findByRole("dialog");
    expect(planned()).toMatchObject({ verb: "POST", path: "/nodes/pve1/network-sets/storage/rebase" });
  });

  it("of others are shown, and not changed", async () => {
    await open();
    const set = await choose("guests");
    expect(await set.findByText(/Only its author and root@pam change it/)).toBeTruthy();
    expect(set.queryByRole("button", { name: "Discard it" })).toBeNull();
    expect(screen.getByRole("button", { name: "Create" })).toHaveProperty("disabled", true);
    expect(screen.queryByRole("button", { name: "Kebab toggle" })).toBeNull();
  });

  it("take the edits of the page", async () => {
    const { asked, planned } = await open();
    await choose("storage");
    await userEvent.click(await screen.findByRole("button", { name: "Kebab toggle" }));
    await userEvent.click(screen.getByRole("menuitem", { name: "Remove" }));
    await screen.findByRole("dialog");
    expect(planned()).toMatchObject({
      verb: "DELETE",
      path: "/nodes/pve1/network/vmbr0",
      params: { "change-set": "storage", digest: "d1" },
    });
    const read = asked.filter(({ verb, path }) => verb === "GET" && path === "/nodes/pve1/network");
    expect(read.at(-1)?.params).toMatchObject({ "change-set": "storage" });
  });

  it("are made with a name that is free", async () => {
    const { planned } = await open();
    await userEvent.click(screen.getByRole("button", { name: "New change set" }));
    const dialog = within(await screen.findByRole("dialog"));
    await userEvent.type(dialog.getByLabelText(/^Name/), "guests");
    expect(dialog.getByText("There is one of this name")).toBeTruthy();
    await userEvent.type(dialog.getByLabelText(/^Name/), "2");
    await userEvent.click(dialog.getByRole("button", { name: "Review the change" }));
    await screen.findByRole("button", { name: "Apply" });
    expect(planned()).toMatchObject({ path: "/nodes/pve1/network-sets", params: { set: "guests2" } });
  });

  it("have names without anything that a path could be", () => {
    expect(["storage", "a-1", "A_b"].every(looksLikeName)).toBe(true);
    expect(["", "a", "1a", "../a", "a/b", "a.b", "a b"].some(looksLikeName)).toBe(false);
  });
});
