// Name servers and /etc/hosts in front of the real program: every byte that an edit does not mean is there afterwards.

import assert from "node:assert/strict";
import { test } from "node:test";
import { axeFaults, done, PHONE, picture, widthOf } from "./support/browser.mjs";
import { stage } from "./support/stage.mjs";

const RESOLV = `# our own servers
search example.org
nameserver 192.0.2.53   # in the cellar
options timeout:2
`;
const HOSTS = `127.0.0.1\tlocalhost
192.0.2.10   inn1.example.org inn1   # rack 3

# printers
192.0.2.50 printer`;
const inn = stage("nodes/inn1", { "/etc/resolv.conf": RESOLV, "/etc/hosts": HOSTS });
const PAGES = ["dns", "hosts"];

test("name servers are set by a plan that was read, and comments stay where they are", async () => {
  const { page, close } = await inn.enter("summary");
  await page.keyboard.press("g");
  await page.keyboard.press("m");
  await page.getByRole("heading", { name: "DNS", level: 1 }).waitFor();
  await page.getByText("192.0.2.53").waitFor();
  await picture(page, "dns");
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Second name server").fill("2001:db8::53");
  await page.getByRole("button", { name: "Review the change" }).click();
  await page
    .getByRole("dialog")
    .getByText(/nameserver 2001:db8::53/)
    .first()
    .waitFor();
  await done(page);
  await page.getByText("2001:db8::53").waitFor();
  assert.equal(
    await inn.tree.read("/etc/resolv.conf"),
    RESOLV.replace("options", "nameserver 2001:db8::53\noptions"),
  );
  await close();
});

test("an entry is added, changed and removed, and every other byte stays", async () => {
  const { page, close } = await inn.enter("hosts");
  await page.getByText("printer").waitFor();
  await picture(page, "hosts");
  await page.getByRole("button", { name: "Add entry" }).click();
  await page.getByLabel("Address").fill("192.0.2.20");
  await page.getByLabel("Names").fill("nas.example.org nas");
  await page.getByRole("button", { name: "Review the change" }).click();
  await done(page);
  const added = `${HOSTS}\n192.0.2.20\tnas.example.org nas\n`;
  assert.equal(await inn.tree.read("/etc/hosts"), added);

  const act = async (name, what) => {
    await page.getByRole("row", { name }).getByRole("button", { name: "Kebab toggle" }).click();
    await page.getByRole("menuitem", { name: what }).click();
  };
  await act(/printer/, "Edit");
  await page.getByLabel("Remark").fill("second floor");
  await page.getByRole("button", { name: "Review the change" }).click();
  await done(page);
  await page.getByRole("gridcell", { name: "second floor" }).waitFor();
  await act(/nas\.example\.org/, "Remove");
  await done(page);
  assert.equal(await inn.tree.read("/etc/hosts"), `${HOSTS} # second floor\n`);
  await close();
});

test("a risk for this node's own name is said before, and a bad line is refused in words", async () => {
  const { page, close } = await inn.enter("hosts");
  await page.getByRole("button", { name: "Edit as text" }).click();
  const text = page.getByLabel("Text");
  await text.fill("127.0.0.1 localhost\n192.0.2.500 inn1\n");
  await page.getByRole("button", { name: "Review the change" }).click();
  await page
    .getByRole("dialog")
    .getByText(/Invalid IP '192\.0\.2\.500'/)
    .waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Edit as text" }).click();
  await text.fill("127.0.0.1 localhost\n");
  await page.getByRole("button", { name: "Review the change" }).click();
  await page
    .getByRole("dialog")
    .getByText(/inn1, the name of this node, no longer leads to an address/)
    .first()
    .waitFor();
  await page.keyboard.press("Escape");
  await close();
});

test("the pages are readable on a phone and pass the accessibility rules", async () => {
  const { page, close } = await inn.enter("dns", { viewport: PHONE });
  const found = [];
  for (const address of PAGES) {
    await page.goto(inn.at(address));
    await page.getByText(address === "dns" ? "192.0.2.53" : "192.0.2.10").waitFor();
    const width = await widthOf(page);
    assert.ok(width <= PHONE.width, `${address} is ${width} pixels wide`);
    found.push(...(await axeFaults(page, address)));
  }
  assert.deepEqual(found, []);
  await close();
});
