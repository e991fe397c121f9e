import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it } from "vitest";
import { go, href, Link, parse, useQueryParams, useRoute } from "./router";

afterEach(() => go("#", "replace"));

it("reads back every address that it makes", () => {
  const segments = ["nodes", "pve1", "tasks", "UPID:pve1:000A:0B:0C:aptupdate:a/b?#&:root@pam:"];
  const query = { user: "root@pam", since: "2026-01-01T10:00" };
  const route = parse(href(segments, query));
  expect(route.segments).toEqual(segments);
  expect(Object.fromEntries(route.query)).toEqual(query);
});

it("leaves empty values out of the address", () => {
  expect(href(["a"], { b: "", c: "1" })).toBe("#/a?c=1");
});

it("survives an address that nobody made", () => {
  for (const hash of ["", "#", "#/", "#//%zz/", "#?", "#/a?b?c=d"]) expect(() => parse(hash)).not.toThrow();
  expect(parse("#//%zz/").segments).toEqual(["%zz"]);
});

function Where() {
  const { segments } = useRoute();
  const [query, setQuery] = useQueryParams();
  return (
    <>
      <p>
        at {segments.join(" > ")} with {query.toString()}
      </p>
      <Link to={["nodes", "pve1"]}>Go</Link>
      <button onClick={() => setQuery({ errors: "1" })}>Filter</button>
    </>
  );
}

it("follows links and keeps filters in the address", async () => {
  render(<Where />);
  await userEvent.click(screen.getByText("Go"));
  expect(await screen.findByText(/at nodes > pve1/)).toBeTruthy();
  await userEvent.click(screen.getByText("Filter"));
  expect(screen.getByText(/with errors=1/)).toBeTruthy();
  expect(location.hash).toBe("#/nodes/pve1?errors=1");
});
