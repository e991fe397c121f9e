import { afterEach, expect, it, vi } from "vitest";
import { data, refusal, serve } from "../test/server";
import { ApiError, ConnectionError, exchange, isModified, listen, pathOf, setToken } from "./api";

const nobody = { sessionLost: () => {}, connection: () => {} };

afterEach(() => {
  setToken(undefined);
  listen(nobody);
});

it("sends the CSRF token with changes only", async () => {
  const asked = serve({ "GET /a": () => data(1), "POST /a": () => data(1), "DELETE /a": () => data(1) });
  setToken({ CSRFPreventionToken: "t" });
  await exchange("GET", "/a");
  await exchange("POST", "/a", { x: 1 });
  await exchange("DELETE", "/a", { x: 1 });
  expect(asked.map(({ headers }) => headers.get("CSRFPreventionToken"))).toEqual([null, "t", "t"]);
  expect(asked[2]?.params).toEqual({ x: "1" });
});

it("leaves out what is not given", async () => {
  const asked = serve({ "GET /a": () => data(1) });
  await exchange("GET", "/a", { user: "", since: undefined, start: 0 });
  expect(asked[0]?.params).toEqual({ start: "0" });
});

it("sends what shall become empty, in a body", async () => {
  const asked = serve({ "PUT /a": () => data(1) });
  await exchange("PUT", "/a", { comment: "", since: undefined });
  expect(asked[0]?.params).toEqual({ comment: "" });
});

it("escapes every variable of a path", () => {
  expect(pathOf("/nodes/{node}/tasks/{upid}", { node: "a/b", upid: "UPID:x@y:" })).toBe(
    "/nodes/a%2Fb/tasks/UPID%3Ax%40y%3A",
  );
  expect(() => pathOf("/nodes/{node}", {})).toThrow("no value for {node}");
});

it("tells what the host said about each parameter", async () => {
  serve({
    "POST /a": () => refusal(400, "Parameter verification failed.", { errors: { index: "too small" } }),
  });
  const error = await exchange("POST", "/a").catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 400, errors: { index: "too small" } });
});

it("takes any sentence of the host that says so for a change behind one's back", async () => {
  serve({
    "POST /a": () => refusal(500, "detected modified configuration - file changed by other user? Try again."),
    "POST /b": () => refusal(500, "disk full"),
  });
  const modified = await exchange("POST", "/a").catch((failure: Error) => isModified(failure));
  const failed = await exchange("POST", "/b").catch((failure: Error) => isModified(failure));
  expect([modified, failed]).toEqual([true, false]);
});

it("gives up what a host that is silent was asked, but waits for one that is slow", async () => {
  vi.useFakeTimers();
  const connection = vi.fn();
  listen({ connection });
  let isThere = true;
  const silent = (_: Request, { signal }: { signal: AbortSignal }) =>
    new Promise<Response>((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason as Error)),
    );
  vi.stubGlobal("fetch", (request: Request, options: { signal: AbortSignal }) =>
    isThere && request.url.endsWith("/version")
      ? Promise.resolve(Response.json({ data: {} }))
      : silent(request, options),
  );
  const outcome = exchange("GET", "/slow").catch((error: unknown) => error);
  const change = vi.fn();
  void exchange("PUT", "/change").catch(change);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(connection).not.toHaveBeenCalledWith(false);
  isThere = false;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await outcome).toBeInstanceOf(ConnectionError);
  expect(connection).toHaveBeenLastCalledWith(false);
  expect(change).not.toHaveBeenCalled();
  vi.useRealTimers();
});

it("tells a lost session, a lost connection and a refused login apart", async () => {
  const sessionLost = vi.fn();
  const connection = vi.fn();
  listen({ sessionLost, connection });
  serve({
    "GET /a": () => refusal(401, "No ticket"),
    "POST /access/ticket": () => refusal(401, "authentication failure"),
    "GET /b": () => new TypeError("Failed to fetch"),
    "GET /c": () => refusal(503, "the daemon does not answer"),
  });
  await expect(exchange("POST", "/access/ticket")).rejects.toThrow("authentication failure");
  expect(sessionLost).not.toHaveBeenCalled();
  await expect(exchange("GET", "/a")).rejects.toThrow("No ticket");
  expect(sessionLost).toHaveBeenCalledOnce();
  await expect(exchange("GET", "/b")).rejects.toBeInstanceOf(ConnectionError);
  await expect(exchange("GET", "/c")).rejects.toThrow("the daemon does not answer");
  expect(connection.mock.calls.map(([reachable]) => reachable as boolean)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
