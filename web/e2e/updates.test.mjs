// Updates in front of the real program, on a tree with a list that is kept there. What only a running system can be asked, the
// preview and the upgrade, is put before the page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { axeFaults, PHONE, picture, tabTo, widthOf } from "./support/browser.mjs";
import { stage } from "./support/stage.mjs";

const update = (Package, Title, OldVersion, Version, more = {}) => ({
  Package,
  Title,
  Description: "",
  Origin: "Debian",
  Section: "admin",
  Arch: "amd64",
  Priority: "optional",
  Version,
  OldVersion,
  Action: "upgrade",
  Security: 0,
  Size: 1_480_000,
  InstalledSize: 7_100_000,
  ...more,
});

const LIST = [
  update("base-files", "Debian base system miscellaneous files", "12.4+deb12u5", "12.4+deb12u12"),
  update("openssh-server", "secure shell (SSH) server", "1:9.2p1-2+deb12u2", "1:9.2p1-2+deb12u7", {
    Origin: "Debian-Security",
    Security: 1,
  }),
  update("linux-image-6.1.0-41-amd64", "Linux 6.1 for 64-bit PCs (signed)", undefined, "6.1.158-1", {
    Action: "install",
    Size: 69_000_000,
  }),
  update("lvm2", "Linux Logical Volume Manager", "2.03.16-2", "2.03.16-3", { Action: "kept" }),
  update("curl", "command line tool for transferring data", "7.88.1-10", "7.88.1-11", { Action: "phased" }),
];

const UPID = "UPID:inn1:0003ED34:0073C2A6:65E0A1B3:aptupdate::root@pam:";
const LOG = `  Get:1 http://deb.debian.org/debian bookworm InRelease [151 kB]
  Err:1 http://deb.debian.org/debian bookworm InRelease
    Write error - write (28: No space left on device)
TASK ERROR: command '/usr/bin/apt-get update' failed: exit code 100
`;

const inn = stage("nodes/inn1", {
  "/var/lib/apt/lists/deb.example.org_InRelease": "",
  "/var/cache/apt/pkgcache.bin": "",
  "/var/lib/dpkg/status": `Package: vim
Status: hold ok installed
Version: 2:9.0.1378-2
Architecture: amd64

Package: openssh-server
Status: install ok installed
Version: 1:9.2p1-2+deb12u2
Architecture: amd64
`,
  "/etc/apt/preferences": "",
  [`/var/log/pve/tasks/3/${UPID}`]: LOG,
  "/var/log/pve/tasks/index": `${UPID} 65E0A1B6 command failed\n`,
  // the list is kept as long as nothing that it depends on is newer: it comes last
  "/var/lib/pve-manager/pkgupdates": JSON.stringify(LIST),
});

const PREVIEW = {
  changes: LIST.slice(0, 3),
  removals: [{ Package: "linux-image-6.1.0-18-amd64", Version: "6.1.76-1" }],
  kept: [...LIST.slice(3), update("vim", "Vi IMproved", "2:9.0.1378-2", "2:9.0.1378-3", { Action: "held" })],
  download: 71_960_000,
  disk: 402_000_000,
  "reboot-now": [],
  "reboot-after": [
    { kind: "kernel", message: "linux-image-6.1.0-41-amd64 6.1.158-1 runs only after a reboot." },
  ],
  stale: [],
  restarts: ["ssh.service"],
  configuration: ["/etc/ssh/sshd_config"],
  kernels: ["6.1.0-41-amd64"],
  dkms: [],
  pins: [],
  "unchecked-partitions": [],
  "short-of-space": [],
  "half-done": [],
  interrupted: 0,
};

const PLAN = {
  summary: "upgrade 2 packages, install 1 package, remove 1 package",
  empty: 0,
  steps: [
    {
      what: "base-files 12.4+deb12u5 -> 12.4+deb12u12, linux-image-6.1.0-41-amd64 6.1.158-1",
      detail: "run: /usr/bin/apt-get --yes --quiet dist-upgrade\n",
    },
  ],
  hazards: [
    {
      id: "updates.reboot",
      severity: "notice",
      message: "A reboot is needed afterwards.",
      avoid: "Plan it for a time when the guests can be moved or stopped.",
    },
  ],
  diff: "",
  command: "innkeeper updates apply",
  reversible: 0,
  irreversible: "packages are not taken back as a whole",
  fingerprint: "f".repeat(64),
  armable: 0,
};

