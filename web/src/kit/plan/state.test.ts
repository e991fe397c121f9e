import { describe, expect, it } from "vitest";
import type { Plan } from "../types";
import { consent, FIRST, mayApply, next, paramsOf, succeeded, type PlanEvent, type PlanState } from "./state";

const hazard = (id: string, severity: "notice" | "warning" | "danger") => ({
  id,
  severity,
  message: "m",
  avoid: "a",
});

const PLAN: Plan = {
  summary: "disable repository 1",
  empty: 0,
  steps: [],
  hazards: [hazard("n", "notice"), hazard("w", "warning"), hazard("d1", "danger"), hazard("d1", "danger")],
  diff: "",
  command: "innkeeper apt disable",
  reversible: 1,
  fingerprint: "f00",
};

function after(...events: PlanEvent[]): PlanState {
  return events.reduce(next, FIRST);
}

describe("a plan", () => {
  it("may be applied once every warning and every danger is ticked", () => {
    const planned = after({ is: "planned", plan: PLAN });
    expect(mayApply(planned)).toBe(false);
    const warned = next(planned, { is: "tick", hazards: [1], on: true });
    expect(mayApply(next(warned, { is: "tick", hazards: [2], on: true }))).toBe(false);
    const all = [1, 2, 3].reduce<PlanState>(
      (state, index) => next(state, { is: "tick", hazards: [index], on: true }),
      planned,
    );
    expect(mayApply(all)).toBe(true);
    expect(mayApply(next(all, { is: "tick", hazards: [2], on: false }))).toBe(false);
    expect(mayApply(next(all, { is: "send" }))).toBe(false);
  });

  it("may not be applied when there is nothing to do", () => {
    expect(mayApply(after({ is: "planned", plan: { ...PLAN, hazards: [], empty: 1 } }))).toBe(false);
  });

  it("that may cut people off is armed unless they say otherwise", () => {
    const planned = after({ is: "planned", plan: { ...PLAN, armable: 1, armed: 90 } });
    expect(planned).toMatchObject({ step: "review", within: 90 });
    expect(next(planned, { is: "arm", within: undefined })).toMatchObject({ within: undefined });
    expect(after({ is: "planned", plan: PLAN })).toMatchObject({ within: undefined });
  });

  it("is sent with its fingerprint and each accepted hazard once", () => {
    const shown = { plan: PLAN, ticked: [1, 2, 3] };
    expect(consent({}, shown)).toEqual({ plan: "f00", accept: "w,d1", background: 1 });
    expect(consent({}, { ...shown, within: 60 })).toMatchObject({ "confirm-within": 60 });
    expect(consent({ how: "waited" }, shown)).toEqual({ plan: "f00", accept: "w,d1" });
    expect(consent({ how: "act" }, shown)).toEqual({});
  });

  it("forgets what was ticked when the host has moved on, and asks from what is there now", () => {
    const ticked = after(
      { is: "planned", plan: PLAN },
      { is: "tick", hazards: [1], on: true },
      { is: "send" },
    );
    const again = [{ is: "moved" } as const, { is: "planned", plan: PLAN } as const].reduce<PlanState>(
      next,
      ticked,
    );
    expect(again).toMatchObject({ step: "review", ticked: [], moved: true, sending: false });
    const change = {
      title: "",
      node: "n",
      verb: "POST" as const,
      path: "/",
      params: { index: 1, digest: "old" },
    };
    expect(paramsOf(change, ticked)).toMatchObject({ digest: "old" });
    expect(paramsOf(change, again)).toEqual({ index: 1, digest: undefined });
  });

  it("keeps to its course when answers come late", () => {
    const running = after({ is: "planned", plan: PLAN }, { is: "started", upid: "UPID:1" });
    expect(next(running, { is: "planned", plan: PLAN })).toBe(running);
    expect(next(running, { is: "tick", hazards: [1], on: true })).toBe(running);
    expect(next(running, { is: "finished", exit: "OK" })).toMatchObject({ step: "finished", exit: "OK" });
  });

  it("ended well with OK and with warnings", () => {
    expect(["OK", "WARNINGS: 2", "disk full", "unexpected status"].map(succeeded)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
