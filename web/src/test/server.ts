// A server for unit tests: answers requests from a table, and remembers them.

import { vi } from "vitest";

export interface Asked {
  verb: string;
  path: string;
  params: Record<string, unknown>;
  headers: Headers;
}

type Answer = { status?: number; body: unknown } | Error;
type Answers = Record<string, (asked: Asked) => Answer>;

export function serve(answers: Answers): Asked[] {
  const log: Asked[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    const path = decodeURIComponent(pathname.replace("/api2/json", ""));
    const text = await request.text();
    const body = text ? (JSON.parse(text) as Record<string, unknown>) : {};
    const asked = {
      verb: request.method,
      path,
      params: { ...Object.fromEntries(searchParams), ...body },
      headers: request.headers,
    };
    log.push(asked);
    const answer = answers[`${asked.verb} ${path}`]?.(asked) ?? {
      status: 501,
      body: { data: null, message: `Method '${asked.verb} ${path}' not implemented` },
    };
    if (answer instanceof Error) throw answer;
    return Response.json(answer.body, { status: answer.status ?? 200 });
  });
  return log;
}

export function data(value: unknown, more: object = {}): { body: unknown } {
  return { body: { data: value, ...more } };
}

export function refusal(status: number, message: string, more: object = {}) {
  return { status, body: { data: null, message, ...more } };
}
