// A user with an authenticator app, recovery keys and sessions here and there, in front of the real program.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { apply, axeFaults, done, openPage, PHONE, picture, widthOf } from "./support/browser.mjs";
import { stage } from "./support/stage.mjs";
import { codeOf } from "./support/totp.mjs";

const ADA = "users/ada@pve";
const FIRST = "correct horse";
const SECOND = "battery staple";
/** The field, and not the one below it that asks for the same again. */
const NEW = /^New password(?! again)/;

const inn = stage("datacenter/access", {
  "/etc/pve/user.cfg": "user:ada@pve:1:0:Ada:::::\n\nacl:1:/:ada@pve:PVEAuditor:\n",
});

/** What Ada sets up in the first test and logs in with in the later ones. */
const has = { secret: "", keys: [], session: undefined, isComplete: false, isBack: false };

async function stranger(options) {
  const opened = await openPage(inn.browser, inn.server.url, options);
  await opened.page.goto(inn.server.url);
  return opened;
}

/** Each test goes on where the one before it ended. */
function follows(last) {
  assert.ok(last, "the test before this one failed");
}

/** The first step of a login. */
async function password(page, word) {
  await page.getByLabel("User name").fill("ada");
  await page.getByLabel("Password").fill(word);
  await page.getByLabel("Realm").selectOption("pve");
  await page.getByRole("button", { name: "Log in" }).click();
}

/** Plugs a key into the browser that somebody touches whenever it is asked. */
async function withAuthenticator(context, page) {
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "usb", automaticPresenceSimulation: true };
  await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
}

async function answer(page, kind, text) {
  const field = kind === "Code of the authenticator app" ? "Code" : kind;
  await page.getByRole("radio", { name: kind }).check();
  await page.getByRole("textbox", { name: field }).fill(text);
  await page.getByRole("button", { name: "Log in" }).click();
}

