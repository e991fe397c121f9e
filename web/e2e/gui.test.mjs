// A person in front of the real program: what they see, do and take back. Run with `npm run e2e`.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import {
  acceptAll,
  apply,
  applyByKeyboard,
  axeFaults,
  DESKTOP,
  openPage,
  PHONE,
  picture,
  tabTo,
  widthOf,
} from "./support/browser.mjs";
import { KEYRING, SOURCES, SOURCES_TEXT } from "./support/server.mjs";
import { stage } from "./support/stage.mjs";

const inn = stage("nodes/inn1");
const SECURITY = /security\.debian\.org.*bookworm-security/;
const UPDATES = /bookworm-updates/;

const original = SOURCES_TEXT;

const disabled = (text, line) => text.replace(line, `# ${line}`);

describe("with the pointer", () => {
  /** UI-02, UI-03, UI-04, UI-16, APT-14 */
  test("a repository is disabled by a plan that was read, and comes back byte for byte", async () => {
    const { page, close } = await inn.enter("repositories");
    const dialog = page.getByRole("dialog");
    await page.getByText(/malformed entry on line 3/).waitFor();
    await picture(page, "repositories");

    await page.getByRole("switch", { name: SECURITY }).click({ force: true });
    await dialog.getByRole("heading", { name: "Disable repository" }).waitFor();
    await dialog.locator("ins", { hasText: "# deb http://security.debian.org" }).waitFor();
    await dialog.locator("del", { hasText: "deb http://security.debian.org" }).waitFor();
    const command = await dialog.getByLabel("Equivalent command line").inputValue();
    assert.match(command, /^innkeeper apt disable .*sources\.list/);
    await dialog.getByText("This can be undone from the history.").waitFor();
    await picture(page, "plan");
    assert.equal(await inn.tree.read(SOURCES), original, "a plan changes nothing");

    await apply(page);
    await picture(page, "done");
    const line = "deb http://security.debian.org/debian-security bookworm-security main contrib";
    assert.equal(await inn.tree.read(SOURCES), disabled(original, line));

    await dialog.getByRole("button", { name: "Task log" }).click();
    await page.getByRole("region", { name: "Recent tasks" }).getByText("TASK OK").waitFor();
    await picture(page, "task");

    await page.getByRole("link", { name: "History" }).click();
    await page.getByRole("row", { name: /Done/ }).first().getByRole("link").click();
    await page.locator("ins", { hasText: "# deb http://security" }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await dialog.locator("ins", { hasText: line }).waitFor();
    await apply(page);
    await dialog.getByRole("button", { name: "Close" }).last().click();
    assert.equal(await inn.tree.read(SOURCES), original);

    await page.getByRole("link", { name: "History" }).first().click();
    await page.getByText("Undone").first().waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Verify history" }).click();
    await page.getByText("The history is complete and unaltered").waitFor();
    await picture(page, "history");
    await close();
  });

  test("a file that changed after the plan was shown is not overwritten, and a new plan is shown", async () => {
    const { page, close } = await inn.enter("repositories");
    const dialog = page.getByRole("dialog");
    await page.getByRole("switch", { name: UPDATES }).click({ force: true });
    await dialog.locator("ins").first().waitFor();
    const meanwhile = `${original}\n# somebody else was here\n`;
    await inn.tree.write(SOURCES, meanwhile);
    await acceptAll(dialog);
    await dialog.getByRole("button", { name: "Apply" }).click();
    await dialog.getByText("The host has changed since you looked").waitFor();
    assert.equal(await inn.tree.read(SOURCES), meanwhile);
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await inn.tree.write(SOURCES, original);
    await close();
  });

  /** APT-10 */
  test("a standard repository is added by its handle and undone from the result", async () => {
    const { page, close } = await inn.enter("repositories");
    const dialog = page.getByRole("dialog");
    await page.getByRole("button", { name: "Add repository" }).click();
    await dialog.getByLabel(/^No-Subscription/).check();
    await picture(page, "add");
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await dialog.locator("ins", { hasText: "pve-no-subscription" }).first().waitFor();
    await apply(page);
    assert.match(
      await inn.tree.read(SOURCES),
      /download\.proxmox\.com\/debian\/pve bookworm pve-no-subscription/,
    );
    await dialog.getByRole("button", { name: "Undo" }).click();
    await dialog.getByRole("heading", { name: /Undo change/ }).waitFor();
    await dialog.locator("del", { hasText: "pve-no-subscription" }).first().waitFor();
    await apply(page);
    assert.equal(await inn.tree.read(SOURCES), original);
    await close();
  });

  /** APT-31 */
  test("components, firmware, removal and conversion are planned, and a plan changes nothing", async () => {
    const { page, close } = await inn.enter("repositories");
    const dialog = page.getByRole("dialog");
    const updates = page.getByRole("row").filter({ has: page.getByRole("switch", { name: UPDATES }) });
    const planned = async (sign, text) => {
      await dialog.locator(sign, { hasText: text }).first().waitFor();
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
    };

    await updates.getByRole("button", { name: "Kebab toggle" }).click();
    await page.getByRole("menuitem", { name: "Edit components" }).click();
    await dialog.getByLabel("Components").fill("main, non-free");
    await dialog.getByRole("button", { name: "Review the change" }).click();
    await planned("ins", "bookworm-updates main non-free");

    await updates.getByRole("button", { name: "Kebab toggle" }).click();
    await page.getByRole("menuitem", { name: "Remove" }).click();
    await planned("del", "bookworm-updates");

    await page.getByRole("button", { name: "Enable firmware component" }).click();
    await planned("ins", "bookworm-security main contrib non-free-firmware");

    const file = page.getByRole("region", { name: SOURCES, exact: true });
    await file.getByRole("button", { name: "Convert to .sources" }).click();
    await planned("ins", "Suites: bookworm-security");
    assert.equal(await inn.tree.read(SOURCES), original);
    await close();
  });

  /** APT-34 */
  test("a key is installed only when its checksum is the expected one", async () => {
    const { page, close } = await inn.enter("repositories/keys");
    const dialog = page.getByRole("dialog");
    const bytes = await readFile(KEYRING);
    await page.getByRole("button", { name: "Install a key" }).click();
    await dialog.getByLabel("Key file").setInputFiles({ name: "debian.gpg", mimeType: "", buffer: bytes });
    const review = dialog.getByRole("button", { name: "Review the change" });
    await dialog.getByLabel("SHA-512 checksum").fill("0".repeat(128));
    await dialog.getByText(/The file has another checksum/).waitFor();
    assert.equal(await review.isDisabled(), true);
    const sum = createHash("sha512").update(bytes).digest("hex");
    await dialog.getByLabel("SHA-512 checksum").fill(`${sum.toUpperCase()}  debian.gpg`);
    await dialog.getByText("The file has this checksum.").waitFor();
    await review.click();
    await apply(page);
    assert.deepEqual(await readFile(`${inn.tree.root}/etc/apt/trusted.gpg.d/debian.gpg`), bytes);
    await close();
  });

  test("findings are listed with a fix that is planned like any change", async () => {
    const { page, close } = await inn.enter("checks");
    const disable = page.getByRole("button", { name: "Disable the enterprise repository" });
    await disable.waitFor();
    await picture(page, "checks");
    await disable.click();
    await page.getByRole("dialog").getByText("What will be done").waitFor();
    await page.keyboard.press("Escape");
    await close();
  });

  test("a refusal of the host is shown in its own words", async () => {
    const { page, close } = await inn.enter("repositories");
    await page.getByRole("button", { name: "Refresh package lists" }).click();
    await page.getByText(/refreshed by the system itself/).waitFor();
    await close();
  });

  test("a lost connection is said, and found again by itself", async () => {
    const { page, context, close } = await inn.enter("summary");
    await context.setOffline(true);
    await page.getByRole("link", { name: "History", exact: true }).click();
    await page.getByText(/The host does not answer/).waitFor();
    await context.setOffline(false);
    await page.getByText(/The host does not answer/).waitFor({ state: "detached" });
    await page
      .getByRole("row", { name: /Undone/ })
      .first()
      .waitFor();
    await close();
  });
});

describe("with the keyboard alone", () => {
  test("everything is reached, changed and taken back", async () => {
    const { page, close } = await inn.enter("summary");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to content");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });

    await page.keyboard.press("g");
    await page.keyboard.press("r");
    await page.getByRole("switch", { name: UPDATES }).waitFor();
    await tabTo(page, UPDATES, { role: "switch" });
    await page.keyboard.press("Space");
    await applyByKeyboard(page);
    assert.notEqual(await inn.tree.read(SOURCES), original);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });

    await page.keyboard.press("g");
    await page.keyboard.press("h");
    await page
      .getByRole("button", { name: /^Undo change/ })
      .first()
      .waitFor();
    await tabTo(page, /^Undo change/);
    await page.keyboard.press("Enter");
    await applyByKeyboard(page);
    assert.equal(await inn.tree.read(SOURCES), original);
    await page.keyboard.press("Escape");
    await close();
  });
});

