import {
  Alert,
  Button,
  ClipboardCopy,
  ClipboardCopyButton,
  CodeBlock,
  CodeBlockAction,
  CodeBlockCode,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Skeleton,
} from "@patternfly/react-core";
import { useEffect, useId, useState } from "react";
import { ArmedTask } from "../armed/ArmedTask";
import { Problem } from "../states";
import { showTask } from "../tasks/drawer";
import { nodeOf } from "../tasks/data";
import { TaskLog } from "../tasks/TaskLog";
import { undoOf } from "./Changes";
import { Arm } from "./Arm";
import { PlanView } from "./PlanView";
import type { ChangeCall, Revealed } from "./change";
import { mayApply, succeeded, type PlanState } from "./state";
import { useEntryOf } from "./useEntryOf";
import { usePlan, type PlanControls } from "./usePlan";
import "./plan.css";

export interface PlanDialogProps {
  change: ChangeCall;
  onClose: () => void;
  onPropose: (change: ChangeCall) => void;
}

/** The one way to a change: what would happen, what it risks, then the doing, then the way back. */
export function PlanDialog({ change, onClose, onPropose }: PlanDialogProps) {
  const controls = usePlan(change);
  const { state } = controls;
  const { step } = state;
  useEffect(() => {
    // The button that was pressed is gone: go on reading, and tabbing, at the new content.
    if (step !== "planning") document.getElementById("plan-body")?.focus();
  }, [step]);
  return (
    <Modal
      isOpen
      variant="large"
      onClose={onClose}
      aria-labelledby="plan-title"
      aria-describedby="plan-body"
      className="ik-plan"
    >
      <ModalHeader title={change.title} labelId="plan-title" description={description(controls)} />
      <ModalBody id="plan-body" tabIndex={0}>
        <Body change={change} controls={controls} />
      </ModalBody>
      <ModalFooter>
        <Buttons controls={controls} onClose={onClose} onPropose={onPropose} />
        {state.step === "running" && (
          <span className="ik-subtle">You can close this dialog: the task goes on without it.</span>
        )}
      </ModalFooter>
    </Modal>
  );
}

function description({ state }: PlanControls): string | undefined {
  if (!("plan" in state)) return undefined;
  const { summary, steps } = state.plan;
  // A plan of one step says the same below.
  const isRepeated = state.step === "review" && steps.length === 1 && steps[0]?.what === summary;
  return isRepeated ? undefined : sentence(summary);
}

