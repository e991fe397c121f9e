import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import { Changes } from "../../kit/plan/Changes";
import { restore } from "../../kit/session";
import { show } from "../../test/app";
import { data, serve, type Asked } from "../../test/server";
import { AccessPage } from "./AccessPage";

const PLAN = {
  summary: "x",
  empty: 0,
  steps: [],
  hazards: [],
  diff: "",
  command: "c",
  reversible: 1,
  fingerprint: "f",
};
const ROLES = [
  { roleid: "Administrator", privs: "Sys.Audit,Sys.Modify", special: 1 },
  { roleid: "NoAccess", privs: "", special: 1 },
];

function host(cap: object) {
  return serve({
    "GET /access/session": () => data({ username: "root@pam", CSRFPreventionToken: "t", cap }),
    "GET /access/users": () =>
      data([{ userid: "ada@pve", enable: 1, expire: 0, comment: "old", groups: "ops" }]),
    "GET /access/groups": () => data([{ groupid: "ops", users: "ada@pve" }]),
    "GET /access/domains": () => data([{ realm: "pve", type: "pve" }]),
    "GET /access/roles": () => data(ROLES),
    "GET /access/acl": () => data([]),
    "GET /nodes": () => data([]),
    "PUT /access/users/ada@pve": () => data(PLAN),
    "PUT /access/acl": () => data(PLAN),
  });
}

async function open(tab: string, cap: object) {
  const asked = host(cap);
  localStorage.setItem("innkeeper.session", "1");
  await restore();
  show(
    <Changes>
      <AccessPage rest={[tab]} />
    </Changes>,
  );
  return asked;
}

const planned = (asked: Asked[]) => asked.find(({ params }) => "dry-run" in params)?.params;

beforeEach(() => localStorage.clear());

it("sends a remark that was emptied as an empty one, and groups as a list", async () => {
  const asked = await open("users", { access: { "User.Modify": 1 } });
  await userEvent.click(await screen.findByRole("button", { name: "Kebab toggle" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Edit" }));
  const dialog = within(screen.getByRole("dialog"));
  await userEvent.clear(dialog.getByLabelText("Remark"));
  await userEvent.click(await dialog.findByRole("checkbox", { name: "ops" }));
  await userEvent.click(dialog.getByRole("button", { name: "Review the change" }));
  expect(await screen.findByRole("button", { name: "Apply" })).toBeTruthy();
  expect(planned(asked)).toMatchObject({ comment: "", groups: "", enable: 1, expire: 0 });
});

it("gives a role to a group on a path", async () => {
  const asked = await open("permissions", { access: { "Permissions.Modify": 1 } });
  const [give] = await screen.findAllByRole("button", { name: "Give a role" });
  await userEvent.click(give as HTMLElement);
  const dialog = within(screen.getByRole("dialog"));
  const path = dialog.getByLabelText(/^Path/);
  await userEvent.clear(path);
  await userEvent.type(path, "/nodes/pve1");
  await userEvent.selectOptions(dialog.getByLabelText("To"), "group");
  await userEvent.selectOptions(dialog.getByLabelText(/^Name/), "ops");
  await userEvent.selectOptions(dialog.getByLabelText(/^Role/), "Administrator");
  await userEvent.click(dialog.getByRole("button", { name: "Review the change" }));
  expect(await screen.findByRole("button", { name: "Apply" })).toBeTruthy();
  expect(planned(asked)).toEqual({
    path: "/nodes/pve1",
    groups: "ops",
    roles: "Administrator",
    propagate: 1,
    "dry-run": 1,
  });
});

it("offers no change of users to those who may not make one", async () => {
  await open("users", { access: {} });
  expect(await screen.findByText("ada@pve")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Add user" })).toBeNull();
  expect(screen.getByRole<HTMLInputElement>("switch").disabled).toBe(true);
});
