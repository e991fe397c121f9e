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

/**
 * A journal that is put before the page, because a tree has none: `write` adds entries, `asked` are the questions. Answers
 * come after or before a cursor, or are the newest, as the program has them.
 */
async function journal(page, count) {
  const entries = [];
  const asked = [];
  const write = (message) => {
    const number = entries.length;
    const time = 1_790_000_000 + number;
    entries.push({ cursor: `c${number}`, time, identifier: "chronyd", pid: 7, priority: 6, message });
  };
  for (let number = 0; number < count; number += 1) write(`entry ${number}`);
  await page.route("**/api2/json/nodes/inn1/log?*", (route) => {
    const query = new URL(route.request().url()).searchParams;
    asked.push(query);
    const place = (name) => entries.findIndex(({ cursor }) => cursor === query.get(name));
    const most = Number(query.get("lastentries"));
    const end = query.has("endcursor") ? place("endcursor") : entries.length;
    const from = query.has("startcursor") ? place("startcursor") + 1 : Math.max(0, end - most);
    return route.fulfill({ json: { data: entries.slice(from, Math.min(end, from + most)) } });
  });
  return { write, asked };
}

test("the log is followed at its end, and stands still for whoever reads further up", async () => {
  const { page, close } = await inn.enter("summary");
  const { write } = await journal(page, 700);
  await page.goto(inn.at("log"));
  const log = page.getByRole("log");
  const follow = page.getByRole("switch", { name: "Follow the log" });
  await page.getByText("entry 699", { exact: true }).waitFor();
  write("written meanwhile");
  await log.getByText("written meanwhile").waitFor();
  const below = () => log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
  assert.ok((await below()) < 24, "the newest entry is seen");

  await log.hover();
  await page.mouse.wheel(0, -2_000);
  await page.waitForFunction(() => !document.getElementById("follow-log")?.checked);
  await log.evaluate((box) => box.scrollTo(0, 0));
  await log.getByText("entry 0", { exact: true }).waitFor({ state: "attached" });
  write("not followed");
  assert.equal(await follow.isChecked(), false);
  assert.ok((await below()) > 1_000, "the page stays where it is read");
  await follow.click({ force: true });
  await log.getByText("not followed").waitFor();
  assert.ok((await below()) < 24);
  await close();
});

test("the log is asked for the unit and the time in the filters, and one that has ended is not followed", async () => {
  const { page, close } = await inn.enter("summary");
  const { asked } = await journal(page, 3);
  await page.goto(inn.at("log"));
  await page.getByText("entry 2").waitFor();
  await page.getByRole("textbox", { name: "Unit" }).fill("chrony");
  await page.waitForURL(/unit=chrony/);
  await page.getByLabel("Written since").fill("2026-11-01T10:00");
  await page.getByLabel("Written until").fill("2026-11-02T10:00");
  await page.waitForURL(/until=/);
  await page.getByText("entry 2").waitFor();
  await page.getByRole("switch", { name: "Follow the log" }).waitFor({ state: "detached" });
  const last = Object.fromEntries(asked.at(-1) ?? []);
  assert.equal(last.service, "chrony");
  assert.equal(Number(last.until) - Number(last.since), 86_400);
  assert.equal(Number(last.since), Date.parse("2026-11-01T10:00") / 1000);
  await close();
});
