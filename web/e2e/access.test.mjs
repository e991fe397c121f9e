// Users, groups, roles, permissions and API tokens, in front of the real program.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  apply,
  applyByKeyboard,
  axeFaults,
  DESKTOP,
  done,
  PHONE,
  picture,
  tabTo,
  widthOf,
} from "./support/browser.mjs";
import { stage } from "./support/stage.mjs";

const USERS = "/etc/pve/user.cfg";
const inn = stage("datacenter/access");
const TABS = ["users", "groups", "roles", "permissions", "tokens", "sessions", "realms"];

describe("with the pointer", () => {
  test("a group, a user in it, a role and a permission are made, and one is shown to follow from the others", async () => {
    const { page, close } = await inn.enter("groups");
    const dialog = page.getByRole("dialog");
    await page.getByText("There is no group").waitFor();
    await page.getByRole("button", { name: "Add group" }).click();
    await dialog.getByLabel("Name").fill("ops");
    await dialog.getByLabel("Remark").fill("on call");
    await dialog.getByRole("button", { name: "Review the change" }).click();
    await dialog.locator("ins", { hasText: "group:ops:" }).waitFor();
    assert.match(
      await dialog.getByLabel("Equivalent command line").inputValue(),
      /^innkeeper access group add/,
    );
    await done(page);

    await page.getByRole("tab", { name: "Users" }).click();
    await page.getByRole("button", { name: "Add user" }).click();
    await dialog.getByLabel("User name").fill("ada");
    await dialog.getByLabel("First name").fill("Ada");
    await dialog.getByLabel("ops").check();
    await dialog.getByRole("button", { name: "Review the change" }).click();
    await done(page);
    await page.getByRole("link", { name: "ada@pve" }).waitFor();
    await picture(page, "users");

    await page.getByRole("tab", { name: "Roles" }).click();
    await page.getByRole("button", { name: "Add role" }).click();
    await dialog.getByLabel("Name").fill("Watch");
    await dialog.getByLabel("Sys.Audit").check();
    await dialog.getByLabel("Sys.Syslog").check();
    await dialog.getByRole("button", { name: "Review the change" }).click();
    await done(page);

    await page.getByRole("tab", { name: "Permissions" }).click();
    await page.getByRole("button", { name: "Give a role" }).first().click();
    await dialog.getByRole("combobox", { name: /^Path/ }).fill("/nodes/inn1");
    await dialog.getByLabel("To", { exact: true }).selectOption("group");
    await dialog.getByLabel("Name").selectOption("ops");
    await dialog.getByLabel("Role").selectOption("Watch");
    await picture(page, "permission");
    await dialog.getByRole("button", { name: "Review the change" }).click();
    await done(page);
    const text = await inn.tree.read(USERS);
    assert.match(text, /^user:ada@pve:1:0:Ada:/m);
    assert.match(text, /^group:ops:ada@pve:on call:/m);
    assert.match(text, /^role:Watch:Sys\.Audit,Sys\.Syslog:/m);
    assert.match(text, /^acl:1:\/nodes\/inn1:@ops:Watch:/m);

    await page.getByRole("tab", { name: "Users" }).click();
    await page.getByRole("link", { name: "ada@pve" }).click();
    const row = page.getByRole("grid", { name: "Effective permissions" }).getByRole("row", { name: /inn1/ });
    await row.getByText("role Watch on /nodes/inn1 for group ops").waitFor();
    await row.getByText("Sys.Syslog").waitFor();
    await picture(page, "user");
    await close();
  });

  test("the secret of a new token is shown once, and works", async () => {
    const { page, close } = await inn.enter("tokens");
    const dialog = page.getByRole("dialog");
    await page.getByRole("button", { name: "Make an API token" }).click();
    await dialog.getByLabel("User").selectOption("root@pam");
    await dialog.getByLabel("Name").fill("script");
    await dialog.getByLabel("Privileges of its own").uncheck();
    await dialog.getByRole("button", { name: "Review the change" }).click();
    await apply(page);
    await dialog.getByText("it is shown only this once").waitFor();
    const token = await dialog.getByLabel("Token", { exact: true }).inputValue();
    const secret = await dialog.getByLabel("Secret", { exact: true }).inputValue();
    await picture(page, "token");
    assert.equal(token, "root@pam!script");
    const answer = await page.request.get(`${inn.server.url}/api2/json/access/users`, {
      headers: { Authorization: `PVEAPIToken=${token}=${secret}`, Cookie: "" },
    });
    assert.equal(answer.status(), 200);
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await page.getByRole("row", { name: /script/ }).waitFor();
    assert.ok(!(await page.content()).includes(secret), "the secret is gone with the dialog");
    assert.ok(!(await inn.tree.read(USERS)).includes(secret), "the file holds no secret");

    await page
      .getByRole("row", { name: /script/ })
      .getByRole("button", { name: "Kebab toggle" })
      .click();
    await page.getByRole("menuitem", { name: "Remove" }).click();
    await done(page);
    await page.getByText("There is no API token").waitFor();
    await close();
  });

  test("somebody is locked out, and let in again by the undo", async () => {
    const { page, close } = await inn.enter("users");
    const dialog = page.getByRole("dialog");
    const before = await inn.tree.read(USERS);
    await page.getByRole("switch", { name: "ada@pve: may log in" }).click({ force: true });
    await apply(page);
    assert.match(await inn.tree.read(USERS), /^user:ada@pve:0:/m);
    await dialog.getByRole("button", { name: "Undo" }).click();
    await dialog.getByRole("heading", { name: /Undo change/ }).waitFor();
    await done(page);
    assert.equal(await inn.tree.read(USERS), before);
    await close();
  });

  test("what the host refuses is shown in its own words", async () => {
    const { page, close } = await inn.enter("permissions");
    const dialog = page.getByRole("dialog");
    await page.getByRole("button", { name: "Give a role" }).first().click();
    await dialog.getByRole("combobox", { name: /^Path/ }).fill("/nowhere");
    await dialog.getByLabel("Name").selectOption("ada@pve");
    await dialog.getByLabel("Role").selectOption("Watch");
    await dialog.getByRole("button", { name: "Review the change" }).click();
    await dialog.getByText(/invalid ACL path/).waitFor();
    await close();
  });
});

