import { createContext, use, useCallback, useMemo, useState, type ReactNode } from "react";
import { change as call, type ChangeCall } from "./change";
import { PlanDialog } from "./PlanDialog";

const Propose = createContext<(change: ChangeCall) => void>(() => {});

/** Opens the plan dialog for a change. Nothing in this program changes a machine by another way. */
export function usePropose(): (change: ChangeCall) => void {
  return use(Propose);
}

export function undoOf(node: string, id: number): ChangeCall {
  return call(`Undo change ${id}`, "post", "/nodes/{node}/history/{change}/undo", { node, change: id }, {});
}

export function finishOf(node: string, id: number): ChangeCall {
  return call(
    `Finish change ${id}`,
    "post",
    "/nodes/{node}/history/{change}/finish",
    { node, change: id },
    {},
  );
}

export function Changes({ children }: { children: ReactNode }) {
  const [proposed, setProposed] = useState<{ change: ChangeCall; number: number }>();
  const propose = useCallback((change: ChangeCall) => {
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
