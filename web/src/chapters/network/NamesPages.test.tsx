import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import { Changes } from "../../kit/plan/Changes";
import { restore } from "../../kit/session";
import type { Hosts, Resolver } from "../../kit/types";
import { show } from "../../test/app";
import { data, serve, type Asked } from "../../test/server";
import { looksLikeAddress } from "./data";
import { DnsPage } from "./DnsPage";
import { HostsPage } from "./HostsPage";

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
const DNS: Resolver = { search: ["example.org"], servers: ["192.0.2.53", "2001:db8::53"], digest: "d1" };
const HOSTS: Hosts = {
  data: "127.0.0.1 localhost\n192.0.2.10 pve1 # rack 3\n",
  digest: "d2",
  entries: [
    { line: 1, address: "127.0.0.1", names: ["localhost"] },
    { line: 2, address: "192.0.2.10", names: ["pve1"], comment: "rack 3" },
  ],
};

async function open(page: "dns" | "hosts", { dns = DNS, cap = { "Sys.Modify": 1 } } = {}) {
  const asked = serve({
    "GET /access/session": () =>
      data({ username: "root@pam", CSRFPreventionToken: "t", cap: { nodes: cap } }),
    "GET /nodes/pve1/dns/state": () => data(dns),
    "GET /nodes/pve1/hosts": () => data(HOSTS),
    "PUT /nodes/pve1/dns": () => data(PLAN),
    "POST /nodes/pve1/hosts": () => data(PLAN),
    "POST /nodes/pve1/hosts/entries": () => data(PLAN),
    "PUT /nodes/pve1/hosts/entries/2": () => data(PLAN),
    "DELETE /nodes/pve1/hosts/entries/1": () => data(PLAN),
  });
  localStorage.setItem("innkeeper.session", "1");
  await restore();
  show(<Changes>{page === "dns" ? <DnsPage node="pve1" /> : <HostsPage node="pve1" />}</Changes>);
  return asked;
}

const planned = (asked: Asked[]) => asked.find(({ params }) => "dry-run" in params);
const review = async (dialog: ReturnType<typeof within>) => {
  await userEvent.click(dialog.getByRole("button", { name: "Review the change" }));
  expect(await screen.findByRole("button", { name: "Apply" })).toBeTruthy();
};

beforeEach(() => localStorage.clear());

it("asks for the servers that are left, in their order, and for what the page has shown", async () => {
  const asked = await open("dns");
  await userEvent.click(await screen.findByRole("button", { name: "Edit" }));
  const dialog = within(screen.getByRole("dialog"));
  await userEvent.clear(dialog.getByLabelText("First name server"));
  await userEvent.type(dialog.getByLabelText("Third name server"), "192.0.2.99");
  await review(dialog);
  const params = planned(asked)?.params;
  expect(params).toMatchObject({
    search: "example.org",
    dns1: "2001:db8::53",
    dns2: "192.0.2.99",
    digest: "d1",
  });
  expect(params).not.toHaveProperty("dns3");
});

it("does not let something that is no address be sent", async () => {
  await open("dns");
  await userEvent.click(await screen.findByRole("button", { name: "Edit" }));
  const dialog = within(screen.getByRole("dialog"));
  await userEvent.type(dialog.getByLabelText("Third name server"), "router");
  expect(dialog.getByText(/This is no address/)).toBeTruthy();
  expect(dialog.getByRole("button", { name: "Review the change" })).toHaveProperty("disabled", true);
});

it("says who else writes the file, and offers nothing where it is a link", async () => {
  const owner = {
    name: "systemd-resolved",
    evidence: "it is a symbolic link",
    advice: "Set it elsewhere.",
    editable: 0,
  };
  await open("dns", { dns: { ...DNS, owner, problems: [{ line: 3, reason: "'x' is no keyword" }] } });
  expect(await screen.findByText("it is a symbolic link")).toBeTruthy();
  expect(screen.getByText("Line 3: 'x' is no keyword")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Edit" })).toHaveProperty("disabled", true);
});

it("shows names to those who may only look", async () => {
  await open("hosts", { cap: {} as never });
  expect(await screen.findByText("rack 3")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Add entry" })).toBeNull();
});

it("changes an entry by the number of its line", async () => {
  const asked = await open("hosts");
  const [, second] = await screen.findAllByRole("button", { name: "Kebab toggle" });
  await userEvent.click(second as HTMLElement);
  await userEvent.click(await screen.findByRole("menuitem", { name: "Edit" }));
  const dialog = within(screen.getByRole("dialog"));
  await userEvent.type(dialog.getByLabelText(/^Names/), ", console");
  await userEvent.clear(dialog.getByLabelText("Remark"));
  await review(dialog);
  const call = planned(asked);
  expect([call?.verb, call?.path]).toEqual(["PUT", "/nodes/pve1/hosts/entries/2"]);
  expect(call?.params).toMatchObject({
    address: "192.0.2.10",
    names: "pve1 console",
    comment: "",
    digest: "d2",
  });
});

it("removes an entry after its plan was read", async () => {
  const asked = await open("hosts");
  const [first] = await screen.findAllByRole("button", { name: "Kebab toggle" });
  await userEvent.click(first as HTMLElement);
  await userEvent.click(await screen.findByRole("menuitem", { name: "Remove" }));
  expect(await screen.findByRole("button", { name: "Apply" })).toBeTruthy();
  expect([planned(asked)?.verb, planned(asked)?.path]).toEqual(["DELETE", "/nodes/pve1/hosts/entries/1"]);
});

it("writes the whole text", async () => {
  const asked = await open("hosts");
  await userEvent.click(await screen.findByRole("button", { name: "Edit as text" }));
  const dialog = within(screen.getByRole("dialog"));
  await userEvent.type(dialog.getByLabelText("Text"), "::1 x");
  await review(dialog);
  expect(planned(asked)?.params).toMatchObject({ data: `${HOSTS.data}::1 x`, digest: "d2" });
});

it("tells addresses from other words", () => {
  for (const address of ["192.0.2.1", "::1", "2001:DB8::53", "fe80::1%eno1", "::ffff:192.0.2.1"]) {
    expect(looksLikeAddress(address)).toBe(true);
  }
  for (const word of ["", "router", "192.0.2", "192.0.2.256", "12", "a:b:x"]) {
    expect(looksLikeAddress(word)).toBe(false);
  }
});
