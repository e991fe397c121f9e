import { Label } from "@patternfly/react-core";
import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import ExclamationCircleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon";
import OffIcon from "@patternfly/react-icons/dist/esm/icons/off-icon";
import SyncAltIcon from "@patternfly/react-icons/dist/esm/icons/sync-alt-icon";
import type { ServiceState } from "../../kit/types";
import { isInstalled } from "./data";

/** What a service is doing, in systemd's word for it. */
export function ServiceLabel({ service }: { service: ServiceState }) {
  if (!isInstalled(service)) {
    return (
      <Label isCompact variant="outline" color="grey">
        not installed
      </Label>
    );
  }
  const { color, icon } = look(service["active-state"]);
  return (
    <Label isCompact variant="outline" color={color} icon={icon}>
      {service.state}
    </Label>
  );
}

function look(state: string) {
  switch (state) {
    case "active":
      return { color: "green", icon: <CheckCircleIcon /> } as const;
    case "failed":
      return { color: "red", icon: <ExclamationCircleIcon /> } as const;
    case "inactive":
      return { color: "grey", icon: <OffIcon /> } as const;
    default:
      return { color: "blue", icon: <SyncAltIcon className="ik-turning" /> } as const;
  }
}
