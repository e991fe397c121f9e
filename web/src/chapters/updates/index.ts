import BoxesIcon from "@patternfly/react-icons/dist/esm/icons/boxes-icon";
import { lazy } from "react";
import type { Chapter } from "../../kit/chapter";

export const updates: Chapter = {
  id: "updates",
  title: "Updates",
  icon: BoxesIcon,
  letter: "u",
  Page: lazy(async () => ({ default: (await import("./UpdatesPage")).UpdatesPage })),
};

export { UpdatesLine } from "./UpdatesLine";
