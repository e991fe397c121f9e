// The one door to the server: every request of the GUI goes through `exchange`.

import type { Hazard, Session, Verb } from "./types";

export const BASE = "/api2/json";

export type Value = string | number | boolean | undefined;
export type Params = Record<string, Value>;

export interface Envelope<T> {
  data: T;
  total?: number;
  task?: string;
  change?: number;
  unchanged?: 0 | 1;
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

export function setToken(session: Session | undefined): void {
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

/** A path below the API's base with its variables filled in, each of them escaped. */
export function pathOf(template: string, variables: Record<string, string | number>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`no value for {${name}} in ${template}`);
    return encodeURIComponent(value);
  });
}

export function get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<Envelope<T>> {
  return exchange<T>("GET", path, params, signal);
}

export async function exchange<T>(
  verb: Verb,
  path: string,
  params: Params = {},
  signal?: AbortSignal,
): Promise<Envelope<T>> {
  const given = Object.entries(params).filter((pair): pair is [string, string | number | boolean] => {
    return pair[1] !== undefined && pair[1] !== "";
  });
  const headers: Record<string, string> = { Accept: "application/json", "X-Innkeeper-Gui": "1" };
  let url = BASE + path;
  let body: string | undefined;
  if (verb === "POST" || verb === "PUT") {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(Object.fromEntries(given));
  } else if (given.length > 0) {
    url += `?${new URLSearchParams(given.map(([name, value]) => [name, text(value)]))}`;
  }
  if (verb !== "GET" && csrf) headers.CSRFPreventionToken = csrf;

  const response = await reach(url, { method: verb, headers, body, signal, credentials: "same-origin" });
  const answer = await envelope<T>(response);
  if (response.ok) return answer;
  if (response.status === 401 && !path.startsWith("/access/")) sessionLost();
  throw refusal(response, answer);
}

function text(value: string | number | boolean): string {
  return typeof value === "boolean" ? (value ? "1" : "0") : String(value);
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    connection(false);
    throw new ConnectionError({ cause });
  }
  // The proxy answers for a daemon that is away.
  const reachable = ![502, 503, 504].includes(response.status);
  connection(reachable);
  return response;
}

interface Refusal {
  message?: string;
  errors?: Record<string, string>;
  hazards?: Hazard[];
  diff?: string;
}

async function envelope<T>(response: Response): Promise<Envelope<T> & Refusal> {
  try {
    return (await response.json()) as Envelope<T> & Refusal;
  } catch {
    if (response.ok) throw new ApiError(response.status, "The answer of the host is not JSON.");
    return { data: null as T };
  }
}

function refusal(response: Response, answer: Refusal): ApiError {
  const message =
    answer.message?.trim() || response.statusText || `The host answered with status ${response.status}.`;
  return new ApiError(response.status, message, answer.errors, answer.hazards, answer.diff);
}
