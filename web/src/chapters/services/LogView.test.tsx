import { fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { show } from "../../test/app";
import { data, refusal, serve, type Asked } from "../../test/server";
import { LogView } from "./LogView";

const entry = (number: number, more: object = {}) => ({
  cursor: `c${number}`,
  time: 1_700_000_000 + number,
  identifier: "sshd",
  pid: 7,
  host: "h",
  message: `entry ${number}`,
  ...more,
});

const LOG = "GET /nodes/pve1/log";

/** A log of `count` entries, answered as the program does: after or before a cursor, or the newest. */
function journal(count: number) {
  const all = Array.from({ length: count }, (_, index) => entry(index));
  return ({ params }: Asked) => {
    const place = (cursor: unknown) => all.findIndex((candidate) => candidate.cursor === cursor);
    const most = Number(params["lastentries"]);
    if (params["startcursor"]) {
      const from = place(params["startcursor"]) + 1;
      return data(all.slice(from, from + most));
    }
    const end = params["endcursor"] ? place(params["endcursor"]) : all.length;
    return data(all.slice(Math.max(0, end - most), end));
  };
}

it("shows the newest entries, and goes back until the log begins", async () => {
  serve({ [LOG]: journal(700) });
  show(<LogView node="pve1" filter={{}} label="the log" />);
  expect(await screen.findByText("entry 699")).toBeTruthy();
  expect(screen.queryByText("entry 150")).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Earlier entries" }));
  expect(await screen.findByText("entry 0")).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "Earlier entries" }));
  expect(await screen.findByText("Here the log begins.")).toBeTruthy();
});

it("says how bad an entry is in a word, not by colour alone", async () => {
  serve({
    [LOG]: () => data([entry(1, { priority: 3 }), entry(2, { priority: 4 }), entry(3, { priority: 6 })]),
  });
  show(<LogView node="pve1" filter={{}} label="the log" />);
  expect((await screen.findByText("entry 1")).textContent).toBe("error: entry 1");
  expect(screen.getByText("entry 2").textContent).toBe("warning: entry 2");
  expect(screen.getByText("entry 3").textContent).toBe("entry 3");
});

it("appends what is new while it is followed, and asks for that only", async () => {
  const news = [entry(3)];
  const asked = serve({
    [LOG]: ({ params }) => (params["startcursor"] ? data(news.splice(0)) : data([entry(1), entry(2)])),
  });
  show(<LogView node="pve1" filter={{ service: "chrony", priority: "err" }} label="the log" />);
  expect(await screen.findByText("entry 2")).toBeTruthy();
  await waitFor(() => expect(screen.getByText("entry 3")).toBeTruthy(), { timeout: 10_000 });
  expect(asked[1]?.params).toMatchObject({ startcursor: "c2", service: "chrony", priority: "err" });
});

it("does not follow a log that has an end, and says when nothing was written", async () => {
  serve({ [LOG]: () => data([]) });
  show(<LogView node="pve1" filter={{ until: 1 }} label="the log" />);
  expect(await screen.findByText("Nothing was written")).toBeTruthy();
  expect(screen.queryByRole("switch")).toBeNull();
});

it("shows the refusal of the host in its own words", async () => {
  serve({ [LOG]: () => refusal(500, "another system's tree has none") });
  show(<LogView node="pve1" filter={{}} label="the log" />);
  expect(await screen.findByText("another system's tree has none")).toBeTruthy();
});
