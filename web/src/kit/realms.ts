import { useQuery } from "@tanstack/react-query";
import { answer, api } from "./api";

/** What everybody may know before they log in. */
export const REALMS = ["access", "domains"] as const;

export function useRealms() {
  return useQuery({
    queryKey: REALMS,
    queryFn: async ({ signal }) => (await answer(api.GET("/access/domains", { signal }))).data,
  });
}
