// The user's guide, one page a chapter, is part of the program: help must be there when the network is not.

const FILES = import.meta.glob<string>("../../../../docs/guide/*.md", { query: "?raw", import: "default" });

/** How to get the text of a page, by the page's name: `repositories`. */
export const GUIDE: ReadonlyMap<string, () => Promise<string>> = new Map(
  Object.entries(FILES).map(([path, load]) => [path.replace(/^.*\/|\.md$/g, ""), load]),
);
