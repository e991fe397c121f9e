// Set-ups of the network in front of the real program: advised, filled in, shown as a plan, staged.

import assert from "node:assert/strict";
import { test } from "node:test";
import { axeFaults, done, PHONE, picture, widthOf } from "./support/browser.mjs";
import { stage } from "./support/stage.mjs";

const LIVE = `# the network of this host
auto lo
iface lo inet loopback

auto eno1
iface eno1 inet static
	address 192.0.2.10/24
	gateway 192.0.2.1
`;
const FILE = "/etc/network/interfaces";
const inn = stage("nodes/inn1", { [FILE]: LIVE });

/** NET-32, NET-34, NET-40 */
test("questions lead to a set-up, which is filled in, shown and staged", async () => {
  const { page, close } = await inn.enter("network");
  await page.getByRole("link", { name: "Set-ups" }).click();
  await page.getByRole("heading", { name: "Network set-ups", level: 1 }).waitFor();
  await page.getByLabel("A provider that gave us a block of addresses for guests").check();
  await page.getByLabel("Several hardware addresses on one cable are").selectOption("no");
  await page.getByText("Routed, all packets come from the address").waitFor();
  await picture(page, "network-recipes");
  await page.getByRole("button", { name: "Take this one" }).click();
  assert.equal(await page.getByLabel("Uplink").inputValue(), "eno1");
  const review = page.getByRole("button", { name: "Review the change" });
  assert.equal(await review.isDisabled(), true);
  await page.getByLabel("IPv4 address").fill("203.0.113.17/28");
  await review.click();
  await page.getByRole("dialog").getByText("proxy_arp").first().waitFor();
  await done(page);
  const staged = await inn.tree.read(`${FILE}.new`);
  assert.match(staged, /post-up echo 1 > \/proc\/sys\/net\/ipv4\/conf\/eno1\/proxy_arp/);
  assert.match(staged, /iface vmbr0 inet static\n\taddress 203\.0\.113\.17\/28/);
  assert.ok(staged.startsWith(LIVE), "what was there is there");
  assert.equal(await inn.tree.read(FILE), LIVE);
  await close();
});

/** NET-35 */
test("with one address masquerading is advised, and a forward that is none is told while typing", async () => {
  const { page, close } = await inn.enter("network/set-ups");
  await page.getByLabel("A provider that gave us one address").check();
  await page.getByRole("button", { name: "Take this one" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Port forwards").fill("tcp:2222:10.10.10.5");
  await dialog.getByText("tcp:2222:10.10.10.5 is not PROTOCOL:PORT:ADDRESS:PORT").waitFor();
  assert.equal(await dialog.getByRole("button", { name: "Review the change" }).isDisabled(), true);
  await page.keyboard.press("Escape");
  await close();
});

test("the page is readable on a phone and passes the accessibility rules", async () => {
  const { page, close } = await inn.enter("network/set-ups", { viewport: PHONE });
  await page.getByText("Which one fits?").waitFor();
  assert.ok((await widthOf(page)) <= PHONE.width);
  assert.deepEqual(await axeFaults(page), []);
  await page.getByRole("button", { name: "Set up bond-storage" }).click();
  await page.getByLabel("Mode").waitFor();
  assert.deepEqual(await axeFaults(page), []);
  await close();
});
