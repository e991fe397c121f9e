import type { Rooms } from "../kit/shell/Shell";
import { apt } from "./apt";
import { checks } from "./checks";
import { history } from "./history";
import { Datacenter, summary } from "./summary";
import { tasks } from "./tasks";

export const rooms: Rooms = { Datacenter, chapters: [summary, apt, tasks, history, checks] };
