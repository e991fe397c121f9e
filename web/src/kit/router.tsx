// Where we are is the fragment of the address: `#/nodes/pve1/tasks?errors=1`. The server knows one page only.

import { useSyncExternalStore, type AnchorHTMLAttributes } from "react";

export interface Route {
  segments: string[];
  query: URLSearchParams;
}

export function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#/, "").split(/\?(.*)/s);
  return { segments: path.split("/").filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

export function href(segments: readonly (string | number)[], query: Record<string, string> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== "");
  const path = `#/${segments.map((segment) => encodeURIComponent(segment)).join("/")}`;
  return given.length > 0 ? `${path}?${new URLSearchParams(given)}` : path;
}

export function go(address: string, how: "push" | "replace" = "push"): void {
  if (how === "replace") {
    history.replaceState(history.state, "", address);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = address;
  }
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return parse(hash);
}

/** A link inside the program: a plain anchor, so that it can be copied and opened in a new tab. */
export function Link({
  to,
  ...rest
}: { to: readonly (string | number)[] } & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href">) {
  return <a {...rest} href={href(to)} />;
}

function subscribe(changed: () => void): () => void {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The query of the address, and how to change some of it; an empty value removes its name. */
export function useQueryParams(): [URLSearchParams, (changed: Record<string, string>) => void] {
  const { segments, query } = useRoute();
  const change = (changed: Record<string, string>) => {
    go(href(segments, { ...Object.fromEntries(query), ...changed }), "replace");
  };
  return [query, change];
}
