import { useQuery } from "@tanstack/react-query";
import { answer, api } from "./api";

export function useNodes() {
  return useQuery({
    queryKey: ["nodes"],
    queryFn: async ({ signal }) => (await answer(api.GET("/nodes", { signal }))).data,
    staleTime: 60_000,
  });
}

export function useVersion() {
  return useQuery({
    queryKey: ["version"],
    queryFn: async ({ signal }) => (await answer(api.GET("/version", { signal }))).data,
    staleTime: Infinity,
  });
}
