import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import { Changes } from "../../kit/plan/Changes";
import { restore } from "../../kit/session";
import type { Nic, NicScheme } from "../../kit/types";
import { show } from "../../test/app";
import { data, serve, type Asked } from "../../test/server";
import { CardsPage } from "./CardsPage";
import { nameAdvice, nameFault } from "./cards";

const PLAN = {
  summary: "x",
  empty: 0,
  steps: [],
  hazards: [],
  diff: "",
  command: "c",
  reversible: 1,
  fingerprint: "f",
};
const ENO1: Nic = {
  name: "eno1",
  explanation: "card 1 on the board, as the firmware numbers them",
  alternatives: [{ name: "enp3s0", explanation: "card on PCI bus 3, slot 0" }],
  altnames: ["enp3s0"],
  mac: "52:54:00:00:00:01",
  pci: "0000:03:00.0",
  driver: "igb",
  speed: 10000,
  carrier: 1,
  "used-by": ["vmbr0"],
};
const ENO2: Nic = {
  name: "eno2",
  explanation: "card 2 on the board, as the firmware numbers them",
  mac: "52:54:00:00:00:02",
  carrier: 0,
  "link-file": "/etc/systemd/network/10-enwan0.link",
  "next-name": "enwan0",
};
const SCHEME: NicScheme = {
  systemd: 252,
  "in-use": "v252",
  loader: "grub",
  file: "/etc/default/grub",
  schemes: [
    { version: "v251", changes: "names by a shared slot", known: 1, "in-use": 0 },
    { version: "v252", changes: "names by aliases", known: 1, "in-use": 1 },
    { version: "v253", changes: "names for USB", known: 0, "in-use": 0 },
  ],
};

async function open({ nics = [ENO1, ENO2], scheme = SCHEME, cap = { "Sys.Modify": 1 } } = {}) {
  const asked = serve({
    "GET /access/session": () =>
      data({ username: "root@pam", CSRFPreventionToken: "t", cap: { nodes: cap } }),
    "GET /nodes/pve1/nics": () => data(nics),
    "GET /nodes/pve1/nics-scheme": () => data(scheme),
    "POST /nodes/pve1/nics": () => data(PLAN),
    "POST /nodes/pve1/nics/eno1/rename": () => data(PLAN),
    "DELETE /nodes/pve1/nics/eno2": () => data(PLAN),
    "PUT /nodes/pve1/nics-scheme": () => data(PLAN),
    "DELETE /nodes/pve1/nics-scheme": () => data(PLAN),
  });
  localStorage.setItem("innkeeper.session", "1");
  await restore();
  show(
    <Changes>
      <CardsPage node="pve1" />
    </Changes>,
  );
  return asked;
}

const planned = (asked: Asked[]) => asked.find(({ params }) => "dry-run" in params);
const act = async (card: number, what: string) => {
  const toggles = await screen.findAllByRole("button", { name: "Kebab toggle" });
  await userEvent.click(toggles[card] as HTMLElement);
  await userEvent.click(await screen.findByRole("menuitem", { name: what }));
};
const applied = async () => expect(await screen.findByRole("button", { name: "Apply" })).toBeTruthy();

beforeEach(() => localStorage.clear());

it("says why a card is called so, what stands on it and what keeps its name", async () => {
  await open();
  const row = (await screen.findByText("52:54:00:00:00:01")).closest("tr") as HTMLElement;
  expect(within(row).getByText("10 Gbit/s")).toBeTruthy();
  expect(within(row).getByText("vmbr0")).toBeTruthy();
  expect(within(row).getByText("naming scheme")).toBeTruthy();
  await userEvent.click(within(row).getByRole("button", { name: "Details" }));
  expect(await screen.findByText("eno1: card 1 on the board, as the firmware numbers them.")).toBeTruthy();
  expect(screen.getByText("Also enp3s0: card on PCI bus 3, slot 0.")).toBeTruthy();
  expect(screen.getByText("enwan0 after the restart")).toBeTruthy();
  expect(screen.getByText("Names wait for a restart of this host")).toBeTruthy();
});

