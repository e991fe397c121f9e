// Somebody locks themselves out, on a host whose network is applied for real, and the host lets them in again by itself.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { acceptAll, done, enterAs, launch, openPage, picture } from "./support/browser.mjs";
import { cannotHaveHosts, makeHost } from "./support/host.mjs";

const FILE = "/etc/network/interfaces";
const HERE = "192.0.2.10";
const MOVED = "192.0.2.20";
const LIVE = `# the network of this host, do not lose this line
auto lo
iface lo inet loopback

iface eno1 inet manual

auto vmbr0
iface vmbr0 inet static
	# in the rack
	address ${HERE}/24
	gateway 192.0.2.1
	bridge-ports eno1
	bridge-stp off
	bridge-fd 0
`;
const PASSWORD = "correct horse battery staple";

const skip = await cannotHaveHosts();

describe("the network of a host, applied in a browser that comes by it", { skip }, () => {
  let host;
  let browser;
  let storageState;
  const originOf = (address) => `https://${address}:8006`;

  before(async () => {
    host = await makeHost({ interfaces: LIVE, near: "192.0.2.1/24" });
    await host.run("sh", "-c", `echo 'root:${PASSWORD}' | chpasswd`);
    const secret = await host.serve();
    browser = await launch(host.browser);
    const url = originOf(HERE);
    storageState = await enterAs(browser, { url, link: `${url}/#link=${secret}` });
  });

  after(async () => {
    await browser?.close();
    await host?.remove();
  });

  /** What the kernel has: addresses and routes. */
  const kernel = async () => ({
    addresses: await host.run("ip", "-brief", "-4", "address"),
    routes: await host.run("ip", "-4", "route"),
  });

  async function openNetwork() {
    const opened = await openPage(browser, originOf(HERE), { storageState });
    await opened.page.goto(`${originOf(HERE)}/#/nodes/inn1/network`);
    await opened.page.getByRole("heading", { name: "Network", level: 1 }).waitFor();
    return opened;
  }

  /** Stages another address of the bridge that the browser comes by, and reads the difference. */
  async function stage(page, { address, gateway }) {
    const row = page.getByRole("grid", { name: "Interfaces" }).getByRole("row", { name: /vmbr0/ });
    await row.getByRole("button", { name: "Kebab toggle" }).click();
    await page.getByRole("menuitem", { name: "Edit" }).click();
    await page.getByLabel("IPv4 address").fill(`${address}/24`);
    if (gateway) await page.getByLabel("IPv4 gateway").fill(gateway);
    await page.getByRole("button", { name: "Review the change" }).click();
    await done(page);
    await page.getByText("Staged, and not in force yet").waitFor();
    await page
      .locator("ins", { hasText: `address ${address}/24` })
      .first()
      .waitFor();
  }

  /** Applies what is staged, to be confirmed within some seconds, although it cuts this very browser off. */
  async function applyWithin(page, seconds) {
    await page.getByRole("button", { name: "Apply configuration" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText(new RegExp(`You come from 192\\.0\\.2\\.1 to ${HERE} on vmbr0`)).waitFor();
    assert.ok(await dialog.getByRole("button", { name: "Apply" }).isDisabled(), "the danger is not accepted");
    await acceptAll(dialog);
    await dialog.getByLabel("Confirm within").selectOption(String(seconds));
    await picture(page, "lockout-plan");
    await dialog.getByRole("button", { name: "Apply" }).click();
    return dialog;
  }

  /** NET-09 */
  test("is left alone when the staged file is edited by hand after its plan was read", async () => {
    const before = await kernel();
    const { page, close } = await openNetwork();
    await stage(page, { address: MOVED });
    const byHand = (await host.read(`${FILE}.new`)).replace(MOVED, "192.0.2.30");
    await page.getByRole("button", { name: "Apply configuration" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText(MOVED).first().waitFor();
    await acceptAll(dialog);
    await host.write(`${FILE}.new`, byHand);
    await dialog.getByRole("button", { name: "Apply" }).click();
    await dialog.getByText("The host has changed since you looked").waitFor();
    await dialog.getByText("192.0.2.30").first().waitFor();
    assert.ok(
      await dialog.getByRole("button", { name: "Apply" }).isDisabled(),
      "the new danger is not accepted",
    );
    assert.equal(await host.read(FILE), LIVE);
    assert.equal(await host.read(`${FILE}.new`), byHand);
    assert.deepEqual(await kernel(), before);
    await close();
    await host.run("innkeeper", "network", "revert", "--yes");
  });

  /** NET-10, NET-12, UI-07 */
  test("is back by itself when nobody can confirm it, and the page says so", async () => {
    const [files, before] = [await host.read(FILE), await kernel()];
    const { page, close } = await openNetwork();
    await stage(page, { address: "198.51.100.10", gateway: "198.51.100.1" });
    const staged = await host.read(`${FILE}.new`);
    const dialog = await applyWithin(page, 30);

    // nothing listens there: the wire ends in another network
    await dialog.getByText(/The host does not answer/).waitFor();
    await dialog.getByRole("link", { name: "198.51.100.10" }).waitFor();
    await picture(page, "lockout");
    const during = await kernel();
    assert.match(during.addresses, /vmbr0 .* 198\.51\.100\.10\/24/);
    assert.doesNotMatch(during.addresses, new RegExp(HERE));
    assert.equal(await host.read(FILE), staged);

    await dialog.getByText("It was taken back").waitFor({ timeout: 90_000 });
    await dialog.getByText(/The host does not answer/).waitFor({ state: "detached" });
    assert.equal(await host.read(FILE), files);
    assert.equal(await host.read(`${FILE}.new`), staged, "what was staged is not lost");
    assert.deepEqual(await kernel(), before);
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await page.getByText("Staged, and not in force yet").waitFor();
    await page.getByRole("link", { name: "History", exact: true }).click();
    await page.getByText("Not confirmed, taken back").first().waitFor();
    await close();
    await host.run("innkeeper", "network", "revert", "--yes");
  });

  /** NET-10 */
  test("moves to another address, and is confirmed from there", async () => {
    const { page, context } = await openNetwork();
    await stage(page, { address: MOVED });
    const dialog = await applyWithin(page, 120);
    const link = dialog.getByRole("link", { name: MOVED });
    await link.first().waitFor();
    assert.equal(await link.first().getAttribute("href"), `${originOf(MOVED)}/#/nodes/inn1/network`);
    await link.first().click();
    await page.getByLabel("User name").fill("root");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Log in" }).click();
    const bar = page.getByRole("region", { name: "Changes that wait to be confirmed" });
    await bar.getByRole("button", { name: "Confirm: all is well" }).click();
    await bar.waitFor({ state: "detached" });
    assert.match(
      await host.run("innkeeper", "changes", "list", "--output-format", "json"),
      /^\s*\[\s*\]\s*$/,
    );
    assert.match((await kernel()).addresses, new RegExp(`vmbr0 .* ${MOVED}/24`));
    assert.equal(await host.read(FILE), LIVE.replace(HERE, MOVED));

    // its undo cuts this browser off as well, says so, and waits for a confirmation, too
    await page.getByRole("link", { name: "History", exact: true }).click();
    await page.getByRole("button", { name: "Undo" }).first().click();
    const undo = page.getByRole("dialog");
    await undo.getByText(new RegExp(`You come from 192\\.0\\.2\\.1 to ${MOVED} on vmbr0`)).waitFor();
    await undo.getByLabel("Confirm within").waitFor();
    await context.close();
  });
});
