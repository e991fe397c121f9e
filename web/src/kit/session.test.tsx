import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import { App } from "../App";
import { show } from "../test/app";
import { exchange } from "./api";
import { data, refusal, serve, type Asked } from "../test/server";
import { askedBy, restore } from "./session";

const SESSION = { username: "root@pam", CSRFPreventionToken: "t", cap: { nodes: { "Sys.Modify": 1 } } };
const REALMS = { "GET /access/domains": () => data([{ realm: "pam", type: "pam", comment: "Linux PAM" }]) };
const HOST = {
  ...REALMS,
  "GET /nodes": () => data([{ node: "inn1", status: "online", type: "node", id: "node/inn1" }]),
  "GET /version": () => data({ version: "8.1.10", release: "8.1", repoid: "x", innkeeper: "0.1.0" }),
  "GET /cluster/tasks": () => data([]),
  "GET /nodes/inn1/tasks": () => data([], { total: 0 }),
  "GET /nodes/inn1/history": () => data([], { total: 0 }),
  "GET /nodes/inn1/checks": () => data([]),
  "DELETE /access/session": () => data(null),
};

beforeEach(() => {
  localStorage.clear();
  location.hash = "";
});

it("logs in by the link of the address, once, and takes the secret out of the address", async () => {
  const asked = serve({ ...HOST, "POST /access/link": () => data(SESSION) });
  location.hash = "#link=a%2Bb";
  const restored = restore();
  expect(location.hash).toBe("");
  await restored;
  show(<App />);
  expect(await screen.findByRole("heading", { name: "Summary" })).toBeTruthy();
  expect(asked.find(({ path }) => path === "/access/link")?.params).toEqual({ secret: "a+b" });
});

it("shows the login form with the reason when the link is used up", async () => {
  serve({ ...HOST, "POST /access/link": () => refusal(401, "authentication failure") });
  location.hash = "#link=old";
  await restore();
  show(<App />);
  expect(await screen.findByText(/This login link does not work/)).toBeTruthy();
});

it("asks for a session only where there was one", async () => {
  const asked = serve({ ...HOST, "GET /access/session": () => refusal(401, "No ticket") });
  await restore();
  expect(asked).toHaveLength(0);
  localStorage.setItem("innkeeper.session", "1");
  await restore();
  expect(asked.map(({ path }) => path)).toEqual(["/access/session"]);
  expect(localStorage.getItem("innkeeper.session")).toBeNull();
});

it("goes back to the login form when the host no longer knows the session", async () => {
  let known = true;
  serve({
    ...HOST,
    "GET /access/session": () => data(SESSION),
    "GET /nodes/inn1/checks": () => (known ? data([]) : refusal(401, "permission denied - invalid ticket")),
  });
  localStorage.setItem("innkeeper.session", "1");
  await restore();
  location.hash = "#/nodes/inn1/checks";
  show(<App />);
  expect(await screen.findByText("Nothing to report")).toBeTruthy();
  known = false;
  await userEvent.click(screen.getByRole("button", { name: "Check again" }));
  expect(await screen.findByText(/Your session has ended/)).toBeTruthy();
  expect(location.hash).toBe("#/nodes/inn1/checks");
});

it("knows from a page about access that the session has ended, and from a wrong password that it has not", async () => {
  serve({
    ...HOST,
    "GET /access/session": () => data(SESSION),
    "PUT /access/password": () => refusal(401, "authentication failure"),
    "GET /access/users": () => refusal(401, "permission denied - invalid ticket"),
  });
  localStorage.setItem("innkeeper.session", "1");
  await restore();
  show(<App />);
  await expect(exchange("PUT", "/access/password")).rejects.toThrow("authentication failure");
  expect(await screen.findByRole("heading", { name: "Summary" })).toBeTruthy();
  await expect(exchange("GET", "/access/users")).rejects.toThrow("invalid ticket");
  expect(await screen.findByText(/Your session has ended/)).toBeTruthy();
});

