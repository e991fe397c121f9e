import { fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { show } from "../../test/app";
import { data, refusal, serve } from "../../test/server";
import { restore } from "../session";
import { TaskLog } from "./TaskLog";

const UPID = "UPID:inn1:0001:0002:0003:aptupdate::root@pam:";
const PATH = `/nodes/inn1/tasks/${UPID}`;

/** A task of which each look at its log shows one line more, until it is stopped. */
function runningTask() {
  const task = { stopped: false, lines: 0 };
  const asked = serve({
    "GET /access/session": () =>
      data({ username: "root@pam", CSRFPreventionToken: "t", cap: { nodes: { "Sys.Modify": 1 } } }),
    [`GET ${PATH}/status`]: () =>
      data({
        upid: UPID,
        type: "aptupdate",
        id: "",
        user: "root@pam",
        starttime: 1,
        status: task.stopped ? "stopped" : "running",
        exitstatus: task.stopped ? "unexpected status" : undefined,
        progress: { done: 2, total: 5, what: "reading lists" },
      }),
    [`GET ${PATH}/log`]: ({ params }) => {
      const start = Number(params.start);
      if (!task.stopped) task.lines += 1;
      const lines = Array.from({ length: task.lines }, (_, index) => ({
        n: index + 1,
        t: `line ${index + 1}`,
      }));
      return data(lines.slice(start), { total: task.lines });
    },
    [`DELETE ${PATH}`]: () => {
      task.stopped = true;
      return data(null);
    },
  });
  return asked;
}

it("shows progress and each new line while a task runs, and stops it on demand", async () => {
  localStorage.setItem("innkeeper.session", "1");
  const asked = runningTask();
  await restore();
  show(<TaskLog node="inn1" upid={UPID} headed />);
  const bar = await screen.findByRole("progressbar", { name: /reading lists|Progress/ });
  expect(bar.getAttribute("aria-valuenow")).toBe("2");
  expect(await screen.findByText("line 1")).toBeTruthy();
  expect(await screen.findByText("line 2", {}, { timeout: 3_000 })).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Stop" }));
  await waitFor(() => expect(screen.queryByRole("progressbar")).toBeNull(), { timeout: 3_000 });
  const stops = asked.filter(({ verb }) => verb === "DELETE");
  expect(stops.map(({ path, headers }) => [path, headers.get("CSRFPreventionToken")])).toEqual([[PATH, "t"]]);
  const starts = asked.filter(({ path }) => path.endsWith("/log")).map(({ params }) => Number(params.start));
  expect(starts).toEqual([...starts].sort((a, b) => a - b));
});

it("stops following when the reader scrolls up, and follows again when asked to", async () => {
  runningTask();
  show(<TaskLog node="inn1" upid={UPID} />);
  const log = await screen.findByRole("log");
  const follow = screen.getByRole<HTMLInputElement>("switch", { name: "Follow the log" });
  expect(follow.checked).toBe(true);
  Object.defineProperties(log, { scrollHeight: { value: 1_000 }, clientHeight: { value: 100 } });
  log.scrollTop = 200;
  fireEvent.scroll(log);
  expect(follow.checked).toBe(false);
  await userEvent.click(follow);
  expect(log.scrollTop).toBe(1_000);
});

it("says why a task cannot be shown", async () => {
  serve({
    [`GET ${PATH}/status`]: () =>
      refusal(400, "Parameter verification failed.", { errors: { upid: "no such task" } }),
  });
  show(<TaskLog node="inn1" upid={UPID} />);
  expect(await screen.findByText(/no such task/)).toBeTruthy();
});
