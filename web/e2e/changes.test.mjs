// Changes that are taken back unless somebody confirms them, and the audit of who did what, in front of the real program.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { apply, axeFaults, DESKTOP, PHONE, picture, tabTo, widthOf } from "./support/browser.mjs";
import { SOURCES, SOURCES_TEXT } from "./support/server.mjs";
import { stage } from "./support/stage.mjs";

const inn = stage("nodes/inn1");
const UPDATES = /bookworm-updates/;
const BAR = "Changes that wait to be confirmed";

const original = SOURCES_TEXT;

/** Switches a repository off, to be confirmed within some seconds. */
async function disable(page, within) {
  const dialog = page.getByRole("dialog");
  await page.getByRole("switch", { name: UPDATES }).click({ force: true });
  await dialog.getByLabel(/Take it back by itself/).check();
  await dialog.getByLabel("Confirm within").selectOption(String(within));
  return dialog;
}

describe("an armed change", () => {
  test("is counted down on every page, and stays when it is confirmed", async () => {
    const { page, close } = await inn.enter("repositories");
    const dialog = await disable(page, 120);
    await picture(page, "arm");
    await apply(page);
    await dialog.getByText(/waits to be confirmed/).waitFor();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    const bar = page.getByRole("region", { name: BAR });
    await bar.getByRole("progressbar").waitFor();
    await page.getByRole("link", { name: "Datacenter", exact: true }).first().click();
    await page.getByRole("heading", { name: "Datacenter", level: 1 }).waitFor();
    await bar.getByText(/waits to be confirmed/).waitFor();
    const left = Number(await bar.getByRole("progressbar").getAttribute("aria-valuenow"));
    assert.ok(left > 0 && left <= 120, `${left} seconds are left`);
    await picture(page, "armed");
    await bar.getByRole("button", { name: "Confirm: all is well" }).click();
    await bar.waitFor({ state: "detached" });
    assert.notEqual(await inn.tree.read(SOURCES), original, "it stays");
    await inn.tree.write(SOURCES, original);
    await close();
  });

  test("is taken back by a plan that is shown, byte for byte", async () => {
    const { page, close } = await inn.enter("repositories");
    const dialog = await disable(page, 300);
    await apply(page);
    await dialog.getByRole("button", { name: "Close" }).last().click();
    const bar = page.getByRole("region", { name: BAR });
    await bar.getByRole("button", { name: "Take it back now" }).click();
    await dialog.locator("ins", { hasText: "bookworm-updates" }).first().waitFor();
    await dialog.getByRole("button", { name: "Apply" }).click();
    await dialog.getByText("Done and verified").waitFor();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await bar.waitFor({ state: "detached" });
    assert.equal(await inn.tree.read(SOURCES), original);
    await close();
  });

  test("is counted down while the host does not answer, too, and is there again after it", async () => {
    const { page, context, close } = await inn.enter("repositories");
    const dialog = await disable(page, 300);
    await apply(page);
    await dialog.getByRole("button", { name: "Close" }).last().click();
    const bar = page.getByRole("region", { name: BAR });
    const left = async () => Number(await bar.getByRole("progressbar").getAttribute("aria-valuenow"));
    await bar.getByRole("progressbar").waitFor();
    await context.setOffline(true);
    await bar.getByText(/The host does not answer. Unless somebody confirms the change/).waitFor();
    const [before] = [await left(), await page.waitForTimeout(2_500)];
    assert.ok((await left()) < before);
    await context.setOffline(false);
    await bar.getByText(/The host does not answer/).waitFor({ state: "detached" });
    await bar.getByRole("button", { name: "Confirm: all is well" }).click();
    await bar.waitFor({ state: "detached" });
    await inn.tree.write(SOURCES, original);
    await close();
  });

  test("is taken back by itself when nobody says anything, and the page sees it", async () => {
    const { page, close } = await inn.enter("repositories");
    const dialog = await disable(page, 30);
    await apply(page);
    await dialog.getByRole("button", { name: "Close" }).last().click();
    const bar = page.getByRole("region", { name: BAR });
    await bar.getByRole("progressbar").waitFor();
    await bar.waitFor({ state: "detached", timeout: 90_000 });
    assert.equal(await inn.tree.read(SOURCES), original);
    await page.getByRole("link", { name: "History", exact: true }).click();
    await page.getByText("Not confirmed, taken back").first().waitFor();
    await close();
  });

  test("is confirmed with the keyboard, on a phone, in the dark", async () => {
    const { page, close } = await inn.enter("repositories", { viewport: PHONE, colorScheme: "dark" });
    const dialog = await disable(page, 120);
    await apply(page);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    const bar = page.getByRole("region", { name: BAR });
    await bar.getByRole("progressbar").waitFor();
    const width = await widthOf(page);
    assert.ok(width <= PHONE.width, `the page is ${width} pixels wide`);
    assert.deepEqual(await axeFaults(page, "armed"), []);
    await tabTo(page, /^Confirm: all is well$/);
    await page.keyboard.press("Enter");
    await bar.waitFor({ state: "detached" });
    await inn.tree.write(SOURCES, original);
    await close();
  });
});

describe("the audit", () => {
  test("names who logged in and who was refused, narrows down, and is exported", async () => {
    const { page, close } = await inn.enter("history/audit");
    const refused = await page.request.get(`${inn.server.url}/api2/json/nodes`, {
      headers: { Authorization: "PVEAPIToken=root@pam!nobody=0", Cookie: "" },
    });
    assert.equal(refused.status(), 401);
    await page.reload();
    await page.getByRole("gridcell", { name: "Login" }).first().waitFor();
    await page.getByRole("gridcell", { name: "Confirmation" }).first().waitFor();
    await picture(page, "audit");
    await page.getByLabel("Outcome").selectOption("refused");
    await page.getByRole("gridcell", { name: "Confirmation" }).first().waitFor({ state: "detached" });
    await page
      .getByRole("row", { name: /nobody/ })
      .first()
      .waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: /^Export/ }).click(),
    ]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    const lines = Buffer.concat(chunks).toString().trim().split("\n");
    assert.ok(lines.length > 5);
    for (const line of lines) assert.ok(JSON.parse(line).hash, line);
    await close();
  });

  for (const theme of ["Light", "Dark"]) {
    test(`${theme}: it passes the accessibility rules`, async () => {
      const { page, close } = await inn.enter("history/audit", { viewport: DESKTOP });
      await page.getByRole("button", { name: `${theme} theme` }).click();
      await page.getByRole("gridcell", { name: "Login" }).first().waitFor();
      assert.deepEqual(await axeFaults(page, "history/audit"), []);
      await close();
    });
  }
});
