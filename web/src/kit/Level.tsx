import { Label } from "@patternfly/react-core";
import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import ExclamationCircleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon";
import ExclamationTriangleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import InfoCircleIcon from "@patternfly/react-icons/dist/esm/icons/info-circle-icon";
import LightbulbIcon from "@patternfly/react-icons/dist/esm/icons/lightbulb-icon";
import type { Level } from "./types";

/** From worst to best. */
export const LEVELS = ["critical", "warning", "advice", "info", "good"] as const satisfies readonly Level[];

const LOOK = {
  critical: { color: "red", icon: <ExclamationCircleIcon />, word: "Critical" },
  warning: { color: "orange", icon: <ExclamationTriangleIcon />, word: "Warning" },
  advice: { color: "purple", icon: <LightbulbIcon />, word: "Advice" },
  info: { color: "blue", icon: <InfoCircleIcon />, word: "Info" },
  good: { color: "green", icon: <CheckCircleIcon />, word: "Good" },
} as const satisfies Record<Level, unknown>;

export function LevelLabel({ level, count }: { level: Level; count?: number }) {
  const { color, icon, word } = LOOK[level];
  return (
    <Label color={color} icon={icon} variant="outline">
      {count === undefined ? word : `${word}: ${count}`}
    </Label>
  );
}

export function LevelIcon({ level }: { level: Level }) {
  const { icon, word } = LOOK[level];
  return (
    <span className={`ik-level ik-level--${level}`} role="img" aria-label={word}>
      {icon}
    </span>
  );
}

/** PatternFly's word for the level, for its alerts. */
export function alertVariant(level: Level): "danger" | "warning" | "info" | "success" {
  if (level === "critical") return "danger";
  if (level === "good") return "success";
  return level === "warning" ? "warning" : "info";
}
