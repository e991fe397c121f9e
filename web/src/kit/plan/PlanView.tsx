import { Alert, Checkbox, ClipboardCopy, EmptyState, EmptyStateBody, Title } from "@patternfly/react-core";
import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import UndoIcon from "@patternfly/react-icons/dist/esm/icons/undo-icon";
import BanIcon from "@patternfly/react-icons/dist/esm/icons/ban-icon";
import { DiffView } from "../diff/DiffView";
import type { Hazard, Plan, PlanStep } from "../types";
import { hazardsOf } from "./state";

interface Ticks {
  ticked: readonly number[];
  onTick: (hazards: readonly number[], on: boolean) => void;
}

export function PlanView({ plan, ticked, onTick }: { plan: Plan } & Ticks) {
  if (plan.empty) {
    return (
      <EmptyState icon={CheckCircleIcon} titleText="Nothing to do" headingLevel="h2" status="success">
        <EmptyStateBody>
          The host already is as asked, so no file would change and no command would run.
        </EmptyStateBody>
      </EmptyState>
    );
  }
  return (
    <>
      <Hazards plan={plan} ticked={ticked} onTick={onTick} />
      <section className="ik-plan__part">
        <Title headingLevel="h2" size="md">
          What will be done
        </Title>
        {plan.steps.length === 0 && <p>Nothing is left to do; the history learns that it has ended.</p>}
        <ol className="ik-plan__steps">
          {plan.steps.map((step, index) => (
            <Step key={index} step={step} />
          ))}
        </ol>
      </section>
      {plan.command !== "" && (
        <section className="ik-plan__part">
          <Title headingLevel="h2" size="md">
            The same from the command line
          </Title>
          <ClipboardCopy
            isReadOnly
            isCode
            hoverTip="Copy"
            clickTip="Copied"
            textAriaLabel="Equivalent command line"
            toggleAriaLabel="Show the whole command line"
          >
            {plan.command}
          </ClipboardCopy>
        </section>
      )}
      <Reversibility plan={plan} />
    </>
  );
}

const VARIANT = { notice: "info", warning: "warning", danger: "danger" } as const;

function Hazards({ plan, ticked, onTick }: { plan: Plan } & Ticks) {
  if (plan.hazards.length === 0) return null;
  const warnings = hazardsOf(plan, "warning");
  return (
    <section className="ik-plan__part" aria-label="What this puts at risk">
      {(["danger", "warning", "notice"] as const).flatMap((severity) =>
        hazardsOf(plan, severity).map((index) => {
          const hazard = plan.hazards[index] as Hazard;
          return (
            <Alert key={index} isInline variant={VARIANT[severity]} title={hazard.message}>
              {hazard.avoid && <p>{hazard.avoid}</p>}
              {severity === "danger" && (
                <Checkbox
                  id={`accept-${index}`}
                  className="ik-plan__accept"
                  label="I accept this risk"
                  description={hazard.id}
                  isChecked={ticked.includes(index)}
                  onChange={(_, on) => onTick([index], on)}
                />
              )}
            </Alert>
          );
        }),
      )}
      {warnings.length > 0 && (
        <Checkbox
          id="understood"
          label={
            warnings.length === 1
              ? "I understand this warning"
              : `I understand these ${warnings.length} warnings`
          }
          isChecked={warnings.every((index) => ticked.includes(index))}
          onChange={(_, on) => onTick(warnings, on)}
        />
      )}
    </section>
  );
}

function Step({ step }: { step: PlanStep }) {
  const isDiff = step.detail.startsWith("--- ");
  return (
    <li>
      <p className="ik-plan__what">{step.what}</p>
      {isDiff ? (
        <DiffView diff={step.detail} />
      ) : (
        step.detail.trim() !== "" && <pre className="ik-code">{step.detail.trimEnd()}</pre>
      )}
    </li>
  );
}

function Reversibility({ plan }: { plan: Plan }) {
  return (
    <p className="ik-plan__reversible">
      {plan.reversible ? <UndoIcon aria-hidden /> : <BanIcon aria-hidden />}
      {plan.reversible
        ? "This can be undone from the history."
        : `This cannot be undone as a whole${plan.irreversible ? `: ${plan.irreversible}` : ""}.`}
    </p>
  );
}
