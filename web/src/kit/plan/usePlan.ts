import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useReducer } from "react";
import { ApiError, exchange } from "../api";
import type { Plan } from "../types";
import { useTaskStatus } from "../tasks/data";
import { consent, FIRST, next, type Change, type PlanState } from "./state";

/** Precondition failed, conflict: between question and answer the machine has changed. */
const MOVED = [409, 412];

export interface PlanControls {
  state: PlanState;
  tick: (hazards: readonly number[], on: boolean) => void;
  apply: () => void;
  ask: () => void;
}

export function usePlan(change: Change): PlanControls {
  const [state, send] = useReducer(next, FIRST);
  const queries = useQueryClient();
  const ask = useCallback(() => send({ is: "ask" }), []);
  const planning = state.step === "planning";

  useEffect(() => {
    if (!planning) return;
    const abort = new AbortController();
    exchange<Plan>(change.verb, change.path, { ...change.params, "dry-run": 1 }, abort.signal)
      .then(({ data }) => send({ is: "planned", plan: data }))
      .catch((error: Error) => {
        if (!abort.signal.aborted) send({ is: "refused", error });
      });
    return () => abort.abort();
  }, [change, planning]);

  const apply = useCallback(() => {
    if (state.step !== "review") return;
    send({ is: "send" });
    exchange<string>(change.verb, change.path, { ...change.params, ...consent(state.plan, state.ticked) })
      .then(({ data }) => send({ is: "started", upid: data }))
      .catch((error: Error) => {
        const moved = error instanceof ApiError && MOVED.includes(error.status);
        send(moved ? { is: "ask", notice: error.message } : { is: "refused", error });
      });
  }, [change, state]);

  const upid = state.step === "running" ? state.upid : undefined;
  const status = useTaskStatus(change.node, upid);
  const exit =
    status.data?.status === "stopped" ? (status.data.exitstatus ?? "unexpected status") : undefined;
  useEffect(() => {
    if (upid === undefined || exit === undefined) return;
    send({ is: "finished", exit });
    void queries.invalidateQueries();
  }, [upid, exit, queries]);

  const tick = useCallback(
    (hazards: readonly number[], on: boolean) => send({ is: "tick", hazards, on }),
    [],
  );
  return { state, tick, apply, ask };
}
