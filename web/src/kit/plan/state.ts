// The life of one change, from question to answer. Pure: the dialog shows it, the hook beside it drives it.

import type { Params } from "../api";
import type { Hazard, Plan } from "../types";
import type { ChangeCall } from "./change";

/** `moved`: the host has changed since the person looked, so this is a plan from what is there now. */
export type PlanState =
  | { step: "planning"; moved: boolean }
  | { step: "refused"; error: Error; moved: boolean }
  | {
      step: "review";
      plan: Plan;
      ticked: readonly number[];
      within?: number;
      sending: boolean;
      moved: boolean;
    }
  | { step: "running"; plan: Plan; within?: number; upid: string; answer?: unknown }
  | { step: "finished"; plan: Plan; within?: number; upid: string; exit: string; answer?: unknown };

export type PlanEvent =
  | { is: "ask" }
  | { is: "moved" }
  | { is: "planned"; plan: Plan }
  | { is: "refused"; error: Error }
  | { is: "tick"; hazards: readonly number[]; on: boolean }
  | { is: "arm"; within: number | undefined }
  | { is: "send" }
  | { is: "started"; upid: string; answer?: unknown }
  | { is: "finished"; exit: string };

export const FIRST: PlanState = { step: "planning", moved: false };

export function next(state: PlanState, event: PlanEvent): PlanState {
  switch (event.is) {
    case "ask":
      return { step: "planning", moved: "moved" in state && state.moved };
    case "moved":
      return { step: "planning", moved: true };
    case "planned":
      return state.step === "planning"
        ? {
            step: "review",
            plan: event.plan,
            ticked: [],
            within: event.plan.armed ?? undefined,
            sending: false,
            moved: state.moved,
          }
        : state;
    case "refused":
      return { step: "refused", error: event.error, moved: "moved" in state && state.moved };
    case "tick": {
      if (state.step !== "review") return state;
      const others = state.ticked.filter((index) => !event.hazards.includes(index));
      return { ...state, ticked: event.on ? [...others, ...event.hazards] : others };
    }
    case "arm":
      return state.step === "review" ? { ...state, within: event.within } : state;
    case "send":
      return state.step === "review" ? { ...state, sending: true } : state;
    case "started":
      return state.step === "review"
        ? { step: "running", plan: state.plan, within: state.within, upid: event.upid, answer: event.answer }
        : state;
    case "finished":
      return state.step === "running" ? { ...state, step: "finished", exit: event.exit } : state;
  }
}

/** The positions of the hazards of one severity: a warning or a danger has to be ticked, a notice has not. */
export function hazardsOf(plan: Plan, severity: Hazard["severity"]): number[] {
  return plan.hazards.flatMap((hazard, index) => (hazard.severity === severity ? [index] : []));
}

export function mayApply(state: PlanState): boolean {
  if (state.step !== "review" || state.sending || state.plan.empty) return false;
  const asked = [...hazardsOf(state.plan, "warning"), ...hazardsOf(state.plan, "danger")];
  return asked.every((index) => state.ticked.includes(index));
}

/** What is sent with the call to say that the plan was read, these hazards were accepted, and how it is to be done. */
export function consent(
  { how }: Pick<ChangeCall, "how">,
  { plan, ticked, within }: Pick<PlanState & { step: "review" }, "plan" | "ticked" | "within">,
): Params {
  if (how === "act") return {};
  const ids = ticked.flatMap((index) => plan.hazards[index]?.id ?? []);
  return {
    plan: plan.fingerprint,
    accept: [...new Set(ids)].join(",") || undefined,
    background: how === "waited" ? undefined : 1,
    "confirm-within": within,
  };
}

/** A task ended well when its last word is OK, or a number of warnings. */
export function succeeded(exit: string): boolean {
  return exit === "OK" || exit.startsWith("WARNINGS");
}

/**
 * The parameters to send. The digest says what the person was looking at; when that is out of date they are shown the
 * new plan instead, and from then on its fingerprint says what they looked at.
 */
export function paramsOf(change: ChangeCall, state: PlanState): Params {
  if (!("moved" in state) || !state.moved) return change.params;
  return { ...change.params, digest: undefined };
}
