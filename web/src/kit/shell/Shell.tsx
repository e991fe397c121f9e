import { Page, SkipToContent } from "@patternfly/react-core";
import { Suspense, useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { ArmedChanges } from "../armed/ArmedChanges";
import { TakenBack } from "../armed/TakenBack";
import type { Chapter, DatacenterChapter } from "../chapter";
import { Guide } from "../guide/Guide";
import { useNodes } from "../nodes";
import { Changes } from "../plan/Changes";
import { go, href, useRoute, type Route } from "../router";
import { Loaded, Loading, Nothing } from "../states";
import { drawer, toggleDrawer } from "../tasks/drawer";
import { TaskDrawer } from "../tasks/TaskDrawer";
import { ConnectionBanner } from "./ConnectionBanner";
import { useKeys } from "./keys";
import { Masthead } from "./Masthead";
import { Boundary } from "./Boundary";
import { Shortcuts } from "./Shortcuts";
import { Sidebar } from "./Sidebar";
import "./shell.css";

/** From here on the tree stands beside the page; below, it lies over it. */
const WIDE = matchMedia("(min-width: 75rem)");

export interface Rooms {
  /** The page of the datacenter itself. */
  Datacenter: React.ComponentType;
  /** What all nodes have in common. */
  shared: readonly DatacenterChapter[];
  chapters: readonly [Chapter, ...Chapter[]];
}

export function Shell({ rooms }: { rooms: Rooms }) {
  const { chapters, shared } = rooms;
  const route = useRoute();
  const nodes = useNodes();
  const wide = useSyncExternalStore(onWide, () => WIDE.matches);
  const [sidebar, setSidebar] = useState({ wide, path: "", open: wide });
  const [help, setHelp] = useState(false);
  const path = route.segments.join("/");
  // What somebody chose for one width says nothing about the other; on a phone the tree closes behind a choice.
  const sidebarOpen = sidebar.wide === wide && (wide || sidebar.path === path) ? sidebar.open : wide;
  const node = route.segments[0] === "nodes" ? route.segments[1] : nodes.data?.[0]?.node;

  const closeSidebar = useCallback(() => setSidebar({ wide, path, open: false }), [wide, path]);

  useEffect(() => {
    document.getElementById(MAIN)?.scrollTo(0, 0);
  }, [path]);

  const handlers = useMemo(() => {
    const pages = node
      ? chapters.map(({ id, letter }) => [`g ${letter}`, () => go(href(["nodes", node, id]))])
      : [];
    return {
      ...(Object.fromEntries(pages) as Record<string, () => void>),
      ...Object.fromEntries(
        shared.map(({ id, letter }) => [`g ${letter}`, () => go(href(["datacenter", id]))]),
      ),
      "g d": () => go(href(["datacenter"])),
      l: toggleDrawer,
      "?": () => setHelp(true),
      Escape: () => drawer.set({ ...drawer.get(), open: false }),
    };
  }, [chapters, shared, node]);
  useKeys(handlers);

  const shortcuts = useMemo(
    () => [
      ...[...chapters, ...shared].map(({ title, letter }) => ({ keys: `g ${letter}`, does: title })),
      { keys: "g d", does: "Datacenter" },
      { keys: "l", does: "Open or close the list of tasks" },
      { keys: "Esc", does: "Close a dialog, a menu or the list of tasks" },
      { keys: "?", does: "Show this help" },
    ],
    [chapters, shared],
  );

  return (
    <Changes>
      <div className="ik-frame">
        <ConnectionBanner />
        <ArmedChanges />
        <TakenBack />
        <Page
          className="ik-frame__page"
          mainContainerId={MAIN}
          skipToContent={
            <SkipToContent
              href={`#${MAIN}`}
              onClick={(event) => {
                // The fragment is the router's.
                event.preventDefault();
                document.getElementById(MAIN)?.focus();
              }}
            >
              Skip to content
            </SkipToContent>
          }
          masthead={
            <Masthead
              sidebarOpen={sidebarOpen}
              onSidebar={() => setSidebar({ wide, path, open: !sidebarOpen })}
              onShortcuts={() => setHelp(true)}
            />
          }
          sidebar={
            <Sidebar open={sidebarOpen} over={!wide} onClose={closeSidebar} rooms={rooms} route={route} />
          }
        >
          <Boundary path={path}>
            <Suspense fallback={<PageLoading />}>
              {/* a chapter stays as it is while one moves about in it: focus, what is open, what is typed */}
              <Room key={chapterOf(route)} rooms={rooms} route={route} />
            </Suspense>
          </Boundary>
        </Page>
        <TaskDrawer />
      </div>
      {help && <Shortcuts shortcuts={shortcuts} onClose={() => setHelp(false)} />}
    </Changes>
  );
}

const MAIN = "main";

function chapterOf({ segments: [area, ...rest] }: Route): string {
  return [area, ...rest.slice(0, area === "nodes" ? 2 : 1)].join("/");
}

function PageLoading() {
  return (
    <div className="ik-pad">
      <Loading what="the page" />
    </div>
  );
}

function Room({ rooms: { chapters, shared, Datacenter }, route }: { rooms: Rooms; route: Route }) {
  const nodes = useNodes();
  const [area, node, id, ...rest] = route.segments;
  const first = nodes.data?.[0]?.node;
  const home = node ?? first;
  const redirect = (area === undefined || (area === "nodes" && id === undefined)) && home;
  useEffect(() => {
    if (redirect) go(href(["nodes", redirect, chapters[0].id]), "replace");
  }, [redirect, chapters]);

  if (area === "datacenter" && node === undefined) return <Datacenter />;
  if (area === "guide") return <Guide page={node ?? ""} />;
  if (redirect || area === undefined) {
    return (
      <div className="ik-pad">
        <Loaded query={nodes} what="the nodes">
          {(list) => (list.length === 0 ? <Nothing title="This datacenter has no node" /> : null)}
        </Loaded>
      </div>
    );
  }
  const common = area === "datacenter" && shared.find((candidate) => candidate.id === node);
  if (common) return <common.Page rest={route.segments.slice(2)} />;
  const chapter = area === "nodes" && chapters.find((candidate) => candidate.id === id);
  if (!chapter || node === undefined) {
    return (
      <Nothing
        title="There is no such page"
        action={{ label: "Go to the datacenter", onClick: () => go(href(["datacenter"])) }}
      >
        Nothing of this program is at {location.hash}
      </Nothing>
    );
  }
  return <chapter.Page node={node} rest={rest} />;
}

function onWide(changed: () => void): () => void {
  WIDE.addEventListener("change", changed);
  return () => WIDE.removeEventListener("change", changed);
}
