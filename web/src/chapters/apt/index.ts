import RepositoryIcon from "@patternfly/react-icons/dist/esm/icons/repository-icon";
import type { Chapter } from "../../kit/chapter";
import { RepositoriesPage } from "./RepositoriesPage";

export const apt: Chapter = {
  id: "repositories",
  title: "Repositories",
  icon: RepositoryIcon,
  letter: "r",
  Page: RepositoriesPage,
};

export { useRefresh, useRepositories } from "./data";
export { RepositoryStatusLine } from "./RepositoryStatus";
