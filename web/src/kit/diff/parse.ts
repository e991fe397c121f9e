// A unified diff as data: files, hunks, lines with their numbers on either side.

export interface DiffLine {
  kind: "same" | "added" | "removed" | "note";
  text: string;
  old?: number;
  new?: number;
  /** The part of the text that differs from the line it replaces, as [start, end). */
  changed?: [number, number];
}

export interface DiffHunk {
  header: string;
  lines: DiffLine[];
}

export interface DiffFile {
  /** Undefined when the file is made. */
  old?: string;
  /** Undefined when the file is removed. */
  new?: string;
  hunks: DiffHunk[];
  /** What is said in place of lines: secret or binary content. */
  notes: string[];
  added: number;
  removed: number;
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

export function parseDiff(text: string): DiffFile[] {
  const files: DiffFile[] = [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  let hunk: Cursor | undefined;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const file = files.at(-1);
    if (hunk && hunk.takes(line)) continue;
    const next = lines[at + 1];
    if (line.startsWith("--- ") && next?.startsWith("+++ ")) {
      files.push({ old: name(line), new: name(next), hunks: [], notes: [], added: 0, removed: 0 });
      hunk = undefined;
      at += 1;
    } else if (file && HUNK.test(line)) {
      hunk = new Cursor(line, file);
    } else if (file && line !== "") {
      file.notes.push(line);
    }
  }
  for (const file of files) for (const { lines } of file.hunks) markChanges(lines);
  return files;
}

function name(header: string): string | undefined {
  const path = header.slice(4).split("\t")[0];
  return path === "/dev/null" ? undefined : path;
}

/** Reads the body of one hunk: exactly as many lines as its header announced, whatever they look like. */
class Cursor {
  readonly #file: DiffFile;
  readonly #lines: DiffLine[] = [];
  #old: number;
  #new: number;
  #oldLeft: number;
  #newLeft: number;

  constructor(header: string, file: DiffFile) {
    const [, old, oldCount, now, newCount] = HUNK.exec(header) ?? [];
    this.#file = file;
    this.#old = Number(old);
    this.#new = Number(now);
    this.#oldLeft = Number(oldCount ?? 1);
    this.#newLeft = Number(newCount ?? 1);
    file.hunks.push({ header, lines: this.#lines });
  }

  takes(line: string): boolean {
    if (line.startsWith("\\")) {
      this.#lines.push({ kind: "note", text: line.slice(1).trim() });
      return true;
    }
    if (this.#oldLeft <= 0 && this.#newLeft <= 0) return false;
    const text = line.slice(1);
    if (line.startsWith("+")) {
      this.#lines.push({ kind: "added", text, new: this.#new++ });
      this.#newLeft -= 1;
      this.#file.added += 1;
    } else if (line.startsWith("-")) {
      this.#lines.push({ kind: "removed", text, old: this.#old++ });
      this.#oldLeft -= 1;
      this.#file.removed += 1;
    } else if (line.startsWith(" ") || line === "") {
      this.#lines.push({ kind: "same", text, old: this.#old++, new: this.#new++ });
      this.#oldLeft -= 1;
      this.#newLeft -= 1;
    } else {
      return false;
    }
    return true;
  }
}

/** Where as many lines were added as removed, each is compared with the one it replaces. */
function markChanges(lines: DiffLine[]): void {
  for (let at = 0; at < lines.length;) {
    const removed = run(lines, at, "removed");
    const added = run(lines, at + removed.length, "added");
    if (removed.length === added.length) {
      removed.forEach((old, index) => {
        const now = added[index];
        if (now) markPair(old, now);
      });
    }
    at += Math.max(1, removed.length + added.length);
  }
}

function run(lines: DiffLine[], from: number, kind: DiffLine["kind"]): DiffLine[] {
  const found: DiffLine[] = [];
  for (const line of lines.slice(from)) {
    if (line.kind !== kind) break;
    found.push(line);
  }
  return found;
}

function markPair(old: DiffLine, now: DiffLine): void {
  const shorter = Math.min(old.text.length, now.text.length);
  let start = 0;
  while (start < shorter && old.text[start] === now.text[start]) start += 1;
  let tail = 0;
  while (tail < shorter - start && old.text.at(-1 - tail) === now.text.at(-1 - tail)) tail += 1;
  // Two lines with little in common are better read whole.
  if (start + tail < shorter / 3) return;
  old.changed = [start, old.text.length - tail];
  now.changed = [start, now.text.length - tail];
}
