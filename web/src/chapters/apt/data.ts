import { useQuery } from "@tanstack/react-query";
import { exchange, get, pathOf } from "../../kit/api";
import type { Repositories, Repository, RepositoryInfo, Signature } from "../../kit/types";

const APT = "/nodes/{node}/apt";

export function useRepositories(node: string) {
  return useQuery({
    queryKey: ["node", node, "apt", "repositories"],
    queryFn: async ({ signal }) =>
      (await get<Repositories>(pathOf(`${APT}/repositories`, { node }), {}, signal)).data,
  });
}

/** Starts `apt-get update` as a task and gives its id. */
export async function refreshLists(node: string): Promise<string> {
  return (await exchange<string>("POST", pathOf(`${APT}/update`, { node }))).data;
}

/** One entry of a file with everything that is said about it. */
export interface Row {
  path: string;
  /** Its place in the file, from 0: what the API calls it by. */
  index: number;
  editable: boolean;
  repository: Repository;
  origin?: string;
  warnings: RepositoryInfo[];
  signatures: Signature[];
}

export function rowsOf(repositories: Repositories, path: string): Row[] {
  const file = repositories.files.find((candidate) => candidate.path === path);
  if (!file) return [];
  return file.repositories.map((repository, index) => {
    const isHere = (about: { path: string; index: number }) => about.path === path && about.index === index;
    const infos = repositories.infos.filter(isHere);
    return {
      path,
      index,
      editable: file.editable === 1,
      repository,
      origin: infos.find(({ kind }) => kind === "origin")?.message,
      warnings: infos.filter(({ kind }) => kind !== "origin"),
      signatures: repositories.signatures.filter(isHere),
    };
  });
}
