// Debian's Chromium, and a page that remembers everything it should not have done.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const PICTURES = fileURLToPath(new URL("../../../docs/pictures/", import.meta.url));

export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

export function launch(executablePath = CHROMIUM) {
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export const DESKTOP = { width: 1280, height: 860 };
export const PHONE = { width: 375, height: 812 };

/** Opens a page of `origin`; `faults` fills with requests to other origins, broken policies and errors of scripts. */
export async function openPage(browser, origin, options = {}) {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: DESKTOP,
    reducedMotion: "reduce",
    ...options,
  });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const faults = [];
  await page.exposeFunction("reportViolation", (text) => faults.push(`policy: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      globalThis.reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
    });
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== "data:") faults.push(`foreign request: ${request.url()}`);
  });
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("console", (message) => {
    // A refused call is an answer that the page shows; the browser notes it as an error of its own.
    const isAnswer = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isAnswer) faults.push(`console: ${message.text()}`);
  });
  return {
    page,
    context,
    async close() {
      await context.close();
      assert.deepEqual(faults, []);
    },
  };
}

/** Takes a picture for the guide when pictures are to be taken. */
export async function picture(page, name) {
  if (!process.env.UPDATE_PICTURES) return;
  await mkdir(PICTURES, { recursive: true });
  await page.waitForTimeout(300);
  await page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
}

/** Presses Tab until what is focused answers to this name, as somebody without a mouse would. */
export async function tabTo(page, name, { role, most = 80 } = {}) {
  for (let presses = 0; presses < most; presses += 1) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      const label =
        element?.getAttribute("aria-label") ?? element?.labels?.[0]?.textContent ?? element?.textContent;
      return { label: label ?? "", role: element?.getAttribute("role") ?? element?.tagName.toLowerCase() };
    });
    if (name.test(focused.label) && (!role || role === focused.role)) return;
  }
  assert.fail(`Tab never reached ${name}`);
}

/** Logs in by the link, which works once, and gives the session to start pages with. */
export async function enterAs(browser, server) {
  const { page, context, close } = await openPage(browser, server.url);
  const answer = await page.goto(server.link);
  assert.equal(answer.status(), 200, "the program was built without its pages");
  await page.getByRole("heading", { name: "Summary", level: 1 }).waitFor();
  assert.ok(!page.url().includes("link="), "the secret left the address");
  const state = await context.storageState();
  await close();
  return state;
}

const RISK = /^I (accept|understand)/;

/** Accepts every risk in the plan dialog. Whether the change is armed stays as it was chosen. */
export async function acceptAll(dialog) {
  await dialog.getByRole("button", { name: "Apply" }).waitFor();
  for (const box of await dialog.getByRole("checkbox", { name: RISK }).all()) await box.check();
}

/** Accepts every risk in the plan dialog, applies, and waits for the end. */
export async function apply(page) {
  const dialog = page.getByRole("dialog");
  await acceptAll(dialog);
  await dialog.getByRole("button", { name: "Apply" }).click();
  await dialog.getByText("Done and verified").waitFor();
}

/** The same without a mouse. */
export async function applyByKeyboard(page) {
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Apply" }).waitFor();
  const risks = await dialog.getByRole("checkbox", { name: RISK }).count();
  for (let risk = 0; risk < risks; risk += 1) {
    await tabTo(page, RISK, { role: "input" });
    await page.keyboard.press("Space");
  }
  await tabTo(page, /^Apply$/, { role: "button" });
  await page.keyboard.press("Enter");
  await dialog.getByText("Done and verified").waitFor();
}

/** Applies the plan in the dialog and closes it. */
export async function done(page) {
  await apply(page);
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

/** How wide a page is, which should not be wider than the screen. */
export function widthOf(page) {
  return page.evaluate(() => document.scrollingElement?.scrollWidth);
}

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What a page does against the accessibility rules, in words. */
export async function axeFaults(page, address) {
  await page.evaluate(await readFile(AXE, "utf8"));
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, nodes }) => `${address}: ${id} at ${nodes.map(({ target }) => target).join(", ")}`);
}
