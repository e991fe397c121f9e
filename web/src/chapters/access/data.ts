import { useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, api, exchange, pathOf } from "../../kit/api";
import type { Grant, TokenEntry, UserEntry } from "../../kit/types";

/** Everybody whom this user may see, with groups and tokens. */
export function useUsers() {
  return useQuery({
    queryKey: ["access", "users"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/access/users", { params: { query: { full: 1 } }, signal }))).data,
  });
}

export function useGroups() {
  return useQuery({
    queryKey: ["access", "groups"],
    queryFn: async ({ signal }) => (await answer(api.GET("/access/groups", { signal }))).data,
  });
}

export function useRoles() {
  return useQuery({
    queryKey: ["access", "roles"],
    queryFn: async ({ signal }) => (await answer(api.GET("/access/roles", { signal }))).data,
  });
}

export function useAcl() {
  return useQuery({
    queryKey: ["access", "acl"],
    queryFn: async ({ signal }) => (await answer(api.GET("/access/acl", { signal }))).data,
  });
}

/** What somebody may do, and which entry says so. */
export function useGrants(userid: string, path: string) {
  return useQuery({
    queryKey: ["access", "sources", userid, path],
    queryFn: async ({ signal }) => {
      const params = { query: { userid, path: path || undefined } };
      return (await answer(api.GET("/access/permissions/sources", { params, signal }))).data;
    },
  });
}

/** The second factors of a user, and whether they are locked after too many wrong answers. */
export function useFactors(userid: string) {
  return useQuery({
    queryKey: ["access", "tfa", userid],
    queryFn: async ({ signal }) => {
      const { data } = await answer(api.GET("/access/tfa", { signal }));
      const found = data.find((user) => user.userid === userid);
      const isLocked = found?.["totp-locked"] === 1 || found?.["tfa-locked-until"] != null;
      return { entries: found?.entries ?? [], isLocked };
    },
  });
}

/** What the browser is to ask a new security key of a user. Nothing is changed yet. */
export async function keyQuestion(userid: string, password: string | undefined): Promise<string> {
  const path = pathOf("/access/tfa/{userid}", { userid });
  const { data } = await exchange<{ challenge: string }>("POST", path, { type: "webauthn", password });
  return data.challenge;
}

export function useUnlock(userid: string) {
  const queries = useQueryClient();
  return async () => {
    const params = { path: { userid } };
    await answer(api.PUT("/access/users/{userid}/unlock-tfa", { params }));
    await queries.invalidateQueries({ queryKey: ["access", "tfa"] });
  };
}

export function useSessions(userid: string | undefined) {
  return useQuery({
    queryKey: ["access", "sessions", userid],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/access/sessions", { params: { query: { userid } }, signal }))).data,
  });
}

/** Ends one session, or all of a user but the one that asks. */
export function useEndSessions() {
  const queries = useQueryClient();
  return async (which: { session: string } | { userid: string }) => {
    if ("session" in which) {
      await answer(api.DELETE("/access/sessions/{session}", { params: { path: which } }));
    } else {
      await answer(api.DELETE("/access/sessions", { params: { query: which } }));
    }
    await queries.invalidateQueries({ queryKey: ["access", "sessions"] });
  };
}

/** The items of a list as the API writes it. */
export function items(list: string | null | undefined): string[] {
  return (list ?? "").split(",").filter(Boolean);
}

export interface OwnedToken extends TokenEntry {
  userid: string;
  tokenid: string;
}

export function tokensOf(users: UserEntry[]): OwnedToken[] {
  return users.flatMap(({ userid, tokens }) =>
    (tokens ?? []).map((token) => ({ ...token, userid, tokenid: token.tokenid ?? "" })),
  );
}

/** The privileges that one access entry gives on one path. */
export interface GrantedRole extends Omit<Grant, "privilege"> {
  privileges: string[];
}

/** One row for each path and entry, instead of one for each privilege. */
export function byEntry(grants: Grant[]): GrantedRole[] {
  const rows = new Map<string, GrantedRole>();
  for (const { privilege, ...entry } of grants) {
    const key = JSON.stringify([
      entry.path,
      entry.source,
      entry.type,
      entry.ugid,
      entry.role,
      entry.propagate,
    ]);
    const row = rows.get(key) ?? { ...entry, privileges: [] };
    row.privileges.push(privilege);
    rows.set(key, row);
  }
  return [...rows.values()];
}