/** Plans are summed up without capital letter and full stop, so that they can be quoted. */
function sentence(summary: string): string {
  const text = summary.charAt(0).toUpperCase() + summary.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function Body({ change, controls }: { change: ChangeCall; controls: PlanControls }) {
  const { state, tick, ask } = controls;
  switch (state.step) {
    case "planning":
      return (
        <div className="ik-stack" aria-busy="true">
          <Skeleton width="60%" screenreaderText="Working out what would be done" />
          <Skeleton height="6rem" />
          <Skeleton width="40%" />
        </div>
      );
    case "refused":
      return <Problem error={state.error} onRetry={ask} />;
    case "review":
      return (
        <div className="ik-stack">
          {state.moved && (
            <Alert isInline isLiveRegion variant="warning" title="The host has changed since you looked">
              Nothing was done yet. This is a new plan, made from what is there now: read it again.
            </Alert>
          )}
          <PlanView plan={state.plan} ticked={state.ticked} onTick={tick} />
          {state.plan.armable === 1 && <Arm within={state.within} onArm={controls.arm} />}
        </div>
      );
    case "running":
      if (state.upid === "") return null;
      return <Task state={state} />;
    case "finished":
      return (
        <div className="ik-stack">
          <Outcome state={state} />
          {succeeded(state.exit) && change.reveals && <Reveal all={change.reveals(state.answer)} />}
          {state.upid !== "" && <Task state={state} />}
        </div>
      );
  }
}

/** What the task says, and how long somebody has to confirm what it does. */
function Task({ state: { plan, upid, within } }: { state: PlanState & { step: "running" | "finished" } }) {
  return (
    <div className="ik-stack">
      {within !== undefined && <ArmedTask upid={upid} plan={plan} within={within} />}
      <TaskLog node={nodeOf(upid)} upid={upid} />
    </div>
  );
}

function Outcome({ state: { exit, upid, within } }: { state: PlanState & { step: "finished" } }) {
  const entry = useEntryOf(within === undefined ? "" : upid);
  if (entry.data?.state === "reverted")
    return (
      <Alert isInline isLiveRegion variant="warning" title="It was taken back">
        Nobody confirmed it in time, or somebody took it back: everything is as it was before.
      </Alert>
    );
  if (exit === "OK") return <Alert isInline isLiveRegion variant="success" title="Done and verified" />;
  if (succeeded(exit))
    return <Alert isInline isLiveRegion variant="warning" title={`Done, with warnings (${exit})`} />;
  return (
    <Alert isInline isLiveRegion variant="danger" title="The change failed">
      {exit}
    </Alert>
  );
}

/** Shown once, then gone: neither the history nor the task knows it. */
function Reveal({ all }: { all: Revealed[] }) {
  return (
    <Alert isInline variant="info" title="Copy this now: it is shown only this once">
      <dl className="ik-plan__revealed">
        {all.map(({ label, value }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {value.includes("\n") ? (
                <Lines label={label} text={value} />
              ) : (
                <ClipboardCopy
                  isReadOnly
                  isCode
                  hoverTip={`Copy: ${label}`}
                  clickTip="Copied"
                  textAriaLabel={label}
                >
                  {value}
                </ClipboardCopy>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </Alert>
  );
}

function Lines({ label, text }: { label: string; text: string }) {
  const id = useId();
  const [isCopied, setCopied] = useState(false);
  return (
    <CodeBlock
      actions={
        <CodeBlockAction>
          <ClipboardCopyButton
            id={`${id}copy`}
            aria-label={`Copy: ${label}`}
            variant="plain"
            onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
            onTooltipHidden={() => setCopied(false)}
          >
            {isCopied ? "Copied" : `Copy: ${label}`}
          </ClipboardCopyButton>
        </CodeBlockAction>
      }
    >
      <CodeBlockCode id={`${id}text`} aria-label={label}>
        {text}
      </CodeBlockCode>
    </CodeBlock>
  );
}

function Buttons({
  controls: { state, apply, ask },
  onClose,
  onPropose,
}: Omit<PlanDialogProps, "change"> & { controls: PlanControls }) {
  if (state.step === "running" || state.step === "finished") {
    return (
      <>
        <Button key="close" variant="primary" onClick={onClose}>
          Close
        </Button>
        {state.step === "finished" && canBeUndone(state) && (
          <UndoButton upid={state.upid} onPropose={onPropose} />
        )}
        {state.step === "finished" && !succeeded(state.exit) && (
          <Button variant="secondary" onClick={ask}>
            Plan again
          </Button>
        )}
        {state.upid !== "" && (
          <Button
            variant="link"
            onClick={() => {
              showTask(nodeOf(state.upid), state.upid);
              onClose();
            }}
          >
            Task log
          </Button>
        )}
      </>
    );
  }
  if (state.step === "review" && state.plan.empty) {
    return (
      <Button variant="primary" onClick={onClose}>
        Close
      </Button>
    );
  }
  return (
    <>
      {state.step !== "refused" && (
        <Button
          key="apply"
          variant={state.step === "review" && hasDanger(state.plan.hazards) ? "danger" : "primary"}
          isDisabled={!mayApply(state)}
          isLoading={state.step === "review" && state.sending}
          onClick={apply}
        >
          Apply
        </Button>
      )}
      <Button variant="link" onClick={onClose}>
        {state.step === "refused" ? "Close" : "Cancel"}
      </Button>
    </>
  );
}

function canBeUndone({ plan, upid, exit }: PlanState & { step: "finished" }): boolean {
  return upid !== "" && succeeded(exit) && plan.reversible === 1;
}

function hasDanger(hazards: readonly { severity: string }[]): boolean {
  return hazards.some(({ severity }) => severity === "danger");
}

/** The entry of the history that the task wrote knows how to take the change back. */
function UndoButton({ upid, onPropose }: { upid: string; onPropose: (change: ChangeCall) => void }) {
  const entry = useEntryOf(upid);
  if (!entry.data || entry.data.state !== "done") return null;
  const { id } = entry.data;
  return (
    <Button variant="secondary" onClick={() => onPropose(undoOf(nodeOf(upid), id))}>
      Undo
    </Button>
  );
}
