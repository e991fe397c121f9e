import { QueryClient } from "@tanstack/react-query";
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import { show } from "../../test/app";
import { data, refusal, serve } from "../../test/server";
import { watchConnection } from "../connection";
import { Changes } from "../plan/Changes";
import { restore } from "../session";
import { ArmedChanges } from "./ArmedChanges";
import { TakenBack } from "./TakenBack";

const ARMED = {
  id: 12,
  what: "give vmbr0 another address",
  user: "root@pam",
  origin: "192.0.2.1",
  command: "",
  upid: "UPID:pve1:1:2:3:x::root@pam:",
  time: 1,
  state: "waiting",
  left: 95,
  within: 120,
  files: ["/etc/network/interfaces"],
  holds: [],
};

const HOST = {
  "GET /access/session": () => data({ username: "root@pam", CSRFPreventionToken: "t" }),
  "GET /nodes": () => data([{ node: "pve1", status: "online", type: "node", id: "node/pve1" }]),
};

async function open() {
  localStorage.setItem("innkeeper.session", "1");
  await restore();
  show(
    <Changes>
      <ArmedChanges />
      <TakenBack />
    </Changes>,
  );
}

beforeEach(() => localStorage.clear());

it("says what waits and how long, and is gone once it is confirmed", async () => {
  let waiting = [ARMED];
  const asked = serve({
    ...HOST,
    "GET /nodes/pve1/changes": () => data(waiting),
    "POST /nodes/pve1/changes/12/confirm": () => {
      waiting = [];
      return data({ ...ARMED, state: "confirmed" });
    },
  });
  await open();
  expect(await screen.findByText("give vmbr0 another address")).toBeTruthy();
  expect(screen.getByRole("progressbar").getAttribute("aria-valuetext")).toMatch(/^1 min 3[345] s$/);
  await userEvent.click(screen.getByRole("button", { name: "Confirm: all is well" }));
  await waitFor(() => expect(screen.queryByText(/waits to be confirmed/)).toBeNull());
  expect(asked.filter(({ verb }) => verb === "POST")).toHaveLength(1);
});

it("shows why the host does not take a confirmation", async () => {
  serve({
    ...HOST,
    "GET /nodes/pve1/changes": () => data([ARMED]),
    "POST /nodes/pve1/changes/12/confirm": () => refusal(500, "change 12 was taken back by timer"),
  });
  await open();
  await userEvent.click(await screen.findByRole("button", { name: "Confirm: all is well" }));
  expect(await screen.findByText("change 12 was taken back by timer")).toBeTruthy();
});

it("takes back by a plan that is shown first, and sends nothing that an act does not know", async () => {
  const plan = {
    summary: "s",
    empty: 0,
    steps: [],
    hazards: [],
    diff: "",
    command: "c",
    reversible: 1,
    fingerprint: "f",
  };
  const asked = serve({
    ...HOST,
    "GET /nodes/pve1/changes": () => data([ARMED]),
    "POST /nodes/pve1/changes/12/revert": ({ params }) =>
      data(params["dry-run"] ? { ...plan, armable: 0 } : { ...ARMED, state: "reverted" }),
  });
  await open();
  await userEvent.click(await screen.findByRole("button", { name: "Take it back now" }));
  await userEvent.click(await screen.findByRole("button", { name: "Apply" }));
  expect(await screen.findByText("Done and verified")).toBeTruthy();
  const posts = asked.filter(({ path }) => path.endsWith("/revert"));
  expect(posts.map(({ params }) => params)).toEqual([{ "dry-run": 1 }, {}]);
});

it("says that one was taken back while nobody looked, until it is told that this was read", async () => {
  let waiting = [ARMED];
  serve({
    ...HOST,
    "GET /nodes/pve1/changes": () => data(waiting),
    "POST /nodes/pve1/changes/12/confirm": () => refusal(500, "too late"),
    "GET /nodes/pve1/changes/12": () =>
      data({ ...ARMED, state: "reverted", left: 0, "ended-by": "root@pam", "ended-from": "timer" }),
  });
  await open();
  const confirm = await screen.findByRole("button", { name: "Confirm: all is well" });
  waiting = [];
  await userEvent.click(confirm);
  expect(await screen.findByText("Nobody confirmed it in time.")).toBeTruthy();
  expect(screen.getByText("give vmbr0 another address")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: /^Close/ }));
  expect(screen.queryByText("Nobody confirmed it in time.")).toBeNull();
});

it("shows what became of one that could not be taken back", async () => {
  const stuck = {
    ...ARMED,
    state: "stuck",
    left: 0,
    error: "the file was edited",
    diff: "--- a\n+++ a\n@@ -1 +1 @@\n-x\n+y\n",
  };
  serve({ ...HOST, "GET /nodes/pve1/changes": () => data([stuck]) });
  await open();
  expect(await screen.findByText("Change 12 could not be taken back")).toBeTruthy();
  expect(screen.getByText("y", { selector: "ins" })).toBeTruthy();
  expect(screen.getByRole("button", { name: "Keep it as it is" })).toBeTruthy();
});

it("leads to the new address when the host is gone that the change moved", async () => {
  let isThere = true;
  const files = [{ path: "/etc/network/interfaces", diff: "+\taddress 192.0.2.20/24\n", now: "new" }];
  const answers = {
    ...HOST,
    "GET /nodes/pve1/changes": () => data([ARMED]),
    "GET /nodes/pve1/history/12": () => data({ ...ARMED, files, steps: [] }),
    "POST /nodes/pve1/changes/12/confirm": () => data(ARMED),
  };
  const lost = () => new TypeError("Failed to fetch");
  const asked = serve(
    Object.fromEntries(
      Object.entries(answers).map(([call, answer]) => [call, () => (isThere ? answer() : lost())]),
    ),
  );
  watchConnection(new QueryClient());
  await open();
  const confirm = await screen.findByRole("button", { name: "Confirm: all is well" });
  await waitFor(() => expect(asked.some(({ path }) => path === "/nodes/pve1/history/12")).toBe(true));
  isThere = false;
  await userEvent.click(confirm);
  const link = await screen.findByRole<HTMLAnchorElement>("link", { name: "192.0.2.20" });
  expect(link.href).toContain("192.0.2.20");
});
