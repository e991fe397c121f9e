// Where everything stands in the picture of the network: cards on the left, what is made of them to the right.

import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../kit/api";
import type { Topology, TopologyNode } from "../../kit/types";

/** Cables are pulled and plugged while somebody looks. */
const EVERY = 5_000;
/** More than these on one bridge are one box. */
const GUESTS = 6;
/** More than these make no picture that anybody can read. */
const BOXES = 120;

export function useTopology(node: string) {
  return useQuery({
    queryKey: ["node", node, "network", "topology"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/nodes/{node}/network-topology", { params: { path: { node } }, signal }))).data,
    refetchInterval: EVERY,
  });
}

export interface Box {
  /** What its ties name. */
  id: string;
  title: string;
  /** What it stands for; several for guests of one bridge. */
  nodes: readonly TopologyNode[];
  column: number;
  row: number;
}
export type Fate = "stays" | "comes" | "goes" | "missing";
export interface Line {
  from: Box;
  to: Box;
  fate: Fate;
}
export interface Picture {
  boxes: readonly Box[];
  lines: readonly Line[];
  columns: number;
  rows: number;
}

interface Tie {
  from: string;
  to: string;
  fate: Fate;
}

/** `undefined` where there is too much for a picture. */
export function picture(topology: Topology): Picture | undefined {
  const { grouped, ties } = group(topology);
  if (grouped.length > BOXES) return undefined;
  const below = new Map<string, string[]>();
  for (const { from, to } of ties) below.set(to, [...(below.get(to) ?? []), from]);
  const depths = depthsOf(grouped, below);
  const last = Math.max(0, ...grouped.filter((box) => !isGuest(box)).map(({ id }) => depths.get(id) ?? 0));
  const columns: Box[][] = [];
  for (const box of grouped) {
    // guests stand together at the right
    const column = isGuest(box) ? last + 1 : (depths.get(box.id) ?? 0);
    (columns[column] ??= []).push({ ...box, column, row: 0 });
  }
  const boxes = placed(columns.filter(Boolean), below);
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const lines = ties.flatMap(({ from, to, fate }) => {
    const [a, b] = [byId.get(from), byId.get(to)];
    return a && b ? [{ from: a, to: b, fate }] : [];
  });
  const rows = Math.max(0, ...boxes.map(({ row }) => row + 1));
  return { boxes, lines, columns: Math.max(0, ...boxes.map(({ column }) => column + 1)), rows };
}

function isGuest({ nodes }: { nodes: readonly TopologyNode[] }): boolean {
  return nodes[0]?.kind === "guest";
}

/** Guests are drawn behind their bridge; many of one bridge are one box. */
function group({ nodes, ties }: Topology) {
  const fateOf = ({ now, then }: Topology["ties"][number]): Fate => {
    if (now === 1) return then === 1 ? "stays" : "goes";
    return then === 1 ? "comes" : "missing";
  };
  const boxes = nodes
    .filter(({ kind }) => kind !== "guest")
    .map((one) => ({ id: one.name, title: one.name, nodes: [one] }));
  const drawn: Tie[] = [];
  const guests = new Map<string, TopologyNode[]>();
  const byName = new Map(nodes.map((one) => [one.name, one]));
  for (const tie of ties) {
    const lower = byName.get(tie.lower);
    const upper = byName.get(tie.upper);
    if (lower?.kind === "guest") {
      const key = `${tie.upper} ${fateOf(tie)}`;
      guests.set(key, [...(guests.get(key) ?? []), lower]);
    } else if (lower && upper) {
      // what is configured and not there now is missing, unless it is staged
      const isStaged = [lower, upper].some(({ pending }) => pending !== undefined);
      const fate = fateOf(tie);
      drawn.push({
        from: tie.lower,
        to: tie.upper,
        fate: fate === "comes" && !isStaged ? "missing" : fate,
      });
    }
  }
  const crowds: typeof boxes = [];
  for (const [key, crowd] of guests) {
    const [bridge = "", fate = "stays"] = key.split(" ");
    const several = crowd.length > GUESTS ? [crowd] : crowd.map((one) => [one]);
    for (const nodes of several) {
      const id = nodes.length > 1 ? `guests of ${key}` : (nodes[0]?.name ?? key);
      crowds.push({
        id,
        title: nodes.length > 1 ? `${nodes.length} guest cards` : guestName(nodes[0]),
        nodes,
      });
      drawn.push({ from: bridge, to: id, fate: fate as Fate });
    }
  }
  // a guest's card that is on no bridge
  const tied = new Set(crowds.flatMap(({ nodes }) => nodes.map(({ name }) => name)));
  const loose = nodes.filter(({ kind, name }) => kind === "guest" && !tied.has(name));
  const alone = loose.map((one) => ({ id: one.name, title: guestName(one), nodes: [one] }));
  return { grouped: [...boxes, ...crowds, ...alone], ties: drawn };
}

export function guestName(one: TopologyNode | undefined): string {
  return one?.guest ? `${one.guest.vmid} net${one.guest.net}` : (one?.name ?? "");
}

/** How many stand below each other under a box; a circle, which no host can have for long, ends where it began. */
function depthsOf(boxes: readonly { id: string }[], below: ReadonlyMap<string, readonly string[]>) {
  const depths = new Map<string, number>();
  const depth = (id: string, seen: readonly string[]): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    const lower = (below.get(id) ?? []).filter((one) => !seen.includes(one));
    const found = Math.max(-1, ...lower.map((one) => depth(one, [...seen, id]))) + 1;
    depths.set(id, found);
    return found;
  };
  for (const { id } of boxes) depth(id, [id]);
  return depths;
}

/** Each beside what it is made of, so that few lines cross; columns are centred on the longest. */
function placed(columns: readonly Box[][], below: ReadonlyMap<string, readonly string[]>): Box[] {
  const places = new Map<string, number>();
  const height = Math.max(0, ...columns.map((column) => column.length));
  return columns.flatMap((column, at) => {
    const wanted = ({ id }: Box) => {
      const lower = (below.get(id) ?? []).flatMap((one) => places.get(one) ?? []);
      return lower.length === 0
        ? Number.POSITIVE_INFINITY
        : lower.reduce((sum, one) => sum + one, 0) / lower.length;
    };
    const ordered = column
      .map((box) => ({ box, place: wanted(box) }))
      .sort((a, b) => a.place - b.place || a.box.title.localeCompare(b.box.title, "en", { numeric: true }));
    return ordered.map(({ box }, index) => {
      const row = index + (height - column.length) / 2;
      places.set(box.id, row);
      return { ...box, column: at, row };
    });
  });
}
