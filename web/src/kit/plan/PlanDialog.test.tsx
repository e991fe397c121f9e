import { QueryClient } from "@tanstack/react-query";
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { show } from "../../test/app";
import { data, refusal, serve, type Asked } from "../../test/server";
import { watchConnection } from "../connection";
import type { Plan } from "../types";
import { PlanDialog } from "./PlanDialog";

const UPID = "UPID:pve1:0001:0002:0003:aptrepository::root@pam:";
const MODIFIED = "detected modified configuration - file changed by other user? Try again.";

const PLAN: Plan = {
  summary: "disable repository 1 in /etc/apt/sources.list",
  empty: 0,
  steps: [
    {
      what: "disable repository 1",
      detail: "--- /etc/apt/sources.list\n+++ /etc/apt/sources.list\n@@ -1 +1 @@\n-deb x y z\n+# deb x y z\n",
    },
  ],
  hazards: [
    {
      id: "apt.no-security-updates",
      severity: "danger",
      message: "This host will get no security fixes any more.",
      avoid: "Keep one.",
    },
  ],
  diff: "",
  command: "innkeeper apt disable /etc/apt/sources.list 0",
  reversible: 1,
  fingerprint: "f00",
};

const CHANGE = {
  title: "Disable repository",
  verb: "POST" as const,
  path: "/nodes/pve1/apt/repositories",
  params: { path: "/etc/apt/sources.list", index: 0, enabled: 0, digest: "d1" },
};

const TASK = {
  [`GET /nodes/pve1/tasks/${UPID}/status`]: () =>
    data({
      upid: UPID,
      type: "aptrepository",
      user: "root@pam",
      starttime: 1,
      status: "stopped",
      exitstatus: "OK",
    }),
  [`GET /nodes/pve1/tasks/${UPID}/log`]: ({ params }: Asked) =>
    data(
      Number(params.start) > 0
        ? []
        : [
            { n: 1, t: "disable repository 1" },
            { n: 2, t: "TASK OK" },
          ],
      { total: 2 },
    ),
  "GET /nodes/pve1/history": () => data([{ id: 7, upid: UPID, state: "done" }], { total: 1 }),
};

const onClose = vi.fn();
const onPropose = vi.fn();

beforeEach(() => {
  onClose.mockReset();
  onPropose.mockReset();
});

function open() {
  show(<PlanDialog change={CHANGE} onClose={onClose} onPropose={onPropose} />);
}

const applied = (asked: Asked[]) => asked.filter(({ params }) => "plan" in params);

