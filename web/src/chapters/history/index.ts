import HistoryIcon from "@patternfly/react-icons/dist/esm/icons/history-icon";
import type { Chapter } from "../../kit/chapter";
import { HistoryPage } from "./HistoryPage";

export const history: Chapter = {
  id: "history",
  title: "History",
  icon: HistoryIcon,
  letter: "h",
  Page: HistoryPage,
};

export { useChanges } from "./data";
export { ChangeStateLabel } from "./ChangeState";
