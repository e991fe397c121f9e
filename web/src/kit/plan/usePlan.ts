import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useReducer } from "react";
import { exchange, isModified } from "../api";
import type { Plan } from "../types";
import { nodeOf, useTaskStatus } from "../tasks/data";
import type { ChangeCall } from "./change";
import { consent, FIRST, next, paramsOf, type PlanState } from "./state";

export interface PlanControls {
  state: PlanState;
  tick: (hazards: readonly number[], on: boolean) => void;
  /** Whether it is to be taken back after so many seconds unless somebody confirms it. */
  arm: (within: number | undefined) => void;
  apply: () => void;
  ask: () => void;
}

export function usePlan(change: ChangeCall): PlanControls {
  const [state, send] = useReducer(next, FIRST);
  const queries = useQueryClient();
  const ask = useCallback(() => send({ is: "ask" }), []);
  const planning = state.step === "planning" ? state : undefined;

  useEffect(() => {
    if (!planning) return;
    const abort = new AbortController();
    const params = { ...paramsOf(change, planning), "dry-run": 1 };
    exchange<Plan>(change.verb, change.path, params, abort.signal)
      .then(({ data }) => send({ is: "planned", plan: data }))
      .catch((error: Error) => {
        if (abort.signal.aborted) return;
        send(isModified(error) && !planning.moved ? { is: "moved" } : { is: "refused", error });
      });
    return () => abort.abort();
  }, [change, planning]);

  const finished = useCallback(
    (exit = "OK") => {
      send({ is: "finished", exit });
      void queries.invalidateQueries();
    },
    [queries],
  );

  const apply = useCallback(() => {
    if (state.step !== "review") return;
    send({ is: "send" });
    const params = { ...paramsOf(change, state), ...consent(change, state) };
    exchange<unknown>(change.verb, change.path, params)
      .then(({ data, task, unchanged }) => {
        // Somebody else did it meanwhile: the new plan says that there is nothing left to do.
        if (unchanged) return send({ is: "moved" });
        send({ is: "started", upid: change.how === "act" ? "" : (task ?? String(data)), answer: data });
        if (change.how === "act") finished();
      })
      .catch((error: Error) => send(isModified(error) ? { is: "moved" } : { is: "refused", error }));
  }, [change, state, finished]);

  const upid = state.step === "running" && state.upid !== "" ? state.upid : undefined;
  const status = useTaskStatus(nodeOf(upid), upid);
  const exit =
    status.data?.status === "stopped" ? (status.data.exitstatus ?? "unexpected status") : undefined;
  useEffect(() => {
    if (upid !== undefined && exit !== undefined) finished(exit);
  }, [upid, exit, finished]);

  const tick = useCallback(
    (hazards: readonly number[], on: boolean) => send({ is: "tick", hazards, on }),
    [],
  );
  const arm = useCallback((within: number | undefined) => send({ is: "arm", within }), []);
  return { state, tick, arm, apply, ask };
}
