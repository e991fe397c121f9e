// Services and logs in front of the real program. Under --root there is no running system to ask: that has to be said well.

import assert from "node:assert/strict";
import { test } from "node:test";
import { axeFaults, PHONE, widthOf } from "./support/browser.mjs";
import { stage } from "./support/stage.mjs";

const inn = stage("nodes/inn1");
const PAGES = ["services", "services/chrony", "log", "log?unit=chrony&priority=err"];
const WHY = /another system's tree has none/;

test("every page says why there is nothing to see, and offers nothing that cannot work", async () => {
  const { page, close } = await inn.enter("services");
  for (const address of PAGES) {
    await page.goto(inn.at(address));
    await page.getByText(WHY).waitFor();
    assert.equal(await page.getByRole("button", { name: /^(Start|Stop|Restart|Reload)$/ }).count(), 0);
  }
  await close();
});

test("filters of the log are part of the address, and a reload keeps them", async () => {
  const { page, close } = await inn.enter("log");
  await page.getByLabel("Priority").selectOption("err");
  await page.getByRole("textbox", { name: "Unit" }).fill("chrony");
  await page.waitForURL(/unit=chrony/);
  await page.reload();
  await page.getByText(WHY).waitFor();
  assert.equal(await page.getByLabel("Priority").inputValue(), "err");
  assert.equal(await page.getByRole("textbox", { name: "Unit" }).inputValue(), "chrony");
  await close();
});

test("the pages are opened by two keys", async () => {
  const { page, close } = await inn.enter("summary");
  await page.keyboard.press("g");
  await page.keyboard.press("v");
  await page.getByRole("heading", { name: "Services", level: 1 }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("y");
  await page.getByRole("heading", { name: "System log", level: 1 }).waitFor();
  await close();
});

test("they are readable on a phone and pass the accessibility rules", async () => {
  const { page, close } = await inn.enter("services", { viewport: PHONE });
  const found = [];
  for (const address of PAGES) {
    await page.goto(inn.at(address));
    await page.getByText(WHY).waitFor();
    const width = await widthOf(page);
    assert.ok(width <= PHONE.width, `${address} is ${width} pixels wide`);
    found.push(...(await axeFaults(page, address)));
  }
  assert.deepEqual(found, []);
  await close();
});
