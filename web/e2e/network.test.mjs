// Interfaces in front of the real program: staged by plans that were read, shown as a difference, discarded.

import assert from "node:assert/strict";
import { test } from "node:test";
import { axeFaults, done, PHONE, picture, widthOf } from "./support/browser.mjs";
import { stage } from "./support/stage.mjs";

const LIVE = `# the network of this host
auto lo
iface lo inet loopback

iface eno1 inet manual

auto vmbr0
iface vmbr0 inet static
	# in the rack
	address 192.0.2.10/24
	gateway 192.0.2.1
	bridge-ports eno1
	bridge-stp off
	bridge-fd 0
`;
const FILE = "/etc/network/interfaces";
/** A card with a cable, one without, a bridge, and a guest on it. */
const link = (name, more) =>
  Object.fromEntries(
    Object.entries({ flags: "0x1003", carrier: "1", mtu: "1500", address: "52:54:00:00:00:01", ...more }).map(
      ([file, text]) => [`/sys/class/net/${name}/${file}`, `${text}\n`],
    ),
  );
const inn = stage("nodes/inn1", {
  [FILE]: LIVE,
  ...link("eno1", { "device/vendor": "0x8086", speed: "10000", type: "1" }),
  ...link("eno2", { "device/vendor": "0x8086", carrier: "0", speed: "-1", type: "1" }),
  ...link("vmbr0", { "bridge/stp_state": "0", "brif/eno1/state": "3", "brif/tap100i0/state": "3" }),
  ...link("tap100i0", { tun_flags: "0x1002" }),
});

const row = (page, name) => page.getByRole("grid", { name: "Interfaces" }).getByRole("row", { name });
const act = async (page, name, what) => {
  await row(page, name).getByRole("button", { name: "Kebab toggle" }).click();
  await page.getByRole("menuitem", { name: what }).click();
};

/** NET-01, NET-09, UI-07 */
test("an interface is changed, made and removed in the staged file, and the live one stays", async () => {
  const { page, close } = await inn.enter("summary");
  await page.keyboard.press("g");
  await page.keyboard.press("n");
  await page.getByRole("heading", { name: "Network", level: 1 }).waitFor();
  await act(page, /vmbr0/, "Edit");
  await page.getByLabel("IPv4 gateway").fill("192.0.2.254");
  await page.getByRole("button", { name: "Review the change" }).click();
  await done(page);
  await page.getByText("Staged, and not in force yet").waitFor();
  assert.equal(await inn.tree.read(`${FILE}.new`), LIVE.replace("192.0.2.1\n", "192.0.2.254\n"));

  await page.getByRole("button", { name: "Create" }).click();
  await page.getByLabel("Type").selectOption("vlan");
  await page.getByLabel("Name").fill("vmbr0.5");
  await page.getByLabel("IPv4 address").fill("198.51.100.5/24");
  await page.getByRole("button", { name: "Review the change" }).click();
  await done(page);
  await row(page, /vmbr0\.5/).waitFor();
  await picture(page, "network");
  await act(page, /vmbr0\.5/, "Remove");
  await done(page);
  assert.equal(await inn.tree.read(`${FILE}.new`), LIVE.replace("192.0.2.1\n", "192.0.2.254\n"));

  await page.getByRole("button", { name: "Discard" }).click();
  await done(page);
  await page.getByText("Staged, and not in force yet").waitFor({ state: "detached" });
  assert.equal(await inn.tree.read(FILE), LIVE);
  await close();
});

test("the picture shows what hangs together, and what is staged in colour and words", async () => {
  const { page, close } = await inn.enter("network");
  const region = page.getByRole("region", { name: "Topology" });
  const box = (name) => region.getByRole("button", { name });
  await box("eno1 10 Gbit/s, card, connected").waitFor();
  await box("100 net0 guest, guest, connected").waitFor();
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByLabel("Type").selectOption("bond");
  await page.getByLabel("Members").fill("eno2");
  await page.getByLabel("Mode").selectOption("802.3ad");
  await page.getByLabel("Hash policy").selectOption("layer2+3");
  await page.getByLabel("IPv4", { exact: true }).selectOption("dhcp");
  await page.getByRole("button", { name: "Review the change" }).click();
  await done(page);
  await box("bond0 new, bond, not there").waitFor();
  const staged = await inn.tree.read(`${FILE}.new`);
  for (const line of ["iface bond0 inet dhcp", "bond-slaves eno2", "bond-xmit-hash-policy layer2+3"])
    assert.ok(staged.includes(line), staged);
  await box("eno1 10 Gbit/s, card, connected").focus();
  await page.keyboard.press("Enter");
  await region.getByText("10 Gbit/s").first().waitFor();
  await region.scrollIntoViewIfNeeded();
  await picture(page, "topology");
  await page.getByRole("button", { name: "Discard" }).click();
  await done(page);
  await box(/bond0/).waitFor({ state: "detached" });
  await close();
});

/** NET-04 */
test("a second gateway of one family is refused in words", async () => {
  const { page, close } = await inn.enter("network");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByLabel("IPv4 address").fill("203.0.113.1/24");
  await page.getByLabel("IPv4 gateway").fill("203.0.113.254");
  await page.getByRole("button", { name: "Review the change" }).click();
  await page
    .getByRole("dialog")
    .getByText(/Default gateway already exists on interface 'vmbr0'/)
    .waitFor();
  await page.keyboard.press("Escape");
  await close();
});

test("the page is readable on a phone and passes the accessibility rules", async () => {
  const { page, close } = await inn.enter("network", { viewport: PHONE });
  await row(page, /vmbr0.*192\.0\.2\.10\/24/).waitFor();
  const width = await widthOf(page);
  assert.ok(width <= PHONE.width, `it is ${width} pixels wide`);
  assert.deepEqual(await axeFaults(page, "network"), []);
  await close();
});
