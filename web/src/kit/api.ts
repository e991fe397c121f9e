// The one door to the server: every request of the GUI goes through `reach`.

import createClient from "openapi-fetch";
import type { paths } from "../api/schema";
import type { Hazard, Session, Verb } from "./types";

const BASE = `${location.origin}/api2/json`;

export type Params = Record<string, string | number | boolean | undefined>;

export interface Envelope<T> {
  data: T;
  /** UPID of the task that carries out the change. */
  task?: string;
  /** There was nothing to change. */
  unchanged?: number;
}

/** The server understood the request and refused it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** What is wrong with each parameter. */
    readonly errors: Record<string, string> = {},
    /** The hazards that nobody has accepted yet (412). */
    readonly hazards: Hazard[] = [],
    /** How the files differ from what the request expected (409). */
    readonly diff = "",
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** The server could not be reached, so nobody knows whether it heard the request. */
export class ConnectionError extends Error {
  constructor(options?: ErrorOptions) {
    super("The host does not answer.", options);
    this.name = "ConnectionError";
  }
}

/** The host has changed since the caller looked at it: looking again helps. A sentence that clients rely on. */
export function isModified(error: Error): boolean {
  return error instanceof ApiError && error.message.startsWith("detected modified configuration");
}

let csrf = "";
let sessionLost: () => void = () => {};
let connection: (reachable: boolean) => void = () => {};

export function setToken(session: Pick<Session, "CSRFPreventionToken"> | undefined): void {
  csrf = session?.CSRFPreventionToken ?? "";
}

/** Whom to tell when the server no longer knows this session, and when it stops or starts to answer. */
export function listen(listeners: {
  sessionLost?: () => void;
  connection?: (reachable: boolean) => void;
}): void {
  sessionLost = listeners.sessionLost ?? sessionLost;
  connection = listeners.connection ?? connection;
}

/** The methods of the API, typed by its document. Calls fail with `ApiError` or `ConnectionError`. */
export const api = createClient<paths>({ baseUrl: BASE, fetch: reach });

/** The envelope that a call brought: `await answer(api.GET(…))`. What can be downloaded as text is not asked for here. */
export async function answer<T>(call: Promise<{ data?: T }>): Promise<Exclude<T, string>> {
  const { data } = await call;
  if (data === undefined || typeof data === "string") throw new Error("The answer of the host is not JSON.");
  return data as Exclude<T, string>;
}

/** A path below the API's base with its variables filled in, each of them escaped. */
export function pathOf(template: string, variables: Record<string, string | number>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`no value for {${name}} in ${template}`);
    return encodeURIComponent(value);
  });
}

/** Where a browser finds what a method answers as a file. */
export function urlOf(template: string, variables: Record<string, string | number>, params: Params): string {
  const given = Object.entries(params).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, String(value)]],
  );
  return `${BASE}${pathOf(template, variables)}${given.length > 0 ? `?${new URLSearchParams(given)}` : ""}`;
}

/** A call whose path is only known when it is made: changes, and the fixes that the host proposes. */
export async function exchange<T>(
  verb: Verb,
  path: string,
  params: Params = {},
  signal?: AbortSignal,
): Promise<Envelope<T>> {
  // In a query nothing is the same as not given; in a body it may be what a setting is to become.
  const inBody = verb === "POST" || verb === "PUT";
  const given = Object.entries(params).filter(([, value]) => value !== undefined && (inBody || value !== ""));
  const headers: Record<string, string> = {};
  let url = BASE + path;
  let body: string | undefined;
  if (inBody) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(Object.fromEntries(given));
  } else if (given.length > 0) {
    url += `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
  }
  const response = await reach(new Request(url, { method: verb, headers, body, signal }));
  return (await response.json()) as Envelope<T>;
}

/** After so long without a word somebody asks whether the host is there at all, and gives it as long to say so. */
const SILENT_MS = 4_000;
const OURS = { Accept: "application/json", "X-Innkeeper-Gui": "1" };
/** Answers of the proxy for a daemon that is away. */
const AWAY: readonly number[] = [502, 503, 504];

/** Whether anybody is there. Who was cut off from the host gets no error, but silence, for minutes. */
export async function knock(): Promise<boolean> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENT_MS);
  const isThere = await fetch(new Request(`${BASE}/version`, { headers: OURS }), { signal: silence.signal })
    .then(({ status }) => !AWAY.includes(status))
    .catch(() => false)
    .finally(() => clearTimeout(timer));
  connection(isThere);
  return isThere;
}

/** Waits for an answer as long as the host is there. A change is waited for in any case: nobody knows whether it was heard. */
async function patiently(request: Request): Promise<Response> {
  const gone = new AbortController();
  request.signal.addEventListener("abort", () => gone.abort(request.signal.reason));
  const watch = setInterval(
    () => void knock().then((isThere) => isThere || request.method !== "GET" || gone.abort()),
    SILENT_MS,
  );
  return fetch(request, { signal: gone.signal }).finally(() => clearInterval(watch));
}

/** What these refuse with 401 may be a wrong password, which says nothing about the session. */
const ASKS_FOR_PASSWORD = /\/access\/(ticket|link|session|password|tfa)\b/;

async function reach(request: Request): Promise<Response> {
  for (const [name, value] of Object.entries(OURS)) request.headers.set(name, value);
  if (request.method !== "GET" && csrf) request.headers.set("CSRFPreventionToken", csrf);
  let response: Response;
  try {
    response = await patiently(request);
  } catch (cause) {
    if (request.signal.aborted) throw cause;
    connection(false);
    throw new ConnectionError({ cause });
  }
  connection(!AWAY.includes(response.status));
  if (response.ok) return response;
  if (response.status === 401 && !ASKS_FOR_PASSWORD.test(request.url)) sessionLost();
  throw await refusal(response);
}

interface Refusal {
  message?: string;
  errors?: Record<string, string>;
  hazards?: Hazard[];
  diff?: string;
}

async function refusal(response: Response): Promise<ApiError> {
  // An error on the way, from a proxy perhaps, need not be JSON.
  const { message, errors, hazards, diff } = (await response.json().catch(() => ({}))) as Refusal;
  const said = message?.trim() || response.statusText || `The host answered with status ${response.status}.`;
  return new ApiError(response.status, said, errors, hazards, diff);
}
