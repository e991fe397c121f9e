// Change sets in front of the real program: edits of one's own, rebased onto what others did meanwhile, staged.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { axeFaults, done, PHONE, picture, widthOf } from "./support/browser.mjs";
import { stage } from "./support/stage.mjs";

const LIVE = `auto lo
iface lo inet loopback

iface eno1 inet manual

auto vmbr0
iface vmbr0 inet static
	address 192.0.2.10/24
	gateway 192.0.2.1
	bridge-ports eno1
	bridge-stp off
	bridge-fd 0
`;
const FILE = "/etc/network/interfaces";
const STAGED = `${FILE}.new`;
const inn = stage("nodes/inn1", { [FILE]: LIVE });

const has = (name) => existsSync(path.join(inn.tree.root, name));
const target = (page) => page.getByLabel("Edits go to");

/** Gives vmbr0 another gateway, wherever edits go to. */
async function edit(page, gateway) {
  const row = page.getByRole("grid", { name: "Interfaces" }).getByRole("row", { name: /vmbr0/ });
  await row.getByRole("button", { name: "Kebab toggle" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  await page.getByLabel("IPv4 gateway").fill(gateway);
  await page.getByRole("button", { name: "Review the change" }).click();
  await done(page);
}

/** NET-08 */
test("edits wait under a name, are brought up to date with what others staged, and are staged with it", async () => {
  const { page, close } = await inn.enter("network");
  await page.getByRole("button", { name: "New change set" }).click();
  await page.getByLabel("Name").fill("uplink");
  await page.getByLabel("What it is for").fill("The new router");
  await page.getByRole("button", { name: "Review the change" }).click();
  await done(page);
  const set = page.getByRole("region", { name: "Change set uplink" });
  await set.getByText("It changes nothing yet").waitFor();
  await edit(page, "192.0.2.254");
  await set.getByText("What it changes").waitFor();
  assert.equal(has(STAGED), false);
  assert.equal(await inn.tree.read(FILE), LIVE);

  // somebody else stages something meanwhile
  const others = LIVE.replace("bridge-fd 0", "bridge-fd 2");
  await inn.tree.write(STAGED, others);
  await page.reload();
  await target(page).selectOption("uplink");
  await set.getByText("It is out of date").waitFor();
  assert.equal(await set.getByRole("button", { name: "Stage it" }).isDisabled(), true);
  await picture(page, "change-sets");
  await set.getByRole("button", { name: "Rebase" }).click();
  await done(page);
  await set.getByText("It is out of date").waitFor({ state: "detached" });
  await set.getByRole("button", { name: "Stage it" }).click();
  await done(page);
  await set.waitFor({ state: "detached" });
  assert.equal(await inn.tree.read(STAGED), others.replace("192.0.2.1\n", "192.0.2.254\n"));
  assert.equal(has("/var/lib/innkeeper/network-sets/uplink.json"), false);
  await page.getByText("Staged, and not in force yet").waitFor();
  await page.getByRole("button", { name: "Discard", exact: true }).click();
  await done(page);
  await close();
});

/** NET-08 */
test("a whole set-up goes into a change set, and nothing is staged", async () => {
  await inn.tree.write(FILE, LIVE);
  await rm(path.join(inn.tree.root, STAGED), { force: true });
  const { page, close } = await inn.enter("network");
  await page.getByRole("button", { name: "New change set" }).click();
  await page.getByLabel("Name").fill("management");
  await page.getByRole("button", { name: "Review the change" }).click();
  await done(page);
  await page.getByRole("link", { name: "Set-ups" }).click();
  await page.getByRole("button", { name: "Set up vlan-management" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: /^VLAN/ }).fill("5");
  assert.equal(await dialog.getByLabel("Apply it at once").count(), 0);
  await dialog.getByRole("button", { name: "Review the change" }).click();
  await done(page);
  await page.getByRole("link", { name: "Network", exact: true }).first().click();
  await target(page).selectOption("management");
  const set = page.getByRole("region", { name: "Change set management" });
  await set.locator("ins", { hasText: "iface eno1.5 inet manual" }).first().waitFor();
  assert.equal(has(STAGED), false);
  assert.equal(await inn.tree.read(FILE), LIVE);
  await close();
});

test("what contradicts is said before anybody tries", async () => {
  const { page, close } = await inn.enter("network");
  await page.getByRole("button", { name: "New change set" }).click();
  await page.getByLabel("Name").fill("mine");
  await page.getByRole("button", { name: "Review the change" }).click();
  await done(page);
  await edit(page, "192.0.2.254");
  await inn.tree.write(STAGED, LIVE.replace("192.0.2.1\n", "192.0.2.2\n"));
  await page.reload();
  await target(page).selectOption("mine");
  const set = page.getByRole("region", { name: "Change set mine" });
  await set.getByText("vmbr0 gateway: 192.0.2.254 here, 192.0.2.2 there").waitFor();
  assert.deepEqual(await axeFaults(page, "change sets"), []);
  await set.getByRole("button", { name: "Discard it" }).click();
  await done(page);
  await set.waitFor({ state: "detached" });
  await close();
});

test("the page with change sets is readable on a phone", async () => {
  const { page, close } = await inn.enter("network", { viewport: PHONE });
  await target(page).waitFor();
  const width = await widthOf(page);
  assert.ok(width <= PHONE.width, `it is ${width} pixels wide`);
  await close();
});
