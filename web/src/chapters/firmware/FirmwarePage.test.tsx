import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { show } from "../../test/app";
import { data, serve } from "../../test/server";
import { DevicesTab } from "./DevicesTab";
import type { Overview } from "./data";
import { FirmwarePage } from "./FirmwarePage";
import { FlawsTable } from "./FlawsTable";
import { VersionDialog } from "./VersionDialog";

const overview = (more: Partial<Overview> = {}): Overview => ({
  board: { vendor: "Dell Inc.", "bios-version": "2.18.1" },
  cpu: { vendor: "GenuineIntel", name: "Intel Core", id: "06-8e-0a", signature: "0x000806ea", processors: 8 },
  microcode: {
    revisions: ["0xf0"],
    "early-update": "none",
    disabled: 0,
    package: { name: "intel-microcode", held: 0, "changed-since-boot": 0 },
    verdict: "intel-microcode is not installed: the CPU runs what the BIOS brought.",
  },
  vulnerabilities: [],
  trust: { "lists-fresh": 1, "kernel-current": 1, caveats: [] },
  packages: [{ name: "firmware-bnx2x", version: "20230210-5", held: 0 }],
  component: { name: "non-free-firmware", enabled: 0 },
  fwupd: { uefi: 1, "esp-mounted": 0, remarks: [] },
  vendors: [],
  reboot: { needed: 0, reasons: [], obstacles: [] },
  ...more,
});

const STATUS = "GET /nodes/pve1/firmware/status";

it("keeps microcode and firmware of devices apart, and says what a restart is needed for", async () => {
  const reboot = { needed: 1, reasons: ["intel-microcode was installed"], obstacles: ["tasks run: qmstart"] };
  serve({ [STATUS]: () => data(overview({ reboot })) });
  show(<FirmwarePage node="pve1" rest={[]} />);
  expect(await screen.findByText("intel-microcode was installed")).toBeTruthy();
  expect(screen.getByText(/tasks run: qmstart/)).toBeTruthy();
  expect(screen.getByText("0xf0")).toBeTruthy();
  expect(screen.getByRole("tab", { name: "Microcode" })).toBeTruthy();
  expect(screen.getByRole("tab", { name: "Devices" })).toBeTruthy();
  expect(screen.queryByText(/firmware-bnx2x/)).toBeNull();
});

it("says in a guest whose business firmware is", async () => {
  serve({ [STATUS]: () => data(overview({ virtual: "kvm" })) });
  show(<FirmwarePage node="pve1" rest={[]} />);
  expect(await screen.findByText("This host is itself a guest (kvm)")).toBeTruthy();
});

it("shows open flaws before those that are no concern, in words", () => {
  show(
    <FlawsTable
      flaws={[
        { name: "Mds", standing: "not-affected", text: "Not affected" },
        { name: "Srbds", standing: "vulnerable", text: "Vulnerable: No microcode" },
      ]}
    />,
  );
  const rows = screen.getAllByRole("row").map((row) => row.textContent);
  expect(rows.slice(1)).toEqual(["SrbdsvulnerableVulnerable: No microcode", "Mdsnot affectedNot affected"]);
});

it("holds a version that is chosen, unless that is switched off", async () => {
  serve({
    "GET /nodes/pve1/firmware/microcode": () =>
      data([
        { version: "2", relation: "installed", sources: ["a"] },
        { version: "1", relation: "older", sources: ["b"] },
      ]),
  });
  const chosen: [string, boolean][] = [];
  show(<VersionDialog node="pve1" onClose={() => {}} onChoose={(...choice) => chosen.push(choice)} />);
  const installed = await screen.findByRole("radio", { name: /2 \(installed\)/ });
  expect((installed as HTMLInputElement).disabled).toBe(true);
  const review = screen.getByRole("button", { name: "Review the change" });
  expect((review as HTMLButtonElement).disabled).toBe(true);
  await userEvent.click(screen.getByRole("radio", { name: /1 \(older\)/ }));
  await userEvent.click(review);
  expect(chosen).toEqual([["1", true]]);
});

it("lists devices with what is newer, and asks fwupd only where it is installed", async () => {
  const asked = serve({
    "GET /nodes/pve1/firmware/devices": () =>
      data([
        {
          id: "a",
          name: "System Firmware",
          plugin: "uefi_capsule",
          updatable: 1,
          "needs-reboot": 1,
          version: "2.90",
          update: "2.91",
          state: "needs-reboot",
        },
        { id: "b", name: "TPM", plugin: "tpm", updatable: 0, "needs-reboot": 0 },
      ]),
  });
  show(<DevicesTab node="pve1" overview={overview()} />);
  expect(screen.getByText(/firmware-bnx2x/)).toBeTruthy();
  expect(asked).toHaveLength(0);
  const fwupd = { version: "2.0.20", uefi: 1, "esp-mounted": 1, remarks: [] };
  show(<DevicesTab node="pve1" overview={overview({ fwupd })} />);
  expect(await screen.findByText("2.91")).toBeTruthy();
  expect(screen.getByText("waits for a restart")).toBeTruthy();
  expect(screen.getByText("only shown")).toBeTruthy();
});
