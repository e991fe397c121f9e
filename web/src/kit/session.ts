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

/** What has to be answered before a login with a second factor is complete. */
export interface Challenge {
  username: string;
  ticket: string;
  /** What is asked for, by the kind of factor that can answer it. */
  asked: Readonly<Record<string, unknown>>;
}

/** Logs in, or gives the challenge that has to be answered first. */
export async function login(
  username: string,
  password: string,
  realm: string,
): Promise<Challenge | undefined> {
  const session = (await answer(api.POST("/access/ticket", { body: { username, password, realm } }))).data;
  if (!session.NeedTFA) {
    enter(session);
    return undefined;
  }
  const ticket = session.ticket ?? "";
  return { username: session.username, ticket, asked: askedBy(ticket) };
}

/** The second step. `response` begins with its kind: `totp:123456`. */
export async function loginSecond({ username, ticket }: Challenge, response: string): Promise<void> {
  const body = { username, password: response, "tfa-challenge": ticket };
  enter((await answer(api.POST("/access/ticket", { body }))).data);
}

/** A challenge says what it asks for: `PVE:!tfa!{"totp":true,"recovery":[0,1]}:TIME::SIGNATURE`. */
export function askedBy(challenge: string): Record<string, unknown> {
  const asked = /^PVE:!tfa!(.*?):[0-9A-F]{8}::/i.exec(challenge)?.[1];
  try {
    const kinds = JSON.parse(decodeURIComponent(asked ?? "{}")) as Record<string, unknown>;
    return Object.fromEntries(Object.entries(kinds).filter(([, question]) => isAsked(question)));
  } catch {
    return {};
  }
}

function isAsked(question: unknown): boolean {
  return Array.isArray(question) ? question.length > 0 : Boolean(question);
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
