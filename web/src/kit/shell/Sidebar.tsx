import { Nav, NavExpandable, NavItem, NavList, PageSidebar, PageSidebarBody } from "@patternfly/react-core";
import ClusterIcon from "@patternfly/react-icons/dist/esm/icons/cluster-icon";
import { useEffect } from "react";
import { useNodes } from "../nodes";
import { href, type Route } from "../router";
import { Loaded } from "../states";
import type { Rooms } from "./Shell";

/** The tree on the left: the datacenter, its nodes, and the chapters of each node. */
export function Sidebar({
  open,
  over,
  onClose,
  rooms: { chapters, shared },
  route,
}: {
  open: boolean;
  /** It lies over the page instead of beside it. */
  over: boolean;
  onClose: () => void;
  rooms: Rooms;
  route: Route;
}) {
  const nodes = useNodes();
  const [area, chosenNode, chosenChapter] = route.segments;
  const covers = open && over;
  useEffect(() => {
    if (!covers) return;
    const outside = (event: PointerEvent) => {
      const inside =
        event.target instanceof Element && event.target.closest("#ik-sidebar, #ik-sidebar-toggle");
      if (!inside) onClose();
    };
    const escape = (event: KeyboardEvent) => event.key === "Escape" && onClose();
    addEventListener("pointerdown", outside);
    addEventListener("keydown", escape);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("keydown", escape);
    };
  }, [covers, onClose]);
  return (
    <PageSidebar
      id="ik-sidebar"
      isSidebarOpen={open}
      inert={!open}
      className={covers ? "pf-m-expanded" : undefined}
    >
      <PageSidebarBody>
        <Nav aria-label="Datacenter and nodes">
          <NavList>
            <NavItem
              itemId="datacenter"
              to={href(["datacenter"])}
              isActive={area === "datacenter" && chosenNode === undefined}
              icon={<ClusterIcon />}
            >
              Datacenter
            </NavItem>
            {shared.map(({ id, title, icon: Icon }) => (
              <NavItem
                key={id}
                itemId={`datacenter/${id}`}
                to={href(["datacenter", id])}
                isActive={area === "datacenter" && chosenNode === id}
                icon={<Icon />}
              >
                {title}
              </NavItem>
            ))}
            <Loaded query={nodes} what="the nodes" rows={2}>
              {(list) =>
                list.map(({ node, status }) => (
                  <NavExpandable
                    key={`${node} ${node === chosenNode}`}
                    groupId={node}
                    title={status === "online" ? node : `${node} (${status})`}
                    isActive={area === "nodes" && node === chosenNode}
                    isExpanded={node === chosenNode || list.length === 1}
                  >
                    {chapters.map(({ id, title, icon: Icon }) => (
                      <NavItem
                        key={id}
                        itemId={`${node}/${id}`}
                        to={href(["nodes", node, id])}
                        isActive={node === chosenNode && id === chosenChapter}
                        icon={<Icon />}
                      >
                        {title}
                      </NavItem>
                    ))}
                  </NavExpandable>
                ))
              }
            </Loaded>
          </NavList>
        </Nav>
      </PageSidebarBody>
    </PageSidebar>
  );
}
