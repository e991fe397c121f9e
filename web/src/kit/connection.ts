// Whether the host answers. While it does not, we ask again and again, and say so.

import type { QueryClient } from "@tanstack/react-query";
import { knock, listen } from "./api";
import { Store, useStore } from "./store";

/** How long to wait before each further attempt; the last one repeats. */
const PAUSES = [1_000, 2_000, 4_000, 8_000];

export type Connection = { is: "there" } | { is: "lost"; since: number; trying: boolean };

const connection = new Store<Connection>({ is: "there" });
let attempts = 0;
let timer: number | undefined;
let queries: QueryClient | undefined;

export function watchConnection(client: QueryClient): void {
  queries = client;
  listen({ connection: (reachable) => (reachable ? found() : lost()) });
}

export function useConnection(): Connection {
  return useStore(connection);
}

export async function tryNow(): Promise<void> {
  clearTimeout(timer);
  timer = undefined;
  const now = connection.get();
  if (now.is === "lost") connection.set({ ...now, trying: true });
  await knock();
  const still = connection.get();
  if (still.is === "lost") connection.set({ ...still, trying: false });
}

function lost(): void {
  if (connection.get().is === "there") {
    attempts = 0;
    connection.set({ is: "lost", since: Date.now(), trying: false });
  }
  again();
}

function again(): void {
  if (timer !== undefined) return;
  const pause = PAUSES[Math.min(attempts, PAUSES.length - 1)];
  attempts += 1;
  timer = window.setTimeout(() => void tryNow(), pause);
}

function found(): void {
  if (connection.get().is === "there") return;
  clearTimeout(timer);
  timer = undefined;
  connection.set({ is: "there" });
  void queries?.invalidateQueries();
}