describe("a second factor", () => {
  test("root gives somebody a password, who logs in with it and takes another", async () => {
    const root = await inn.enter(ADA);
    const dialog = root.page.getByRole("dialog");
    await root.page.getByRole("button", { name: "Change the password" }).click();
    await dialog.getByLabel(NEW).fill("short");
    await dialog.getByText("At least 8 characters.").waitFor();
    await dialog.getByLabel(NEW).fill(FIRST);
    await dialog.getByLabel("New password again").fill(`${FIRST}x`);
    await dialog.getByText("The two are not the same.").waitFor();
    assert.equal(await dialog.getByRole("button", { name: "Review the change" }).isDisabled(), true);
    await dialog.getByLabel("New password again").fill(FIRST);
    await dialog.getByRole("button", { name: "Review the change" }).click();
    await dialog.getByText("What will be done").waitFor();
    assert.ok(!(await root.page.content()).includes(FIRST), "no plan shows a password");
    await done(root.page);

    const ada = await stranger();
    await password(ada.page, FIRST);
    await ada.page.getByRole("heading", { name: "Summary", level: 1 }).waitFor();
    await ada.page.getByRole("button", { name: /User menu/ }).click();
    await ada.page.getByRole("menuitem", { name: "Your account" }).click();
    await ada.page.getByRole("button", { name: "Change the password" }).click();
    const own = ada.page.getByRole("dialog");
    await own.getByLabel("Your present password").fill("wrong");
    await own.getByLabel(NEW).fill(SECOND);
    await own.getByLabel("New password again").fill(SECOND);
    await own.getByRole("button", { name: "Review the change" }).click();
    await own.getByText(/authentication failure/).waitFor();
    await own.getByRole("button", { name: "Close" }).last().click();
    await ada.page.getByRole("button", { name: "Change the password" }).click();
    await own.getByLabel("Your present password").fill(FIRST);
    await own.getByLabel(NEW).fill(SECOND);
    await own.getByLabel("New password again").fill(SECOND);
    await own.getByRole("button", { name: "Review the change" }).click();
    await done(ada.page);
    await ada.page.reload();
    await ada.page.getByRole("heading", { name: "ada@pve", level: 1 }).waitFor();
    has.session = await ada.context.storageState();
    await ada.close();
    await root.close();
  });

  test("an authenticator app is added by its QR code and a code, and recovery keys are shown once", async () => {
    follows(has.session);
    const { page, close } = await inn.enter(ADA, { storageState: has.session });
    const dialog = page.getByRole("dialog");
    await page.getByText("A password is enough").waitFor();
    await page.getByRole("button", { name: "Add an authenticator app" }).click();
    await dialog.getByRole("img", { name: /QR code/ }).waitFor();
    has.secret = await dialog.getByRole("group", { name: "Secret of the app" }).innerText();
    await dialog.getByLabel("Name of the app").fill("my phone");
    await dialog.getByLabel("Your present password").fill(SECOND);
    await dialog.getByLabel("Code that the app shows now").fill(codeOf(has.secret));
    assert.deepEqual(await axeFaults(page, "the dialog of the app"), []);
    await picture(page, "factor");
    await dialog.getByRole("button", { name: "Review the change" }).click();
    await done(page);
    await page.getByRole("row", { name: /my phone/ }).waitFor();

    await page.getByRole("button", { name: "Make recovery keys" }).click();
    await dialog.getByLabel("Your present password").fill(SECOND);
    await dialog.getByRole("button", { name: "Review the change" }).click();
    await apply(page);
    await dialog.getByText("it is shown only this once").waitFor();
    const text = await dialog.locator(".pf-v6-c-code-block__code").innerText();
    has.keys = text.split(/\s+/).filter(Boolean);
    assert.equal(new Set(has.keys).size, 10, text);
    assert.deepEqual(await axeFaults(page, "the recovery keys"), []);
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await page.getByRole("row", { name: /Recovery keys/ }).waitFor();
    const file = await inn.tree.read("/etc/pve/priv/tfa.cfg");
    for (const key of has.keys) assert.ok(!file.includes(key), "the file holds no key");
    await close();
  });

  test("a login asks for the code, takes no wrong one, and goes on", async () => {
    follows(has.keys.length);
    const { page, context, close } = await stranger();
    await password(page, SECOND);
    await page.getByText("ada@pve logs in with a second factor.").waitFor();
    assert.deepEqual(await axeFaults(page, "the second step"), []);
    await picture(page, "second-step");
    await answer(page, "Code of the authenticator app", "000 000");
    await page.getByText("This was not accepted.").waitFor();
    const later = codeOf(has.secret, { later: 1 });
    await answer(page, "Code of the authenticator app", later);
    await page.getByRole("heading", { name: "Summary", level: 1 }).waitFor();
    has.session = await context.storageState();
    has.isComplete = true;
    await close();

    const again = await stranger();
    await password(again.page, SECOND);
    await answer(again.page, "Code of the authenticator app", later);
    await again.page.getByText("This was not accepted.").waitFor();
    await again.page.getByRole("button", { name: "Back to the password" }).click();
    await again.page.getByLabel("Password").waitFor();
    await again.close();
  });

  test("whose session was ended logs in by a recovery key and is where they were; the key works once", async () => {
    follows(has.isComplete);
    const ada = await inn.enter("groups", { storageState: has.session });
    const root = await inn.enter("sessions");
    const sessions = root.page.getByRole("grid", { name: "Sessions" });
    await sessions
      .getByRole("row", { name: /root@pam/ })
      .getByText("this one")
      .waitFor();
    await sessions
      .getByRole("row", { name: /password and totp/ })
      .getByRole("button", { name: /^Log out ada@pve/ })
      .click();
    await sessions.getByRole("row", { name: /password and totp/ }).waitFor({ state: "detached" });
    await root.close();

    const [key] = has.keys;
    await ada.page.getByText(/Your session has ended/).waitFor({ timeout: 30_000 });
    await password(ada.page, SECOND);
    await answer(ada.page, "Recovery key", key);
    await ada.page.getByRole("tab", { name: "Groups", selected: true }).waitFor();
    has.session = await ada.context.storageState();
    has.isBack = true;
    await ada.close();

    const again = await stranger();
    await password(again.page, SECOND);
    await answer(again.page, "Recovery key", key);
    await again.page.getByText("This was not accepted.").waitFor();
    await again.close();
  });

  test("a factor is switched off and removed, and then the password is enough", async () => {
    follows(has.isBack);
    const { page, close } = await inn.enter(ADA, { storageState: has.session });
    const dialog = page.getByRole("dialog");
    const choose = async (row, item) => {
      await page.getByRole("row", { name: row }).getByRole("button", { name: "Kebab toggle" }).click();
      await page.getByRole("menuitem", { name: item }).click();
      await dialog.getByLabel("Your present password").fill(SECOND);
      await dialog.getByRole("button", { name: "Review the change" }).click();
      await done(page);
    };
    await choose(/my phone/, "Switch off");
    await page
      .getByRole("row", { name: /my phone/ })
      .getByText("off")
      .waitFor();
    await choose(/my phone/, "Remove");
    await choose(/Recovery keys/, "Remove");
    await page.getByText("A password is enough").waitFor();
    await page.getByRole("button", { name: "Log out everywhere else" }).click();
    await page.getByRole("grid", { name: "Sessions" }).getByText("this one").waitFor();
    await close();

    const { page: after, close: leave } = await stranger();
    await password(after, SECOND);
    await after.getByRole("heading", { name: "Summary", level: 1 }).waitFor();
    await leave();
  });

  test("a security key is made for the site that the host names, and logs in", async () => {
    const site = inn.server.url.replace("127.0.0.1", "localhost");
    const { page, context, close } = await openPage(inn.browser, site);
    const dialog = page.getByRole("dialog");
    await withAuthenticator(context, page);
    await page.goto(site);
    await password(page, SECOND);
    await page.getByRole("heading", { name: "Summary", level: 1 }).waitFor();
    await page.goto(`${site}/#/datacenter/access/${ADA}`);
    await page.getByRole("button", { name: "Add a security key" }).click();
    await dialog.getByLabel("Name of the key").fill("the blue one");
    await dialog.getByLabel("Your present password").fill(SECOND);
    await dialog.getByRole("button", { name: "Use the key" }).click();
    await dialog.getByText(/security keys need a site/).waitFor();
    await inn.tree.write("/etc/pve/datacenter.cfg", `webauthn: rp=Inn,origin=${site},id=localhost\n`);
    assert.deepEqual(await axeFaults(page, "the dialog of the key"), []);
    await dialog.getByRole("button", { name: "Use the key" }).click();
    await done(page);
    await page.getByRole("row", { name: /the blue one/ }).waitFor();

    for (let login = 0; login < 2; login += 1) {
      await page.getByRole("button", { name: /User menu/ }).click();
      await page.getByRole("menuitem", { name: "Log out" }).click();
      await password(page, SECOND);
      await page.getByRole("button", { name: "Log in with the key" }).click();
      await page.getByRole("heading", { name: "ada@pve", level: 1 }).waitFor();
    }
    await page.getByRole("row", { name: /password and webauthn/ }).waitFor();
    await close();
  });

  test("a security key is not asked for under another address than that of the site", async () => {
    const { page, close } = await stranger();
    await password(page, SECOND);
    await page.getByRole("button", { name: "Log in with the key" }).click();
    await page.getByText("The keys of this host are for another address than that of this page.").waitFor();
    await close();
  });

  test("the second step and the dialogs fit on a phone, in the dark", async () => {
    const { page, close } = await inn.enter(ADA, { viewport: PHONE, colorScheme: "dark" });
    await page.getByRole("button", { name: "Add an authenticator app" }).click();
    await page
      .getByRole("dialog")
      .getByRole("img", { name: /QR code/ })
      .waitFor();
    assert.ok((await widthOf(page)) <= PHONE.width);
    assert.deepEqual(await axeFaults(page, "the dialog of the app"), []);
    await close();
  });
});