it("logs in with a password in the chosen realm, and out again", async () => {
  const asked = serve({
    ...HOST,
    "POST /access/ticket": ({ params }: Asked) =>
      params.password === "right" ? data(SESSION) : refusal(401, "authentication failure"),
  });
  await restore();
  show(<App />);
  const password = await screen.findByLabelText(/Password/);
  await userEvent.type(password, "wrong{Enter}");
  expect(await screen.findByText("User name, password or realm is wrong.")).toBeTruthy();
  await userEvent.type(password, "right{Enter}");
  expect(await screen.findByRole("heading", { name: "Summary" })).toBeTruthy();
  expect(asked.filter(({ path }) => path === "/access/ticket").map(({ params }) => params)).toEqual([
    { username: "root", password: "wrong", realm: "pam" },
    { username: "root", password: "right", realm: "pam" },
  ]);
  await userEvent.click(screen.getByRole("button", { name: /User menu/ }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Log out" }));
  expect(await screen.findByText("You are logged out.")).toBeTruthy();
});

it("shows nobody what the user before was allowed to see", async () => {
  let isRoot = true;
  serve({
    ...HOST,
    "GET /access/session": () => data(SESSION),
    "POST /access/ticket": () => data({ ...SESSION, username: "eve@pam" }),
    "GET /access/users": () =>
      isRoot
        ? data([{ userid: "ada@pve", enable: 1, expire: 0 }])
        : refusal(403, "Permission check failed (/access/groups, Sys.Audit)"),
  });
  localStorage.setItem("innkeeper.session", "1");
  await restore();
  location.hash = "#/datacenter/access/users";
  show(<App />);
  expect(await screen.findByText("ada@pve", {}, { timeout: 5_000 })).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: /User menu/ }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Log out" }));
  isRoot = false;
  await userEvent.type(await screen.findByLabelText(/Password/), "right{Enter}");
  expect(await screen.findByRole("heading", { name: "Access" })).toBeTruthy();
  expect(await screen.findByText(/Permission check failed/)).toBeTruthy();
  expect(screen.queryByText("ada@pve")).toBeNull();
});

it("opens pages by two keys, except while somebody types", async () => {
  serve({ ...HOST, "GET /access/session": () => data(SESSION) });
  localStorage.setItem("innkeeper.session", "1");
  await restore();
  location.hash = "#/nodes/inn1/tasks";
  show(<App />);
  await userEvent.type(await screen.findByRole("textbox", { name: "User" }), "gh");
  expect(location.hash).toContain("/tasks");
  (document.activeElement as HTMLElement).blur();
  await userEvent.keyboard("gh");
  expect(await screen.findByText("Nothing was changed yet")).toBeTruthy();
  await userEvent.keyboard("?");
  expect(await screen.findByRole("dialog", { name: "Keyboard shortcuts" })).toBeTruthy();
});

const CHALLENGE = "PVE:!tfa!%7B%22totp%22%3Atrue%2C%22recovery%22%3A%5B0%5D%7D:6923A1B2::c2ln";

it("asks for a second factor where one is set up, and says when it was not accepted", async () => {
  const asked = serve({
    ...HOST,
    "POST /access/ticket": ({ params }: Asked) => {
      if (!params["tfa-challenge"]) return data({ username: "ada@pve", ticket: CHALLENGE, NeedTFA: 1 });
      return params.password === "recovery:1a2b" ? data(SESSION) : refusal(401, "authentication failure");
    },
  });
  await restore();
  show(<App />);
  await userEvent.type(await screen.findByLabelText(/Password/), "right{Enter}");
  await userEvent.type(await screen.findByRole("textbox", { name: /^Code/ }), "123 456{Enter}");
  expect(await screen.findByText(/This was not accepted/)).toBeTruthy();
  await userEvent.click(screen.getByLabelText("Recovery key"));
  await userEvent.type(screen.getByRole("textbox", { name: /Recovery key/ }), "1a2b{Enter}");
  expect(await screen.findByRole("heading", { name: "Summary" })).toBeTruthy();
  const answers = asked.filter(({ params }) => params["tfa-challenge"]).map(({ params }) => params);
  expect(answers).toEqual([
    { username: "ada@pve", password: "totp:123456", "tfa-challenge": CHALLENGE },
    { username: "ada@pve", password: "recovery:1a2b", "tfa-challenge": CHALLENGE },
  ]);
});

it("reads from a challenge what can answer it", () => {
  expect(askedBy(CHALLENGE)).toEqual({ totp: true, recovery: [0] });
  expect(askedBy("PVE:!tfa!%7B%22totp%22%3Afalse%7D:6923A1B2::x")).toEqual({});
  expect(askedBy("PVE:root@pam:6923A1B2::x")).toEqual({});
});
