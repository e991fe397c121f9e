import { screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { show } from "../../test/app";
import { data, serve, type Asked } from "../../test/server";
import { isRunning, useTaskLog } from "./data";
import { taskName, taskResult } from "./names";

const LOG = "GET /nodes/pve1/tasks/U/log";

function Log({ running }: { running: boolean }) {
  const log = useTaskLog("pve1", "U", running);
  return <p>lines: {log.data?.join("|") ?? "none"}</p>;
}

it("fetches a log piece by piece, each line once", async () => {
  const lines = Array.from({ length: 2_500 }, (_, index) => ({ n: index + 1, t: `l${index + 1}` }));
  const asked = serve({
    [LOG]: ({ params }: Asked) => {
      const start = Number(params.start);
      return data(lines.slice(start, start + Number(params.limit)), { total: lines.length });
    },
  });
  show(<Log running />);
  expect((await screen.findByText(/l2500$/)).textContent).toBe(`lines: ${lines.map(({ t }) => t).join("|")}`);
  expect(asked.map(({ params }) => params.start)).toEqual(["0", "2000"]);
});

it("does not take the answer to an empty log for a line of it", async () => {
  serve({ [LOG]: () => data([{ n: 1, t: "no content" }], { total: 0 }) });
  show(<Log running />);
  expect(await screen.findByText("lines:")).toBeTruthy();
});

it("knows how a task ended from its last word", () => {
  expect(
    [undefined, "OK", "WARNINGS: 3", "disk full", "unexpected status"].map((status) =>
      taskResult(status, false),
    ),
  ).toEqual(["unknown", "ok", "warning", "error", "unknown"]);
  expect(isRunning({ status: "RUNNING" })).toBe(true);
  expect(isRunning({ endtime: 5, status: "OK" })).toBe(false);
});

it("names tasks in words where it knows them", () => {
  expect(taskName({ type: "aptupdate", id: "" })).toBe("Refresh package lists");
  expect(taskName({ type: "wipedisk", id: "sda" })).toBe("wipedisk sda");
});