const PAGES = [
  "summary",
  "updates",
  "repositories",
  "repositories/keys",
  "tasks",
  "firmware",
  "dns",
  "network",
  "network/set-ups",
  "cards",
  "hosts",
  "history",
  "history/audit",
  "checks",
];

describe("on a phone", () => {
  test("no page is wider than the screen, and the tree is a drawer", async () => {
    const { page, close } = await inn.enter("summary", { viewport: PHONE });
    for (const address of PAGES) {
      await page.goto(inn.at(address));
      await page.waitForLoadState("networkidle");
      const width = await widthOf(page);
      assert.ok(width <= PHONE.width, `${address} is ${width} pixels wide`);
    }
    await page.goto(inn.at("repositories"));
    await page.getByText("bookworm-security").first().waitFor();
    await picture(page, "phone");
    const nav = page.getByRole("navigation", { name: "Datacenter and nodes" });
    assert.equal(await nav.isVisible(), false);
    await page.getByRole("button", { name: "Datacenter and nodes" }).click();
    await nav.getByRole("link", { name: "Tasks" }).click();
    await page.getByRole("heading", { name: "Tasks", level: 1 }).waitFor();
    await nav.waitFor({ state: "hidden" });
    await close();
  });
});

describe("in either theme", () => {
  for (const theme of ["Light", "Dark"]) {
    test(`${theme}: it is kept, and every page passes the accessibility rules`, async () => {
      const { page, close } = await inn.enter("summary", { viewport: DESKTOP });
      await page.getByRole("button", { name: `${theme} theme` }).click();
      await page.reload();
      const isDark = await page.evaluate(() =>
        document.documentElement.classList.contains("pf-v6-theme-dark"),
      );
      assert.equal(isDark, theme === "Dark");
      if (theme === "Dark") await picture(page, "dark");
      const found = [];
      for (const address of PAGES) {
        await page.goto(inn.at(address));
        await page.waitForLoadState("networkidle");
        found.push(...(await axeFaults(page, address)));
      }
      assert.deepEqual(found, []);
      await close();
    });
  }
});

describe("at the door", () => {
  test("a link that was used says so, and a session outlives a reload", async () => {
    const stranger = await openPage(inn.browser, inn.server.url);
    await stranger.page.goto(inn.server.link);
    await stranger.page.getByText(/This login link does not work/).waitFor();
    await picture(stranger.page, "login");
    await stranger.close();

    const { page, close } = await inn.enter("tasks");
    await page.reload();
    await page.getByRole("heading", { name: "Tasks", level: 1 }).waitFor();
    await close();
  });

  test("logging out ends the session, and logging in needs the right password", async () => {
    // a session of its own: logging out must not end the one that the other tests share
    const { page, close } = await inn.enter("summary");
    await page.getByRole("button", { name: /User menu/ }).click();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await page.getByText("You are logged out.").waitFor();
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("User name, password or realm is wrong.").waitFor();
    await close();
  });
});
