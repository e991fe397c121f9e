import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import { Changes } from "../../kit/plan/Changes";
import * as session from "../../kit/session";
import { show } from "../../test/app";
import { data, refusal, serve } from "../../test/server";
import { sorted, type Preview, type Standing, type Update } from "./data";
import { PreviewTab } from "./PreviewTab";
import { pending } from "./UpdatesLine";
import { UpdatesPage } from "./UpdatesPage";

const update = (name: string, more: Partial<Update> = {}): Update => ({
  Package: name,
  Title: `package ${name}`,
  Description: "",
  Origin: "Debian",
  Section: "admin",
  Arch: "amd64",
  Priority: "optional",
  Version: "2.0",
  OldVersion: "1.0",
  Action: "upgrade",
  Security: 0,
  Size: 2048,
  InstalledSize: 4096,
  ...more,
});

const standing = (more: Partial<Standing> = {}): Standing => ({
  refreshed: 1_700_000_000,
  listed: 1_700_000_100,
  current: 1,
  changes: 2,
  security: 1,
  kept: 0,
  held: [],
  "half-done": [],
  interrupted: 0,
  reboot: [],
  ...more,
});

const preview = (more: Partial<Preview> = {}): Preview => ({
  changes: [update("bash")],
  removals: [],
  kept: [],
  download: 2048,
  disk: -3_145_728,
  "reboot-now": [],
  "reboot-after": [],
  stale: [],
  restarts: [],
  configuration: [],
  kernels: [],
  dkms: [],
  pins: [],
  "unchecked-partitions": [],
  "short-of-space": [],
  "half-done": [],
  interrupted: 0,
  ...more,
});

const NODE = "/nodes/pve1";
const answers = (at: Standing, list: Update[], findings: unknown[] = []) => ({
  "GET /access/session": () => data({ username: "root@pam", CSRFPreventionToken: "x" }),
  [`GET ${NODE}/apt/status`]: () => data(at),
  [`GET ${NODE}/apt/update`]: () => data(list),
  [`GET ${NODE}/checks`]: () => data(findings),
});

/** Somebody who may do everything is logged in. */
beforeEach(async () => {
  localStorage.setItem("innkeeper.session", "1");
  serve(answers(standing(), []));
  await session.restore();
  location.hash = "";
});

it("tells the fates of packages apart and lists security fixes first", async () => {
  const list = [
    update("zlib", { Action: "kept" }),
    update("bash"),
    update("gone", { Action: "downgrade" }),
    update("wait", { Action: "phased" }),
    update("tls", { Security: 1, Origin: "Debian-Security" }),
    update("lib", { Action: "install", OldVersion: undefined }),
  ];
  expect(sorted(list).map((one) => one.Package)).toEqual(["tls", "bash", "lib", "gone", "wait", "zlib"]);
  serve(answers(standing({ kept: 2 }), list));
  show(<UpdatesPage node="pve1" rest={[]} />);
  const table = await screen.findByRole("grid", { name: "Available updates" });
  const rows = within(table).getAllByRole("row").slice(1);
  const words = rows.map((row) => row.querySelectorAll("td")[3]?.textContent);
  expect(words).toEqual(["upgradedsecurity", "upgraded", "new", "downgraded", "phased", "kept back"]);
  expect(screen.getByText("not installed")).toBeTruthy();
  expect(screen.getByText(/2 updates, 1 of them a security fix/)).toBeTruthy();
  expect(screen.getByText(/Package lists of 2023-11-1/)).toBeTruthy();
});

it("says that there is nothing to do, and when nobody knows", async () => {
  serve(answers(standing({ changes: 0, security: 0 }), []));
  show(<UpdatesPage node="pve1" rest={[]} />);
  expect(await screen.findByText("No updates")).toBeTruthy();
  expect(pending(standing({ refreshed: undefined }))).toMatch(/never refreshed/);
  expect(pending(standing({ changes: 1, security: 0, kept: 1 }))).toBe(
    "1 update. 1 package with a newer version stays as it is.",
  );
});

