import { Alert, Button, Label } from "@patternfly/react-core";
import CardIcon from "@patternfly/react-icons/dist/esm/icons/ethernet-icon";
import {
  ActionsColumn,
  ExpandableRowContent,
  Table,
  Tbody,
  Td,
  Th,
  Thead,
  Tr,
} from "@patternfly/react-table";
import { useState } from "react";
import { ChapterPage } from "../../kit/ChapterPage";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import { Loaded, Nothing } from "../../kit/states";
import type { Nic } from "../../kit/types";
import { RenameDialog } from "./CardDialogs";
import { linkOf, pin, unpin, useCards } from "./cards";
import { SchemePanel } from "./SchemePanel";

/** The cards of this host, and why they are called as they are. */
export function CardsPage({ node }: { node: string }) {
  const cards = useCards(node);
  const mayChange = useMay("Sys.Modify");
  const propose = usePropose();
  const [renaming, setRenaming] = useState<Nic>();
  const loose = cards.data?.some((nic) => nic["link-file"] === undefined) ?? false;
  return (
    <ChapterPage
      title="Network cards"
      node={node}
      intro="A card whose name changes takes everything with it that names it. A link file keeps a name."
      help={{ guide: "names", man: ["systemd.link.5", "systemd.net-naming-scheme.7"] }}
      actions={
        mayChange && (
          <Button isDisabled={!loose} onClick={() => propose(pin(node))}>
            Keep all names
          </Button>
        )
      }
    >
      <Loaded query={cards} what="the network cards">
        {(found) => (
          <div className="ik-stack">
            {found.some((nic) => nic["next-name"] !== undefined) && (
              <Alert isInline variant="info" title="Names wait for a restart of this host" />
            )}
            {found.length === 0 ? (
              <Nothing title="There is no network card" icon={CardIcon}>
                The kernel has found none. Cards for which it has no driver are not seen here.
              </Nothing>
            ) : (
              <Cards node={node} cards={found} mayChange={mayChange} onRename={setRenaming} />
            )}
            <SchemePanel node={node} mayChange={mayChange} />
            {renaming && (
              <RenameDialog node={node} nic={renaming} nics={found} onClose={() => setRenaming(undefined)} />
            )}
          </div>
        )}
      </Loaded>
    </ChapterPage>
  );
}

interface RowsProps {
  node: string;
  mayChange: boolean;
  onRename: (nic: Nic) => void;
}

function Cards({ cards, ...rest }: RowsProps & { cards: readonly Nic[] }) {
  return (
    <Table variant="compact" gridBreakPoint="grid-lg" aria-label="Network cards">
      <Thead>
        <Tr>
          <Th screenReaderText="Why it is called so" />
          <Th width={20}>Name</Th>
          <Th>Hardware address</Th>
          <Th>Place</Th>
          <Th>Link</Th>
          <Th>Used by</Th>
          <Th>Kept by</Th>
          {rest.mayChange && <Th screenReaderText="Actions" />}
        </Tr>
      </Thead>
      {cards.map((nic, index) => (
        <Card key={nic.name} nic={nic} index={index} {...rest} />
      ))}
    </Table>
  );
}

function Card({ node, nic, index, mayChange, onRename }: RowsProps & { nic: Nic; index: number }) {
  const [isOpen, setOpen] = useState(false);
  const propose = usePropose();
  const { name, mac, pci, driver, explanation } = nic;
  const [next, file] = [nic["next-name"], nic["link-file"]];
  const users = nic["used-by"] ?? (nic.master ? [nic.master] : []);
  return (
    <Tbody isExpanded={isOpen}>
      <Tr>
        <Td expand={{ rowIndex: index, isExpanded: isOpen, onToggle: () => setOpen(!isOpen) }} />
        <Td dataLabel="Name" className="ik-wrap">
          {name}
          {next !== undefined && <div className="ik-subtle">{next} after the restart</div>}
        </Td>
        <Td dataLabel="Hardware address" className="ik-mono ik-wrap">
          {mac}
        </Td>
        <Td dataLabel="Place" className="ik-wrap">
          {[pci, driver].filter(Boolean).join(" · ")}
        </Td>
        <Td dataLabel="Link">{linkOf(nic)}</Td>
        <Td dataLabel="Used by" className="ik-wrap">
          {users.join(", ") || <span className="ik-subtle">nothing</span>}
        </Td>
        <Td dataLabel="Kept by" className="ik-wrap">
          {file ?? (
            <Label isCompact variant="outline">
              naming scheme
            </Label>
          )}
        </Td>
        {mayChange && (
          <Td isActionCell>
            <ActionsColumn
              items={[
                {
                  title: "Keep name",
                  isDisabled: file !== undefined,
                  onClick: () => propose(pin(node, nic)),
                },
                { title: "Rename", onClick: () => onRename(nic) },
                {
                  title: "Release name",
                  isDanger: true,
                  isDisabled: file === undefined,
                  onClick: () => propose(unpin(node, nic)),
                },
              ]}
            />
          </Td>
        )}
      </Tr>
      <Tr isExpanded={isOpen}>
        <Td colSpan={mayChange ? 8 : 7} noPadding={false}>
          <ExpandableRowContent>
            <p className="ik-wrap">
              {name}: {explanation}.
            </p>
            {nic.alternatives?.map((other) => (
              <p key={other.name} className="ik-wrap">
                Also {other.name}: {other.explanation}.
              </p>
            ))}
          </ExpandableRowContent>
        </Td>
      </Tr>
    </Tbody>
  );
}
