import { render } from "@testing-library/react";
import { expect, it } from "vitest";
import { Markdown } from "./Markdown";

const html = (text: string) =>
  render(<Markdown text={text} />).container.querySelector(".ik-guide")?.innerHTML;

it("shows headings, lists, tables and code", () => {
  expect(html("# A & B\n\nSome *fine* `code`.")).toBe(
    "<h2>A &amp; B</h2><p>Some <em>fine</em> <code>code</code>.</p>",
  );
  expect(html("3. three\n4. four")).toContain('<ol start="3"><li>');
  expect(html("| a | b |\n| - | - |\n| 1 | 2 |")).toContain("<td>1</td><td>2</td>");
  expect(html("```\nx < y\n```")).toContain("x &lt; y</pre>");
});

it("keeps links between pages inside the program, and opens others in a tab of their own", () => {
  expect(html("[x](history.md#undo)")).toContain('<a href="#/guide/history">x</a>');
  expect(html("[x](https://debian.org)")).toContain('rel="noreferrer noopener"');
  expect(html("[x](../compatibility.md)")).toBe("<p>x</p>");
});

it("takes HTML and scripts for text", () => {
  const shown = html('<script>alert(1)</script>\n\n[x](javascript:alert(1)) <img src=x onerror="y">');
  expect(shown).not.toMatch(/<script|<img|href/);
});
