import LockIcon from "@patternfly/react-icons/dist/esm/icons/lock-icon";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { FilterField } from "../../kit/FilterField";
import { Loaded, Nothing } from "../../kit/states";
import { byEntry, useGrants, type GrantedRole } from "./data";
import { Privileges, Subject } from "./parts";

/** What a user or token may do, path by path, and the entry that says so. */
export function Permissions({ userid }: { userid: string }) {
  const [path, setPath] = useState("");
  const grants = useGrants(userid, path);
  return (
    <>
      <div className="ik-narrow">
        <FilterField
          label="Path"
          placeholder="One path only, as /nodes/NAME"
          value={path}
          onChange={setPath}
        />
      </div>
      <Loaded query={grants} what="the permissions">
        {(list) =>
          list.length === 0 ? (
            <Nothing title={path ? "Nothing is allowed there" : "Nothing is allowed"} icon={LockIcon} />
          ) : (
            <Granted rows={byEntry(list)} />
          )
        }
      </Loaded>
    </>
  );
}

function Granted({ rows }: { rows: GrantedRole[] }) {
  return (
    <Table variant="compact" gridBreakPoint="grid-lg" aria-label="Effective permissions">
      <Thead>
        <Tr>
          <Th width={20}>Path</Th>
          <Th width={50}>Privileges</Th>
          <Th>Comes from</Th>
        </Tr>
      </Thead>
      <Tbody>
        {rows.map((row, index) => (
          <Tr key={index}>
            <Td dataLabel="Path" className="ik-mono ik-wrap">
              {row.path}
            </Td>
            <Td dataLabel="Privileges">
              <Privileges privileges={row.privileges} />
            </Td>
            <Td dataLabel="Comes from">
              <From row={row} />
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function From({ row: { role, source, type, ugid, propagate } }: { row: GrantedRole }) {
  if (!role) return "being root@pam";
  return (
    <>
      role {role} on <span className="ik-mono ik-wrap">{source}</span> for <Subject type={type} ugid={ugid} />
      <div className="ik-subtle ik-small">
        {propagate === 1 ? "holds below this path, too" : "holds on this path only"}
      </div>
    </>
  );
}
