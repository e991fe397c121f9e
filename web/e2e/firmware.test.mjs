// Firmware in front of the real program, on a tree with the files that the kernel of a machine with an Intel CPU has.

import assert from "node:assert/strict";
import { test } from "node:test";
import { axeFaults, PHONE, picture, widthOf } from "./support/browser.mjs";
import { stage } from "./support/stage.mjs";

const CPU = `processor	: 0
vendor_id	: GenuineIntel
cpu family	: 6
model		: 142
model name	: Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz
stepping	: 10
microcode	: 0xf0
flags		: fpu vme de pse
`;
const FLAWS = "/sys/devices/system/cpu/vulnerabilities";
const inn = stage("nodes/inn1", {
  "/proc/cpuinfo": CPU,
  "/sys/class/dmi/id/sys_vendor": "Dell Inc.\n",
  "/sys/class/dmi/id/product_name": "PowerEdge T40\n",
  "/sys/class/dmi/id/bios_version": "1.20.0\n",
  "/sys/class/dmi/id/bios_date": "08/14/2023\n",
  [`${FLAWS}/meltdown`]: "Mitigation: PTI\n",
  [`${FLAWS}/srbds`]: "Vulnerable: No microcode\n",
  [`${FLAWS}/tsx_async_abort`]: "Not affected\n",
  "/var/lib/dpkg/status":
    "Package: firmware-bnx2x\nStatus: install ok installed\nSection: non-free-firmware/kernel\nVersion: 20230210-5\n",
});
const PAGES = ["firmware", "firmware/devices"];

test("microcode, flaws and devices are shown, and a plan that cannot be carried out here says why", async () => {
  const { page, close } = await inn.enter("summary");
  await page.keyboard.press("g");
  await page.keyboard.press("f");
  await page.getByRole("heading", { name: "Firmware", level: 1 }).waitFor();
  await page.getByText("0xf0", { exact: true }).waitFor();
  await page.getByText("06-8e-0a").waitFor();
  const flaws = page.getByRole("grid", { name: "Known flaws of CPUs" });
  assert.deepEqual(await flaws.getByRole("row").nth(1).getByRole("gridcell").allInnerTexts(), [
    "Srbds",
    "vulnerable",
    "Vulnerable: No microcode",
  ]);
  await picture(page, "firmware");
  await page.getByRole("button", { name: "Install intel-microcode" }).click();
  await page
    .getByRole("dialog")
    .getByText(/not into its tree/)
    .waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: "Devices" }).click();
  await page.waitForURL(/firmware\/devices/);
  await page.getByText("firmware-bnx2x 20230210-5").waitFor();
  await page.getByText(/Dell: the Lifecycle Controller/).waitFor();
  await close();
});

test("it is readable on a phone and passes the accessibility rules", async () => {
  const { page, close } = await inn.enter("firmware", { viewport: PHONE });
  const found = [];
  for (const address of PAGES) {
    await page.goto(inn.at(address));
    await page.getByRole("tab", { name: "Devices" }).waitFor();
    const width = await widthOf(page);
    assert.ok(width <= PHONE.width, `${address} is ${width} pixels wide`);
    found.push(...(await axeFaults(page, address)));
  }
  assert.deepEqual(found, []);
  await close();
});
