import TachometerIcon from "@patternfly/react-icons/dist/esm/icons/tachometer-alt-icon";
import type { Chapter } from "../../kit/chapter";
import { SummaryPage } from "./SummaryPage";

export const summary: Chapter = {
  id: "summary",
  title: "Summary",
  icon: TachometerIcon,
  letter: "s",
  Page: SummaryPage,
};

export { Datacenter } from "./Datacenter";
