import { expect, it } from "vitest";
import { elsewhere, filesOf, newAddresses, secondsLeft } from "./data";

it("counts down by its own clock, and never below nothing", () => {
  const armed = { left: 60, at: 1_000 };
  expect([1_000, 1_400, 31_000, 99_000].map((now) => secondsLeft(armed, now))).toEqual([60, 60, 30, 0]);
});

const DIFF = `--- /etc/network/interfaces
+++ /etc/network/interfaces
@@ -3,8 +3,9 @@
 iface vmbr0 inet static
-\taddress 192.0.2.10/24
+\taddress 192.0.2.20/24
 \tgateway 192.0.2.1
 iface vmbr0 inet6 static
+\taddress 2001:db8::20/64
-\taddress 198.51.100.1/24
+\taddress 198.51.100.1/25
`;

it("finds the addresses that the host moves to", () => {
  expect(newAddresses([{ path: "/etc/network/interfaces", diff: DIFF }])).toEqual([
    "192.0.2.20",
    "2001:db8::20",
  ]);
  expect(newAddresses([{ path: "/etc/hosts", diff: DIFF }])).toEqual([]);
});

it("finds them in a plan that puts a staged file in place, whose own lines go", () => {
  const staged = "--- /etc/network/interfaces.new\n+++ /dev/null\n@@ -1 +0,0 @@\n-\taddress 192.0.2.20/24\n";
  const steps = [
    { what: "have it read", detail: "" },
    { what: "put it in place", detail: DIFF },
    { what: "remove", detail: staged },
  ];
  expect(newAddresses(filesOf({ steps }))).toEqual(["192.0.2.20", "2001:db8::20"]);
  const files = [DIFF, staged].map((diff, index) => ({
    path: `/etc/network/interfaces${index ? ".new" : ""}`,
    diff,
  }));
  expect(newAddresses(files)).toEqual(["192.0.2.20", "2001:db8::20"]);
});

it("goes on at the same page under the other address", () => {
  const here = { protocol: "https:", port: "8006", pathname: "/", hash: "#/nodes/pve1/network" };
  expect(elsewhere("192.0.2.20", here)).toBe("https://192.0.2.20:8006/#/nodes/pve1/network");
  expect(elsewhere("2001:db8::20", { ...here, port: "" })).toBe(
    "https://[2001:db8::20]/#/nodes/pve1/network",
  );
});
