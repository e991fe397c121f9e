import UsersIcon from "@patternfly/react-icons/dist/esm/icons/users-icon";
import { lazy } from "react";
import type { DatacenterChapter } from "../../kit/chapter";

export const access: DatacenterChapter = {
  id: "access",
  title: "Access",
  icon: UsersIcon,
  letter: "a",
  Page: lazy(async () => ({ default: (await import("./AccessPage")).AccessPage })),
};
