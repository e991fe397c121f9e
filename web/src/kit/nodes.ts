import { useQuery } from "@tanstack/react-query";
import { get } from "./api";
import type { Node, Version } from "./types";

export function useNodes() {
  return useQuery({
    queryKey: ["nodes"],
    queryFn: async ({ signal }) => (await get<Node[]>("/nodes", {}, signal)).data,
    staleTime: 60_000,
  });
}

export function useVersion() {
  return useQuery({
    queryKey: ["version"],
    queryFn: async ({ signal }) => (await get<Version>("/version", {}, signal)).data,
    staleTime: Infinity,
  });
}
