import { createContext, use, useCallback, useMemo, useState, type ReactNode } from "react";
import { pathOf } from "../api";
import type { Change } from "./state";
import { PlanDialog } from "./PlanDialog";

const Propose = createContext<(change: Change) => void>(() => {});

/** Opens the plan dialog for a change. Nothing in this program changes a machine by another way. */
export function usePropose(): (change: Change) => void {
  return use(Propose);
}

export function undoOf(node: string, id: number): Change {
  return {
    title: `Undo change ${id}`,
    node,
    verb: "POST",
    path: pathOf("/nodes/{node}/history/{change}/undo", { node, change: id }),
    params: {},
  };
}

export function Changes({ children }: { children: ReactNode }) {
  const [proposed, setProposed] = useState<{ change: Change; number: number }>();
  const propose = useCallback((change: Change) => {
    setProposed((before) => ({ change, number: (before?.number ?? 0) + 1 }));
  }, []);
  const close = useCallback(() => setProposed(undefined), []);
  const dialog = useMemo(
    () =>
      proposed && (
        <PlanDialog key={proposed.number} change={proposed.change} onClose={close} onPropose={propose} />
      ),
    [proposed, close, propose],
  );
  return (
    <Propose value={propose}>
      {children}
      {dialog}
    </Propose>
  );
}
