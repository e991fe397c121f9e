import { Alert, Button } from "@patternfly/react-core";
import AddressBookIcon from "@patternfly/react-icons/dist/esm/icons/address-book-icon";
import PlusIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import { ActionsColumn, Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { ChapterPage } from "../../kit/ChapterPage";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import { Loaded, Nothing } from "../../kit/states";
import type { Hosts, HostsEntry } from "../../kit/types";
import { removeEntry, useHosts } from "./data";
import { EntryDialog, TextDialog } from "./HostsDialogs";
import { Problems } from "./Problems";

/** The dialog that is open: a new entry, one that is changed, the whole text. */
type Open = { entry?: HostsEntry } | "text";

/** The names that this host knows by itself. */
export function HostsPage({ node }: { node: string }) {
  const hosts = useHosts(node);
  const mayChange = useMay("Sys.Modify");
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  return (
    <ChapterPage
      title="Hosts"
      node={node}
      intro="Names that this host knows without asking a name server: its own among them."
      help={{ guide: "names", man: ["hosts.5"] }}
      actions={
        mayChange && (
          <>
            <Button icon={<PlusIcon />} isDisabled={!hosts.data} onClick={() => setOpen({})}>
              Add entry
            </Button>
            <Button variant="secondary" isDisabled={!hosts.data} onClick={() => setOpen("text")}>
              Edit as text
            </Button>
          </>
        )
      }
    >
      <Loaded query={hosts} what="the names of hosts">
        {(found) => (
          <div className="ik-stack">
            {found.owner && (
              <Alert isInline variant="warning" title="Somebody else keeps this file">
                <p className="ik-wrap">{found.owner}</p>
              </Alert>
            )}
            <Problems file="/etc/hosts" problems={found.problems} />
            {found.entries.length === 0 ? (
              <Nothing title="There is no entry" icon={AddressBookIcon}>
                Not even this host&apos;s own name leads anywhere without a name server.
              </Nothing>
            ) : (
              <Entries
                node={node}
                hosts={found}
                mayChange={mayChange}
                onEdit={(entry) => setOpen({ entry })}
              />
            )}
            {open === "text" && <TextDialog node={node} hosts={found} onClose={close} />}
            {open !== undefined && open !== "text" && (
              <EntryDialog node={node} hosts={found} entry={open.entry} onClose={close} />
            )}
          </div>
        )}
      </Loaded>
    </ChapterPage>
  );
}

function Entries({
  node,
  hosts,
  mayChange,
  onEdit,
}: {
  node: string;
  hosts: Hosts;
  mayChange: boolean;
  onEdit: (entry: HostsEntry) => void;
}) {
  const propose = usePropose();
  return (
    <Table variant="compact" gridBreakPoint="grid-md" aria-label="Entries of /etc/hosts">
      <Thead>
        <Tr>
          <Th width={25}>Address</Th>
          <Th>Names</Th>
          <Th width={25}>Remark</Th>
          {mayChange && <Th screenReaderText="Actions" />}
        </Tr>
      </Thead>
      <Tbody>
        {hosts.entries.map((entry) => (
          <Tr key={entry.line}>
            <Td dataLabel="Address" className="ik-wrap">
              {entry.address}
            </Td>
            <Td dataLabel="Names" className="ik-wrap">
              {entry.names.join(" ")}
            </Td>
            <Td dataLabel="Remark" className="ik-wrap">
              {entry.comment}
            </Td>
            {mayChange && (
              <Td isActionCell>
                <ActionsColumn
                  items={[
                    { title: "Edit", onClick: () => onEdit(entry) },
                    {
                      title: "Remove",
                      isDanger: true,
                      onClick: () => propose(removeEntry(node, hosts, entry)),
                    },
                  ]}
                />
              </Td>
            )}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
