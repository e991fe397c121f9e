import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { answer, api } from "../../kit/api";
import { useTaskStatus } from "../../kit/tasks/data";
import { showTask } from "../../kit/tasks/drawer";
import type { Repositories, Repository, RepositoryInfo, Signature } from "../../kit/types";

export function useRepositories(node: string) {
  return useQuery({
    queryKey: ["node", node, "apt", "repositories"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/nodes/{node}/apt/repositories", { params: { path: { node } }, signal }))).data,
  });
}

/** Refreshes the package lists as a task, and has every page look again when that has ended. */
export function useRefresh(node: string) {
  const queries = useQueryClient();
  const start = useMutation({
    mutationFn: () => refreshLists(node),
    onSuccess: (upid) => showTask(node, upid),
  });
  const status = useTaskStatus(node, start.data);
  const ended = status.data?.status === "stopped" || status.error !== null;
  useEffect(() => {
    if (ended) void queries.invalidateQueries();
  }, [ended, queries]);
  return {
    start: () => start.mutate(),
    running: start.isPending || (start.data !== undefined && !ended),
    error: start.error,
  };
}

/** Starts `apt-get update` as a task and gives its id. */
async function refreshLists(node: string): Promise<string> {
  const params = { path: { node } };
  const { task, data } = await answer(api.POST("/nodes/{node}/apt/update", { params, body: {} }));
  return task ?? String(data);
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
