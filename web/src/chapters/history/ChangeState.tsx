import { Label } from "@patternfly/react-core";
import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import ClockIcon from "@patternfly/react-icons/dist/esm/icons/clock-icon";
import ExclamationCircleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon";
import ExclamationTriangleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import SyncAltIcon from "@patternfly/react-icons/dist/esm/icons/sync-alt-icon";
import UndoIcon from "@patternfly/react-icons/dist/esm/icons/undo-icon";
import type { ChangeState } from "../../kit/types";

const LOOK = {
  running: { color: "blue", icon: <SyncAltIcon className="ik-turning" />, word: "Running" },
  done: { color: "green", icon: <CheckCircleIcon />, word: "Done" },
  failed: { color: "red", icon: <ExclamationCircleIcon />, word: "Failed" },
  "rolled-back": { color: "orange", icon: <UndoIcon />, word: "Failed, rolled back" },
  interrupted: { color: "orange", icon: <ExclamationTriangleIcon />, word: "Interrupted" },
  armed: { color: "yellow", icon: <ClockIcon />, word: "Waits to be confirmed" },
  reverted: { color: "grey", icon: <UndoIcon />, word: "Not confirmed, taken back" },
  undone: { color: "grey", icon: <UndoIcon />, word: "Undone" },
} as const satisfies Record<ChangeState, unknown>;

export function ChangeStateLabel({ state }: { state: ChangeState }) {
  const { color, icon, word } = LOOK[state];
  return (
    <Label isCompact variant="outline" color={color} icon={icon}>
      {word}
    </Label>
  );
}
