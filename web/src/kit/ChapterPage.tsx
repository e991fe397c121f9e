import {
  Breadcrumb,
  BreadcrumbItem,
  Content,
  PageBreadcrumb,
  PageSection,
  Title,
} from "@patternfly/react-core";
import { useEffect, useRef, type ReactNode } from "react";
import { Help, type HelpFor } from "./Help";
import { href } from "./router";

export interface Crumb {
  label: string;
  to: readonly (string | number)[];
}

let visited = false;

/** The frame of every page: where it is, its heading, its actions, its content. */
export function ChapterPage({
  title,
  node,
  intro,
  help,
  crumbs,
  actions,
  children,
}: {
  title: string;
  /** The node it is about; without one, what all nodes have in common. */
  node?: string;
  intro?: ReactNode;
  help?: HelpFor;
  /** The pages above this one; those of a node stand below the node. */
  crumbs?: Crumb[];
  actions?: ReactNode;
  children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = [title, node, "Innkeeper"].filter(Boolean).join(" · ");
    // After a change of page a screen reader goes on reading at its heading, as after a load.
    if (visited) heading.current?.focus({ preventScroll: true });
    visited = true;
  }, [title, node]);
  return (
    <>
      {(node !== undefined || crumbs) && (
        <PageBreadcrumb>
          <Breadcrumb>
            <BreadcrumbItem to={href(["datacenter"])}>Datacenter</BreadcrumbItem>
            {node !== undefined && <BreadcrumbItem to={href(["nodes", node])}>{node}</BreadcrumbItem>}
            {crumbs?.map(({ label, to }) => (
              <BreadcrumbItem key={label} to={href(to)}>
                {label}
              </BreadcrumbItem>
            ))}
            <BreadcrumbItem isActive>{title}</BreadcrumbItem>
          </Breadcrumb>
        </PageBreadcrumb>
      )}
      <PageSection>
        <div className="ik-top">
          <Title headingLevel="h1" tabIndex={-1} ref={heading} className="ik-heading">
            {title}
          </Title>
          {(intro || help) && (
            <div className="ik-top__intro">
              {intro && <Content className="ik-intro">{intro}</Content>}
              {help && <Help {...help} />}
            </div>
          )}
          {actions && <div className="ik-actions">{actions}</div>}
        </div>
      </PageSection>
      <PageSection isFilled aria-label={`${title}: content`}>
        {children}
      </PageSection>
    </>
  );
}