/** A system that runs: it can be asked for a preview, and it installs. `end` lets the installation end. */
async function running(page) {
  const task = "UPID:inn1:00001000:00001000:65E0B000:aptupgrade::root@pam:";
  const status = {
    upid: task,
    node: "inn1",
    pid: 1,
    starttime: 1_709_223_936,
    type: "aptupgrade",
    id: "",
    user: "root@pam",
  };
  const progress = { done: 61, total: 100, what: "Unpacking base-files (amd64)" };
  let ended = false;
  const sent = [];
  await page.route("**/apt/preview", (route) => route.fulfill({ json: { data: PREVIEW } }));
  await page.route("**/apt/upgrade", (route) => {
    const params = route.request().postDataJSON();
    sent.push(params);
    return route.fulfill({ json: params["dry-run"] ? { data: PLAN } : { data: task, task } });
  });
  await page.route(/tasks\/UPID[^/]*aptupgrade[^/]*\/status/, (route) =>
    route.fulfill({
      json: {
        data: ended
          ? { ...status, status: "stopped", exitstatus: "OK" }
          : { ...status, status: "running", progress },
      },
    }),
  );
  await page.route(/tasks\/UPID[^/]*aptupgrade[^/]*\/log/, (route) =>
    route.fulfill({ json: { data: [{ n: 1, t: "kept as it is here: /etc/ssh/sshd_config" }], total: 1 } }),
  );
  return { sent, end: () => (ended = true) };
}

test("the list that the program keeps is shown, with what is wrong and what cures it", async () => {
  const { page, close } = await inn.enter("summary");
  const panel = page.getByRole("region", { name: "Updates", exact: true });
  await panel
    .getByText("3 updates, 1 of them a security fix. 2 packages with a newer version stay as they are.")
    .waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("u");
  await page.getByRole("heading", { name: "Updates", level: 1 }).waitFor();
  const table = page.getByRole("grid", { name: "Available updates" });
  await table.getByRole("row").nth(1).getByText("openssh-server").waitFor();
  const fates = await table
    .getByRole("row")
    .evaluateAll((rows) => rows.slice(1).map((row) => row.children[3].textContent));
  assert.deepEqual(fates, ["upgradedsecurity", "upgraded", "new", "phased", "kept back"]);
  await page.getByText("The last refresh found no space left on the disk.").waitFor();
  await picture(page, "updates");

  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Remove downloaded packages" }).click();
  await dialog.getByText(/changed by the system itself/).waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Changelog of base-files" }).click();
  await dialog.getByRole("heading", { name: "Changelog of base-files" }).waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("textbox", { name: "Package or origin" }).fill("security");
  await page.waitForURL(/package=security/);
  assert.equal(await table.getByRole("row").count(), 2);
  await close();
});

test("a tree cannot be asked for a preview, and says so", async () => {
  const { page, close } = await inn.enter("updates/preview");
  await page.getByText(/another system's tree cannot be asked/).waitFor();
  await close();
});

test("what an upgrade does is read before its button, and its progress is shown in numbers", async () => {
  const { page, close } = await inn.enter("summary");
  const { sent, end } = await running(page);
  await page.goto(inn.at("updates"));
  await page.getByRole("button", { name: "Preview the upgrade" }).click();
  await page.getByText("2 upgraded, 1 new, 1 removed, 3 stay as they are.").waitFor();
  await page.getByText("/etc/ssh/sshd_config").waitFor();
  await page.getByRole("region", { name: "Services that restart" }).getByText("ssh.service").waitFor();
  await picture(page, "upgrade");
  await tabTo(page, /^Install 3 updates$/);
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByText("A reboot is needed afterwards.").waitFor();
  await dialog.getByText(/cannot be undone as a whole/).waitFor();
  assert.equal(sent.length, 1, "only the plan was asked for");
  await tabTo(page, /^Apply$/, { role: "button" });
  await page.keyboard.press("Enter");
  await dialog.getByText("61 of 100").first().waitFor();
  await dialog.getByText("Unpacking base-files (amd64)").waitFor();
  assert.equal(sent[1].plan, PLAN.fingerprint);
  end();
  await dialog.getByText("Done and verified").waitFor();
  await close();
});

test("it is readable on a phone and passes the accessibility rules", async () => {
  const { page, close } = await inn.enter("summary", { viewport: PHONE });
  await running(page);
  const found = [];
  for (const [address, sign] of [
    ["updates", "openssh-server"],
    ["updates/preview", "/etc/ssh/sshd_config"],
  ]) {
    await page.goto(inn.at(address));
    await page.getByText(sign).first().waitFor();
    const width = await widthOf(page);
    assert.ok(width <= PHONE.width, `${address} is ${width} pixels wide`);
    found.push(...(await axeFaults(page, address)));
  }
  assert.deepEqual(found, []);
  await close();
});
