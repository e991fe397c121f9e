// Network cards in front of the real program: why they are called so, names that are kept and changed by plans that were read.

import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
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
	bridge-ports eno1
`;
const GRUB = 'GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\n';
const inn = stage("nodes/inn1", {
  "/etc/network/interfaces": LIVE,
  "/etc/default/grub": GRUB,
  "/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so": "",
  "/proc/cmdline": "root=/dev/sda1 quiet\n",
});
const CARDS = [
  { name: "eno1", pci: "0000:02:00.0", mac: "3c:ec:ef:00:00:10", speed: 1000, carrier: 1 },
  { name: "enp65s0f0", pci: "0000:41:00.0", mac: "3c:ec:ef:00:00:20", speed: 10000, carrier: 1 },
  { name: "enp65s0f1", pci: "0000:41:00.1", mac: "3c:ec:ef:00:00:21", speed: -1, carrier: 0 },
];

let made;
/** A tree made of texts has no links: they are made before the first page. */
async function makeCards() {
  const net = path.join(inn.tree.root, "sys/class/net");
  await mkdir(net, { recursive: true });
  for (const { name, pci, mac, speed, carrier } of CARDS) {
    const device = path.join(inn.tree.root, "sys/devices/pci0000:00", pci);
    const link = path.join(device, "net", name);
    await mkdir(link, { recursive: true });
    const values = { address: mac, type: 1, speed, carrier };
    for (const [file, value] of Object.entries(values)) {
      await writeFile(path.join(link, file), `${value}\n`);
    }
    await symlink(`../../../${pci}`, path.join(link, "device"));
    await symlink("../../../../bus/pci/drivers/igb", path.join(device, "driver"));
    await symlink(`../../devices/pci0000:00/${pci}/net/${name}`, path.join(net, name));
  }
}

async function enter(...where) {
  made ??= makeCards();
  await made;
  return inn.enter(...where);
}

const row = (page, name) => page.getByRole("row", { name });
const act = async (page, name, what) => {
  await row(page, name).getByRole("button", { name: "Kebab toggle" }).click();
  await page.getByRole("menuitem", { name: what }).click();
};

/** NET-23 */
test("a card says why it is called so, and keeps its name by a plan that was read", async () => {
  const { page, close } = await enter("summary");
  await page.keyboard.press("g");
  await page.keyboard.press("e");
  await page.getByRole("heading", { name: "Network cards", level: 1 }).waitFor();
  await row(page, /enp65s0f1/)
    .getByRole("button", { name: "Details" })
    .click();
  await page.getByText("enp65s0f1: card on PCI bus 65, slot 0, function 1.").waitFor();
  await picture(page, "cards");
  await act(page, /enp65s0f0/, "Keep name");
  await page
    .getByRole("dialog")
    .getByText(/MACAddress=3c:ec:ef:00:00:20/)
    .first()
    .waitFor();
  await done(page);
  await page.getByText("/etc/systemd/network/10-enp65s0f0.link").waitFor();
  await act(page, /enp65s0f0/, "Release name");
  await done(page);
  await page.getByText("/etc/systemd/network/10-enp65s0f0.link").waitFor({ state: "detached" });
  await close();
});

/** NET-30, NET-31 */
test("a card gets another name for the next restart, and the bridge on it follows", async () => {
  const { page, close } = await enter("cards");
  await act(page, /eno1/, "Rename");
  const field = page.getByLabel(/New name/);
  await field.fill("vmbr1");
  await page.getByText("This is a name of bridges, bonds or VLANs").waitFor();
  await field.fill("enwan0");
  await page.getByRole("button", { name: "Review the change" }).click();
  await page
    .getByRole("dialog")
    .getByText(/bridge-ports enwan0/)
    .first()
    .waitFor();
  await done(page);
  await page.getByText("enwan0 after the restart").waitFor();
  assert.equal(await inn.tree.read("/etc/network/interfaces"), LIVE);
  assert.equal(await inn.tree.read("/etc/network/interfaces.new"), LIVE.replaceAll("eno1", "enwan0"));
  await row(page, /enwan0/)
    .getByText("vmbr0")
    .waitFor();
  await close();
});

/** NET-26 */
test("the naming scheme is put on the kernel command line and taken off again", async () => {
  const { page, close } = await enter("cards");
  await page.getByRole("button", { name: "Keep a scheme" }).click();
  await page.getByLabel("Scheme", { exact: true }).selectOption("v252");
  await page.getByRole("button", { name: "Review the change" }).click();
  await done(page);
  assert.equal(
    await inn.tree.read("/etc/default/grub"),
    GRUB.replace("quiet", "quiet net.naming-scheme=v252"),
  );
  await page.getByRole("button", { name: "Leave it to systemd" }).click();
  await done(page);
  assert.equal(await inn.tree.read("/etc/default/grub"), GRUB);
  await close();
});

test("the page is readable on a phone and passes the accessibility rules", async () => {
  const { page, close } = await enter("cards", { viewport: PHONE });
  await page.getByText("3c:ec:ef:00:00:21").waitFor();
  const width = await widthOf(page);
  assert.ok(width <= PHONE.width, `cards is ${width} pixels wide`);
  assert.deepEqual(await axeFaults(page, "cards"), []);
  await close();
});
