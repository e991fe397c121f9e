import { expect, it } from "vitest";
import type { Grant, UserEntry } from "../../kit/types";
import { byEntry, items, tokensOf } from "./data";

const GRANT: Grant = {
  path: "/nodes/pve1",
  privilege: "Sys.Audit",
  propagate: 1,
  role: "Auditors",
  source: "/",
  type: "group",
  ugid: "ops",
};

it("shows the privileges that one entry gives on one path in one row", () => {
  const rows = byEntry([
    GRANT,
    { ...GRANT, privilege: "Sys.Syslog" },
    { ...GRANT, type: "user", ugid: "ada@pve", privilege: "Sys.Modify" },
    { ...GRANT, path: "/nodes" },
  ]);
  expect(rows.map(({ path, ugid, privileges }) => [path, ugid, ...privileges])).toEqual([
    ["/nodes/pve1", "ops", "Sys.Audit", "Sys.Syslog"],
    ["/nodes/pve1", "ada@pve", "Sys.Modify"],
    ["/nodes", "ops", "Sys.Audit"],
  ]);
});

it("names every token with its owner", () => {
  const user = { enable: 1, expire: 0 };
  const tokens = [{ tokenid: "ci", expire: 0, privsep: 1 }];
  const users: UserEntry[] = [
    { ...user, userid: "a@pve" },
    { ...user, userid: "b@pve", tokens },
  ];
  expect(tokensOf(users).map(({ userid, tokenid }) => `${userid}!${tokenid}`)).toEqual(["b@pve!ci"]);
});

it("reads lists as the API writes them", () => {
  expect([items("a,b"), items(""), items(undefined)]).toEqual([["a", "b"], [], []]);
});
