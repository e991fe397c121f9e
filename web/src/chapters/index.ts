import type { Rooms } from "../kit/shell/Shell";
import { access } from "./access";
import { apt } from "./apt";
import { checks } from "./checks";
import { firmware } from "./firmware";
import { history } from "./history";
import { cards, dns, hosts, interfaces } from "./network";
import { log, services } from "./services";
import { Datacenter, summary } from "./summary";
import { tasks } from "./tasks";
import { updates } from "./updates";

export const rooms: Rooms = {
  Datacenter,
  shared: [access],
  chapters: [
    summary,
    updates,
    apt,
    firmware,
    interfaces,
    cards,
    dns,
    hosts,
    services,
    log,
    tasks,
    history,
    checks,
  ],
};