it("keeps one name, and all", async () => {
  const asked = await open();
  await act(0, "Keep name");
  await applied();
  expect(planned(asked)?.params).toMatchObject({ nic: "eno1" });
  await userEvent.keyboard("{Escape}");
  asked.length = 0;
  await userEvent.click(screen.getByRole("button", { name: "Keep all names" }));
  await applied();
  expect(planned(asked)?.params).not.toHaveProperty("nic");
});

it("releases a name that a file keeps", async () => {
  const asked = await open();
  await act(1, "Release name");
  await applied();
  expect([planned(asked)?.verb, planned(asked)?.path]).toEqual(["DELETE", "/nodes/pve1/nics/eno2"]);
});

it("judges a new name while it is typed, and asks for what would follow", async () => {
  const asked = await open();
  await act(0, "Rename");
  const dialog = within(screen.getByRole("dialog"));
  const field = dialog.getByLabelText(/^New name/);
  const review = dialog.getByRole("button", { name: "Review the change" });
  await userEvent.type(field, "vmbr1");
  expect(dialog.getByText("This is a name of bridges, bonds or VLANs")).toBeTruthy();
  expect(review).toHaveProperty("disabled", true);
  await userEvent.clear(field);
  await userEvent.type(field, "lan0");
  expect(dialog.getByText(/names that begin with en/)).toBeTruthy();
  await userEvent.clear(field);
  await userEvent.type(field, "enlan0");
  await userEvent.click(review);
  await applied();
  expect(planned(asked)?.path).toBe("/nodes/pve1/nics/eno1/rename");
  expect(planned(asked)?.params).toMatchObject({ name: "enlan0" });
});

it("keeps a scheme that the installed systemd knows", async () => {
  const asked = await open();
  await userEvent.click(await screen.findByRole("button", { name: "Keep a scheme" }));
  const dialog = within(screen.getByRole("dialog"));
  const offered = dialog.getAllByRole("option").map((option) => option.textContent);
  expect(offered).toEqual(["v252, in use now", "v251"]);
  await userEvent.selectOptions(dialog.getByLabelText("Scheme"), "v251");
  await userEvent.click(dialog.getByRole("button", { name: "Review the change" }));
  await applied();
  expect([planned(asked)?.verb, planned(asked)?.params["version"]]).toEqual(["PUT", "v251"]);
});

it("takes a scheme off where one is pinned", async () => {
  const asked = await open({ scheme: { ...SCHEME, pinned: "v252", running: "v252" } });
  await userEvent.click(await screen.findByRole("button", { name: "Leave it to systemd" }));
  await applied();
  expect([planned(asked)?.verb, planned(asked)?.path]).toEqual(["DELETE", "/nodes/pve1/nics-scheme"]);
});

it("says what it means that there is no card, and offers nothing to those who only look", async () => {
  await open({ nics: [], cap: {} as never });
  expect(await screen.findByText("There is no network card")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Keep all names" })).toBeNull();
  expect(screen.queryByRole("button", { name: "Keep a scheme" })).toBeNull();
});

it("tells possible names from others as the host does", () => {
  const fault = (name: string) => nameFault(name, ENO1, [ENO1, ENO2]);
  for (const name of ["", "enlan0", "lan_0", "eno1", "enp3s0"]) expect(fault(name)).toBe(false);
  for (const name of [
    "eno2",
    "enwan0x012345678",
    "a.5",
    "a:1",
    "a/b",
    "-a",
    "bond0",
    "tap100i0",
    "12",
    "lo",
  ]) {
    expect(fault(name)).toBeTruthy();
  }
  expect(nameFault("enwan0", ENO1, [ENO1, ENO2])).toBe("eno2 is or will be called so");
  expect(nameAdvice("enlan0")).toBeUndefined();
  for (const name of ["eno7", "ens3", "enp3s0f1", "enP2p1s0", "enx525400aabbcc", "eth0", "lan0"]) {
    expect(nameAdvice(name)).toBeTruthy();
  }
});