it("shows what is wrong where it matters, with the call that cures it", async () => {
  const failed = {
    area: "apt",
    id: "apt.refresh-failed",
    level: "critical",
    message: "The last refresh found no space left on the disk.",
    evidence: "http://deb.debian.org: Write error",
    advice: "Make space.",
    fixes: [{ label: "Remove downloaded packages", verb: "POST", path: `${NODE}/apt/clean`, params: {} }],
  };
  const other = { ...failed, id: "access.something", message: "Not about packages", fixes: [] };
  const plan = {
    summary: "empty APT's cache",
    steps: [{ what: "remove 2 downloaded files, 1 MiB", detail: "" }],
    hazards: [],
    diff: "",
    command: "innkeeper updates clean",
    reversible: 1,
    empty: 0,
    fingerprint: "f",
    armable: 0,
  };
  const asked = serve({
    ...answers(standing(), [], [failed, other]),
    [`POST ${NODE}/apt/clean`]: () => data(plan),
  });
  show(
    <Changes>
      <UpdatesPage node="pve1" rest={[]} />
    </Changes>,
  );
  await userEvent.click(await screen.findByRole("button", { name: "Remove downloaded packages" }));
  expect(screen.queryByText("Not about packages")).toBeNull();
  expect(await screen.findByText("remove 2 downloaded files, 1 MiB")).toBeTruthy();
  expect(asked.find(({ verb }) => verb === "POST")?.params["dry-run"]).toBe(1);
});

it("releases a package that is held, and shows a changelog or why there is none", async () => {
  const asked = serve({
    ...answers(standing({ held: [{ name: "vim", version: "9" }] }), [update("bash")]),
    [`GET ${NODE}/apt/changelog`]: () => refusal(500, "the changelog of bash did not come within 10 s"),
    [`POST ${NODE}/apt/hold`]: () => refusal(400, "no"),
  });
  show(
    <Changes>
      <UpdatesPage node="pve1" rest={[]} />
    </Changes>,
  );
  await userEvent.click(await screen.findByRole("button", { name: "Changelog of bash" }));
  expect(await screen.findByText("the changelog of bash did not come within 10 s")).toBeTruthy();
  expect(asked.find(({ path }) => path.endsWith("changelog"))?.params).toEqual({
    name: "bash",
    version: "2.0",
  });
  await userEvent.keyboard("{Escape}");
  await userEvent.click(await screen.findByRole("button", { name: "Release vim" }));
  await screen.findByRole("heading", { name: /Release vim/ });
  expect(asked.find(({ path }) => path.endsWith("hold"))?.params).toMatchObject({ name: "vim", hold: 0 });
});

it("says before the button what an upgrade does, removes, keeps and needs", async () => {
  serve({
    [`GET ${NODE}/apt/preview`]: () =>
      data(
        preview({
          changes: [update("linux-image-6.1.0-41-amd64", { Action: "install" }), update("ssh")],
          removals: [{ Package: "old", Version: "1" }],
          kept: [update("vim", { Action: "held" })],
          configuration: ["/etc/ssh/sshd_config"],
          kernels: ["6.1.0-41-amd64"],
          dkms: ["wireguard"],
          pins: [{ path: "/etc/kernel/proxmox-boot-pin", what: "6.5.11-4-pve", kind: "boot" }],
          restarts: ["ssh.service"],
          stale: [{ unit: "cron.service", pids: [7], files: [] }],
          "reboot-after": [{ kind: "kernel", message: "linux-image 6.1 runs only after a reboot." }],
        }),
      ),
  });
  const installed: string[] = [];
  show(<PreviewTab node="pve1" onChangelog={() => {}} onInstall={() => installed.push("all")} />);
  expect(await screen.findByText("1 upgraded, 1 new, 1 removed, 1 stays as it is.")).toBeTruthy();
  expect(screen.getByText(/2 KiB to download; on disk 3 MiB less/)).toBeTruthy();
  for (const part of ["Removed", "Kept as they are", "Kernels", "Services that restart"])
    expect(screen.getByRole("region", { name: part })).toBeTruthy();
  expect(screen.getByText("/etc/ssh/sshd_config")).toBeTruthy();
  expect(screen.getByText(/proxmox-boot-pin has kernel 6.5.11-4-pve started/)).toBeTruthy();
  expect(screen.getByText("linux-image 6.1 runs only after a reboot.")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Install 2 updates" }));
  expect(installed).toEqual(["all"]);
});

it("installs nothing while there is too little space", async () => {
  const short = [{ mount: "/boot", needed: 125_829_120, free: 3_145_728 }];
  serve({ [`GET ${NODE}/apt/preview`]: () => data(preview({ "short-of-space": short })) });
  show(<PreviewTab node="pve1" onChangelog={() => {}} onInstall={() => {}} />);
  expect(await screen.findByText("/boot: 120 MiB are needed, 3 MiB are free")).toBeTruthy();
  const install = screen.getByRole("button", { name: "Install 1 update" });
  expect((install as HTMLButtonElement).disabled).toBe(true);
});
