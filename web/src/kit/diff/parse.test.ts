import { describe, expect, it } from "vitest";
import { parseDiff } from "./parse";

const TOGGLED = `--- /etc/apt/sources.list
+++ /etc/apt/sources.list
@@ -2,3 +2,3 @@
 deb http://deb.debian.org/debian bookworm-updates main
 
-deb http://security.debian.org/debian-security bookworm-security main
+# deb http://security.debian.org/debian-security bookworm-security main
`;

describe("a unified diff", () => {
  it("gives each line its number on either side", () => {
    const [file] = parseDiff(TOGGLED);
    expect(file?.hunks[0]?.lines.map(({ kind, old, new: now }) => [kind, old, now])).toEqual([
      ["same", 2, 2],
      ["same", 3, 3],
      ["removed", 4, undefined],
      ["added", undefined, 4],
    ]);
    expect(file).toMatchObject({ added: 1, removed: 1, old: "/etc/apt/sources.list" });
  });

  it("marks what differs between a line and the one that replaces it", () => {
    const lines = parseDiff(TOGGLED)[0]?.hunks[0]?.lines ?? [];
    const added = lines.find(({ kind }) => kind === "added");
    expect(added?.text.slice(...(added.changed ?? [0, 0]))).toBe("# ");
  });

  it("knows a file that is made and one that is removed", () => {
    const files = parseDiff(
      "--- /dev/null\n+++ /etc/new\n@@ -0,0 +1 @@\n+a\n--- /etc/old\n+++ /dev/null\n@@ -1 +0,0 @@\n-b\n",
    );
    expect(files.map(({ old, new: now }) => [old, now])).toEqual([
      [undefined, "/etc/new"],
      ["/etc/old", undefined],
    ]);
  });

  it("takes lines that look like headers for what they are", () => {
    const [file, ...others] = parseDiff("--- /f\n+++ /f\n@@ -1,2 +1,2 @@\n--- a\n-x\n+++ b\n+@@ -1 +1 @@\n");
    expect(others).toEqual([]);
    expect(file?.hunks).toHaveLength(1);
    expect(file?.hunks[0]?.lines.map(({ text }) => text)).toEqual(["-- a", "x", "++ b", "@@ -1 +1 @@"]);
  });

  it("says that a last line has no newline, and that a secret is not shown", () => {
    const [file] = parseDiff("--- /f\n+++ /f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n");
    expect(file?.hunks[0]?.lines[1]).toEqual({ kind: "note", text: "No newline at end of file" });
    const [secret] = parseDiff("--- /s\n+++ /s\n(the content is secret and is not shown)\n");
    expect(secret).toMatchObject({ notes: ["(the content is secret and is not shown)"], hunks: [] });
  });

  it("survives any text", () => {
    for (const text of [
      "",
      "\n",
      "@@ -1 +1 @@",
      "--- a",
      "--- a\n+++ b\n@@ -1,9 +1,9 @@\n x",
      "\\",
      "+++ b\n--- a",
    ]) {
      expect(() => parseDiff(text)).not.toThrow();
    }
  });
});
