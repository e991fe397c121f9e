// Who is logged in. The ticket itself is in a cookie that scripts cannot read.

import { answer, api, ApiError, listen, setToken } from "./api";
import { Store, useStore } from "./store";
import type { Session } from "./types";

export type SessionState =
  | { is: "unknown" }
  | { is: "unreachable"; error: Error }
  | { is: "out"; why?: string }
  | { is: "in"; session: Session };

const state = new Store<SessionState>({ is: "unknown" });

listen({
  sessionLost() {
    if (state.get().is === "in") leave("Your session has ended. Log in again to go on where you were.");
  },
});

export function useSession(): SessionState {
  return useStore(state);
}

/** Whether this user may do what needs `privilege`; the server decides, this only spares people the refusal. */
export function useMay(privilege: string): boolean {
  const current = useStore(state);
  if (current.is !== "in") return false;
  const { cap } = current.session;
  return !cap || Object.values(cap).some((privileges) => privileges[privilege] === 1);
}

/** Takes up the session of this browser, or the one-time link that the address carries. */
export async function restore(): Promise<void> {
  const secret = takeLink();
  if (!secret && !hadSession()) return leave();
  try {
    if (secret) {
      enter((await answer(api.POST("/access/link", { body: { secret } }))).data);
    } else {
      enter((await answer(api.GET("/access/session"))).data);
    }
  } catch (error) {
    if (!(error instanceof ApiError)) state.set({ is: "unreachable", error: error as Error });
    else if (secret) leave(`This login link does not work: ${error.message}`);
    else leave(error.status === 401 ? undefined : error.message);
  }
}

export async function login(username: string, password: string, realm: string): Promise<void> {
  enter((await answer(api.POST("/access/ticket", { body: { username, password, realm } }))).data);
}

export async function logout(): Promise<void> {
  try {
    await api.DELETE("/access/session");
  } finally {
    leave("You are logged out.");
  }
}

function enter(session: Session): void {
  setToken(session);
  rememberSession(true);
  state.set({ is: "in", session });
}

function leave(why?: string): void {
  setToken(undefined);
  rememberSession(false);
  state.set({ is: "out", why });
}

/**
 * Whether this browser may still have a ticket. Scripts cannot see its cookie, and asking the host without one would
 * be a failed login: late, and noted as such.
 */
const KEY = "innkeeper.session";

function hadSession(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return true;
  }
}

function rememberSession(is: boolean): void {
  try {
    if (is) localStorage.setItem(KEY, "1");
    else localStorage.removeItem(KEY);
  } catch {
    // Without storage the host is asked at each start.
  }
}

/** The secret of `#link=…`. It leaves the address at once: it works one time, and must not stay in the history. */
function takeLink(): string | undefined {
  const secret = /^#link=(.+)$/.exec(location.hash)?.[1];
  if (secret) history.replaceState(null, "", location.pathname);
  return secret && decodeURIComponent(secret);
}
