// Somebody locks themselves out, on a host of its own whose network is applied for real, and is let in again by nobody.

import assert from "node:assert/strict";
import { after, afterEach, beforeEach, describe, test } from "node:test";
import { acceptAll, done, enterAs, launch, openPage } from "./support/browser.mjs";
import { cannotHaveHosts, makeHost } from "./support/host.mjs";

const FILE = "/etc/network/interfaces";
const HERE = "192.0.2.10";
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

const url = `https://${HERE}:8006`;
const host = await makeHost({ interfaces: LIVE, near: "192.0.2.1/24" });
const secret = await host.serve();
const browser = await launch(host.browser);
const storageState = await enterAs(browser, { url, link: `${url}/#${secret}` });
const { page, close } = await openPage(browser, url, { storageState });
await page.goto(`${url}/#/nodes/inn1/network`);
await page.waitForTimeout(5000); await page.screenshot({ path: "/tmp/lock1.png" }); console.log(page.url(), await host.run("ip","-br","a"));
await page.screenshot({ path: "/tmp/lock1.png" });
console.log(await host.run("ip", "-br", "a"));
await browser.close();
await host.remove();
