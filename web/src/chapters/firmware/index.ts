import MicrochipIcon from "@patternfly/react-icons/dist/esm/icons/microchip-icon";
import { lazy } from "react";
import type { Chapter } from "../../kit/chapter";

export const firmware: Chapter = {
  id: "firmware",
  title: "Firmware",
  icon: MicrochipIcon,
  letter: "f",
  Page: lazy(async () => ({ default: (await import("./FirmwarePage")).FirmwarePage })),
};
