import { Label } from "@patternfly/react-core";
import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import ExclamationCircleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon";
import ExclamationTriangleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import QuestionCircleIcon from "@patternfly/react-icons/dist/esm/icons/question-circle-icon";
import SyncAltIcon from "@patternfly/react-icons/dist/esm/icons/sync-alt-icon";
import { isRunning } from "./data";
import { taskResult, type TaskResult } from "./names";

const LOOK = {
  running: { color: "blue", icon: <SyncAltIcon className="ik-turning" />, word: "Running" },
  ok: { color: "green", icon: <CheckCircleIcon />, word: "OK" },
  warning: { color: "orange", icon: <ExclamationTriangleIcon />, word: "Warnings" },
  error: { color: "red", icon: <ExclamationCircleIcon />, word: "Error" },
  unknown: { color: "grey", icon: <QuestionCircleIcon />, word: "Unknown" },
} as const satisfies Record<TaskResult, unknown>;

/** How a task ended, as a coloured word; the whole sentence of a failed one stands beside it. */
export function TaskState({ task }: { task: { status?: string | null; endtime?: number | null } }) {
  const result = taskResult(task.status, isRunning(task));
  const { color, icon, word } = LOOK[result];
  return (
    <span className="ik-task-state">
      <Label isCompact variant="outline" color={color} icon={icon}>
        {result === "warning" ? task.status?.replace("WARNINGS", "Warnings") : word}
      </Label>
      {result === "error" && <span className="ik-task-state__text">{task.status}</span>}
    </span>
  );
}
