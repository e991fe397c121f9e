import CogsIcon from "@patternfly/react-icons/dist/esm/icons/cogs-icon";
import ScrollIcon from "@patternfly/react-icons/dist/esm/icons/scroll-icon";
import { lazy } from "react";
import type { Chapter } from "../../kit/chapter";

export const services: Chapter = {
  id: "services",
  title: "Services",
  icon: CogsIcon,
  letter: "v",
  Page: lazy(async () => ({ default: (await import("./ServicesPage")).ServicesPage })),
};

export const log: Chapter = {
  id: "log",
  title: "System log",
  icon: ScrollIcon,
  letter: "y",
  Page: lazy(async () => ({ default: (await import("./LogPage")).LogPage })),
};
