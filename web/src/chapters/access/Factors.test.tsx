import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import { Changes } from "../../kit/plan/Changes";
import { restore } from "../../kit/session";
import { show } from "../../test/app";
import { data, serve } from "../../test/server";
import { Factors } from "./Factors";

const PLAN = {
  summary: "x",
  empty: 0,
  steps: [],
  hazards: [],
  diff: "",
  command: "c",
  reversible: 1,
  armable: 0,
  fingerprint: "f",
};

async function open(username: string) {
  const asked = serve({
    "GET /access/session": () => data({ username, CSRFPreventionToken: "t", cap: { access: {} } }),
    "GET /access/tfa": () =>
      data([
        {
          userid: "ada@pve",
          entries: [{ id: "7", type: "totp", description: "phone", enable: 1, created: 1 }],
          "totp-locked": 1,
        },
      ]),
    "GET /nodes": () => data([]),
    "POST /access/tfa/ada@pve": () => data(PLAN),
    "DELETE /access/tfa/ada@pve/7": () => data(PLAN),
  });
  localStorage.setItem("innkeeper.session", "1");
  await restore();
  show(
    <Changes>
      <Factors userid="ada@pve" />
    </Changes>,
  );
  return asked;
}

const planned = (asked: Awaited<ReturnType<typeof open>>) =>
  asked.find(({ params }) => "dry-run" in params)?.params;

beforeEach(() => localStorage.clear());

it("adds an app that has shown a code, with the secret of the QR code and the password of whoever asks", async () => {
  const asked = await open("ada@pve");
  await userEvent.click(await screen.findByRole("button", { name: "Add an authenticator app" }));
  const dialog = within(screen.getByRole("dialog"));
  expect(dialog.getByRole("img", { name: /QR code/ })).toBeTruthy();
  const secret = dialog.getByRole("group", { name: "Secret of the app" }).textContent.replaceAll(" ", "");
  await userEvent.type(dialog.getByLabelText(/^Name of the app/), "phone");
  await userEvent.type(dialog.getByLabelText(/^Your present password/), "pw");
  const review = dialog.getByRole<HTMLButtonElement>("button", { name: "Review the change" });
  await userEvent.type(dialog.getByLabelText(/^Code/), "12345");
  expect(review.disabled).toBe(true);
  await userEvent.type(dialog.getByLabelText(/^Code/), "6");
  await userEvent.click(review);
  expect(await screen.findByRole("button", { name: "Apply" })).toBeTruthy();
  expect(planned(asked)).toMatchObject({
    type: "totp",
    description: "phone",
    value: "123456",
    password: "pw",
  });
  expect(planned(asked)?.["totp"]).toContain(`secret=${secret}`);
});

it("asks for the password before a factor is removed", async () => {
  const asked = await open("ada@pve");
  await userEvent.click(await screen.findByRole("button", { name: "Kebab toggle" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Remove" }));
  await userEvent.type(screen.getByLabelText(/^Your present password/), "pw{Enter}");
  expect(await screen.findByRole("button", { name: "Apply" })).toBeTruthy();
  expect(planned(asked)).toEqual({ password: "pw", "dry-run": "1" });
});

it("offers nothing to somebody else, and says that codes are locked", async () => {
  await open("eve@pve");
  expect(await screen.findByText(/locked after too many wrong answers/)).toBeTruthy();
  expect(screen.queryByRole("button")).toBeNull();
});
