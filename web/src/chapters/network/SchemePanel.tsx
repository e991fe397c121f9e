import {
  Button,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  Title,
} from "@patternfly/react-core";
import { useState } from "react";
import { usePropose } from "../../kit/plan/Changes";
import { Loaded } from "../../kit/states";
import type { NicScheme } from "../../kit/types";
import { SchemeDialog } from "./CardDialogs";
import { unpinScheme, useScheme } from "./cards";

/** The scheme by which cards without a link file are named. */
export function SchemePanel({ node, mayChange }: { node: string; mayChange: boolean }) {
  const scheme = useScheme(node);
  return (
    <section aria-label="Naming scheme" className="ik-stack">
      <Title headingLevel="h2" size="lg">
        Naming scheme
      </Title>
      <Loaded query={scheme} what="the naming scheme">
        {(found) => <Scheme node={node} scheme={found} mayChange={mayChange} />}
      </Loaded>
    </section>
  );
}

function Scheme({ node, scheme, mayChange }: { node: string; scheme: NicScheme; mayChange: boolean }) {
  const propose = usePropose();
  const [isOpen, setOpen] = useState(false);
  const { systemd, pinned, running, loader, file } = scheme;
  const inUse = scheme["in-use"];
  const facts: [string, string | null | undefined][] = [
    ["In use", inUse && (running ? `${inUse}, by the kernel command line` : `${inUse}, that of systemd`)],
    ["From the next restart on", pinned ?? "that of the systemd that is installed then"],
    ["systemd", systemd?.toString()],
    ["Command line", file && `${file} (${loader ?? ""})`],
  ];
  return (
    <>
      <DescriptionList isHorizontal aria-label="How cards are named">
        {facts
          .filter(([, value]) => value)
          .map(([term, value]) => (
            <DescriptionListGroup key={term}>
              <DescriptionListTerm>{term}</DescriptionListTerm>
              <DescriptionListDescription className="ik-wrap">{value}</DescriptionListDescription>
            </DescriptionListGroup>
          ))}
      </DescriptionList>
      {mayChange && (
        <div className="ik-actions">
          <Button variant="secondary" isDisabled={file === undefined} onClick={() => setOpen(true)}>
            Keep a scheme
          </Button>
          <Button
            variant="secondary"
            isDisabled={pinned === undefined}
            onClick={() => propose(unpinScheme(node))}
          >
            Leave it to systemd
          </Button>
        </div>
      )}
      {isOpen && <SchemeDialog node={node} scheme={scheme} onClose={() => setOpen(false)} />}
    </>
  );
}
