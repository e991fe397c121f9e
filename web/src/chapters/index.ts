import type { Rooms } from "../kit/shell/Shell";
import { access } from "./access";
import { apt } from "./apt";
import { checks } from "./checks";
import { history } from "./history";
import { Datacenter, summary } from "./summary";
import { tasks } from "./tasks";

export const rooms: Rooms = {
  Datacenter,
  shared: [access],
  chapters: [summary, apt, tasks, history, checks],
};