describe("the plan dialog", () => {
  it("shows risk, diff and command, and applies exactly what was shown once the danger is accepted", async () => {
    const asked = serve({
      ...TASK,
      "POST /nodes/pve1/apt/repositories": ({ params }) =>
        params["dry-run"] ? data(PLAN) : data(UPID, { task: UPID }),
    });
    open();
    expect(await screen.findByText("This host will get no security fixes any more.")).toBeTruthy();
    expect(screen.getByText("deb x y z", { selector: "del" })).toBeTruthy();
    expect(screen.getByDisplayValue(PLAN.command)).toBeTruthy();
    expect(screen.getByText(/can be undone/)).toBeTruthy();
    const apply = screen.getByRole<HTMLButtonElement>("button", { name: "Apply" });
    expect(apply.disabled).toBe(true);
    await userEvent.click(screen.getByLabelText(/I accept this risk/));
    await userEvent.click(apply);
    expect(await screen.findByText("Done and verified")).toBeTruthy();
    expect(await screen.findByText("TASK OK")).toBeTruthy();
    expect(applied(asked)).toHaveLength(1);
    expect(applied(asked)[0]?.params).toEqual({
      ...CHANGE.params,
      plan: "f00",
      accept: "apt.no-security-updates",
      background: 1,
    });
    await userEvent.click(await screen.findByRole("button", { name: "Undo" }));
    expect(onPropose).toHaveBeenCalledWith(expect.objectContaining({ path: "/nodes/pve1/history/7/undo" }));
  });

  it("waits for an answer that is given only once, and shows it until the dialog is closed", async () => {
    const asked = serve({
      ...TASK,
      "POST /nodes/pve1/apt/repositories": ({ params }) =>
        params["dry-run"] ? data({ ...PLAN, hazards: [] }) : data({ value: "s3cret" }, { task: UPID }),
    });
    const reveals = (answer: unknown) => [{ label: "Secret", value: (answer as { value: string }).value }];
    show(
      <PlanDialog change={{ ...CHANGE, how: "waited", reveals }} onClose={onClose} onPropose={onPropose} />,
    );
    await userEvent.click(await screen.findByRole("button", { name: "Apply" }));
    expect(await screen.findByText("Copy this now: it is shown only this once")).toBeTruthy();
    expect(screen.getByLabelText<HTMLInputElement>("Secret").value).toBe("s3cret");
    expect(applied(asked)[0]?.params).not.toHaveProperty("background");
  });

  it("says so when there is nothing to do, and offers nothing to apply", async () => {
    serve({ "POST /nodes/pve1/apt/repositories": () => data({ ...PLAN, empty: 1, steps: [], hazards: [] }) });
    open();
    expect(await screen.findByText("Nothing to do")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Apply" })).toBeNull();
  });

  it("shows a new plan when the host has changed between question and answer", async () => {
    const other = { ...PLAN, summary: "disable repository 1, another one", hazards: [], fingerprint: "f01" };
    const asked = serve({
      "POST /nodes/pve1/apt/repositories": ({ params }) => {
        if (params["dry-run"]) return data(params.digest ? { ...PLAN, hazards: [] } : other);
        return refusal(500, MODIFIED);
      },
    });
    open();
    await userEvent.click(await screen.findByRole("button", { name: "Apply" }));
    expect(await screen.findByText("The host has changed since you looked")).toBeTruthy();
    expect(screen.getByText(/another one/)).toBeTruthy();
    expect(asked.map(({ params }) => "digest" in params)).toEqual([true, true, false]);
  });

  it("explains a refusal parameter by parameter and asks again on demand", async () => {
    let refusals = 1;
    serve({
      "POST /nodes/pve1/apt/repositories": () =>
        refusals-- > 0
          ? refusal(400, "Parameter verification failed.", { errors: { index: "invalid index - 9" } })
          : data({ ...PLAN, hazards: [] }),
    });
    open();
    expect(await screen.findByText(/invalid index - 9/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Apply" })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("button", { name: "Apply" })).toBeTruthy();
  });

  it("shows why a change failed, and how files differ when an undo is refused", async () => {
    serve({
      "POST /nodes/pve1/apt/repositories": () =>
        refusal(409, "/etc/apt/sources.list has been changed since", {
          diff: "--- /etc/apt/sources.list\n+++ /etc/apt/sources.list\n@@ -1 +1 @@\n-left\n+found\n",
        }),
    });
    open();
    expect(await screen.findByText("/etc/apt/sources.list has been changed since")).toBeTruthy();
    expect(screen.getByText("found", { selector: "ins" })).toBeTruthy();
    await userEvent.click(screen.getByText("Close", { selector: "footer *" }));
    await waitFor(() => expect(onClose).toHaveBeenCalled());
  });

  it("leads to the new address when a change that has to be confirmed cuts the host off at once", async () => {
    const detail =
      "--- /etc/network/interfaces\n+++ /etc/network/interfaces\n@@ -1 +1 @@\n-\taddress 192.0.2.10/24\n+\taddress 192.0.2.20/24\n";
    const plan = {
      ...PLAN,
      hazards: [],
      steps: [{ what: "put it in place", detail }],
      armable: 1,
      armed: 90,
    };
    const asked = serve({
      "POST /nodes/pve1/apt/repositories": ({ params }) =>
        params["dry-run"] ? data(plan) : data(UPID, { task: UPID }),
      [`GET /nodes/pve1/tasks/${UPID}/status`]: () => new TypeError("Failed to fetch"),
    });
    watchConnection(new QueryClient());
    open();
    await userEvent.click(await screen.findByRole("button", { name: "Apply" }));
    expect(await screen.findByText(/within 1 min 30 s of its beginning/)).toBeTruthy();
    expect(screen.getByRole<HTMLAnchorElement>("link", { name: "192.0.2.20" }).href).toContain("192.0.2.20");
    expect(applied(asked)[0]?.params).toMatchObject({ "confirm-within": 90 });
  });

  it("says that a change was taken back because nobody confirmed it", async () => {
    serve({
      ...TASK,
      "GET /nodes/pve1/history": () => data([{ id: 7, upid: UPID, state: "reverted" }], { total: 1 }),
      "POST /nodes/pve1/apt/repositories": ({ params }) =>
        params["dry-run"]
          ? data({ ...PLAN, hazards: [], armable: 1, armed: 90 })
          : data(UPID, { task: UPID }),
    });
    open();
    await userEvent.click(await screen.findByRole("button", { name: "Apply" }));
    expect(await screen.findByText("It was taken back")).toBeTruthy();
    expect(screen.queryByText("Done and verified")).toBeNull();
  });
});