describe("with the keyboard alone", () => {
  test("a group is added and removed", async () => {
    const { page, close } = await inn.enter("groups");
    const dialog = page.getByRole("dialog");
    await tabTo(page, /^Add group$/);
    await page.keyboard.press("Enter");
    await dialog.getByLabel("Name").waitFor();
    await page.keyboard.type("keys");
    await page.keyboard.press("Enter");
    await applyByKeyboard(page);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("row", { name: /keys/ }).waitFor();
    assert.match(await inn.tree.read(USERS), /^group:keys:/m);
    await close();
  });
});

describe("everywhere", () => {
  test("no page is wider than a phone", async () => {
    const { page, close } = await inn.enter("users", { viewport: PHONE });
    for (const address of [...TABS, "users/ada@pve"]) {
      await page.goto(inn.at(address));
      await page.waitForLoadState("networkidle");
      const width = await widthOf(page);
      assert.ok(width <= PHONE.width, `${address} is ${width} pixels wide`);
    }
    await close();
  });

  for (const theme of ["Light", "Dark"]) {
    test(`${theme}: every page passes the accessibility rules`, async () => {
      const { page, close } = await inn.enter("users", { viewport: DESKTOP });
      await page.getByRole("button", { name: `${theme} theme` }).click();
      const found = [];
      for (const address of [...TABS, "users/ada@pve"]) {
        await page.goto(inn.at(address));
        await page.waitForLoadState("networkidle");
        found.push(...(await axeFaults(page, address)));
      }
      assert.deepEqual(found, []);
      await close();
    });
  }
});
