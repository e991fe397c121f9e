import { Button } from "@patternfly/react-core";
import LockIcon from "@patternfly/react-icons/dist/esm/icons/lock-icon";
import PlusIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import { Loaded, Nothing } from "../../kit/states";
import type { AclEntry } from "../../kit/types";
import { AclDialog } from "./AclDialog";
import { addAcl, removeAcl, type AclWanted } from "./changes";
import { useAcl } from "./data";
import { Subject } from "./parts";

export function AclTab() {
  const acl = useAcl();
  const propose = usePropose();
  const mayChange = useMay("Permissions.Modify");
  const [adding, setAdding] = useState(false);
  const add = () => setAdding(true);
  return (
    <div className="ik-stack">
      {mayChange && (
        <div className="ik-actions">
          <Button icon={<PlusIcon />} onClick={add}>
            Give a role
          </Button>
        </div>
      )}
      <Loaded query={acl} what="the permissions">
        {(list) =>
          list.length === 0 ? (
            <Nothing
              title="No role is given yet"
              icon={LockIcon}
              action={mayChange ? { label: "Give a role", onClick: add } : undefined}
            >
              So far root@pam alone may do anything.
            </Nothing>
          ) : (
            <Entries entries={list} mayChange={mayChange} />
          )
        }
      </Loaded>
      {adding && (
        <AclDialog
          onClose={() => setAdding(false)}
          onChoose={(entry) => {
            setAdding(false);
            propose(addAcl(entry));
          }}
        />
      )}
    </div>
  );
}

function Entries({ entries, mayChange }: { entries: AclEntry[]; mayChange: boolean }) {
  const propose = usePropose();
  return (
    <Table variant="compact" gridBreakPoint="grid-md" aria-label="Access entries">
      <Thead>
        <Tr>
          <Th>Path</Th>
          <Th>Who</Th>
          <Th>Role</Th>
          <Th>Below the path</Th>
          {mayChange && <Th screenReaderText="Actions" />}
        </Tr>
      </Thead>
      <Tbody>
        {entries.map((entry) => (
          <Tr key={`${entry.path} ${entry.type} ${entry.ugid} ${entry.roleid}`}>
            <Td dataLabel="Path" className="ik-mono ik-wrap">
              {entry.path}
            </Td>
            <Td dataLabel="Who">
              <Subject type={entry.type} ugid={entry.ugid} />
            </Td>
            <Td dataLabel="Role" className="ik-wrap">
              {entry.roleid}
            </Td>
            <Td dataLabel="Below the path">{entry.propagate === 1 ? "too" : "not"}</Td>
            {mayChange && (
              <Td isActionCell>
                <Button
                  variant="secondary"
                  size="sm"
                  isDanger
                  aria-label={`Take away ${entry.roleid} on ${entry.path} from ${entry.ugid}`}
                  onClick={() => propose(removeAcl(wanted(entry)))}
                >
                  Take away
                </Button>
              </Td>
            )}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function wanted(entry: AclEntry): AclWanted {
  return { ...entry, type: entry.type as AclWanted["type"], propagate: entry.propagate === 1 };
}
