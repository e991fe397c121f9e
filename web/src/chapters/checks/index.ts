import HeartbeatIcon from "@patternfly/react-icons/dist/esm/icons/heartbeat-icon";
import type { Chapter } from "../../kit/chapter";
import { ChecksPage } from "./ChecksPage";

export const checks: Chapter = {
  id: "checks",
  title: "Health checks",
  icon: HeartbeatIcon,
  letter: "c",
  Page: ChecksPage,
};

export { useFindings } from "./data";
export { FindingCard } from "./FindingCard";
export { FindingsLine } from "./FindingsLine";
