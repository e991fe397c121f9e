import TasksIcon from "@patternfly/react-icons/dist/esm/icons/tasks-icon";
import type { Chapter } from "../../kit/chapter";
import { TasksPage } from "./TasksPage";

export const tasks: Chapter = { id: "tasks", title: "Tasks", icon: TasksIcon, letter: "t", Page: TasksPage };

export { useTasks } from "./data";
