import { Button } from "@patternfly/react-core";
import PlusIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import UsersIcon from "@patternfly/react-icons/dist/esm/icons/users-icon";
import { ActionsColumn, Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { FormDialog, TextField } from "../../kit/form";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import { Loaded, Nothing } from "../../kit/states";
import type { GroupEntry } from "../../kit/types";
import { addGroup, changeGroup, removeGroup } from "./changes";
import { items, useGroups } from "./data";
import { UserLink } from "./parts";

export function GroupsTab() {
  const groups = useGroups();
  const propose = usePropose();
  const mayChange = useMay("Group.Allocate");
  const [editing, setEditing] = useState<GroupEntry | "new">();
  return (
    <div className="ik-stack">
      {mayChange && (
        <div className="ik-actions">
          <Button icon={<PlusIcon />} onClick={() => setEditing("new")}>
            Add group
          </Button>
        </div>
      )}
      <Loaded query={groups} what="the groups">
        {(list) =>
          list.length === 0 ? (
            <Nothing title="There is no group" icon={UsersIcon}>
              A role that is given to a group holds for everybody in it.
            </Nothing>
          ) : (
            <Groups groups={list} mayChange={mayChange} onEdit={setEditing} />
          )
        }
      </Loaded>
      {editing && (
        <GroupDialog
          group={editing === "new" ? undefined : editing}
          onClose={() => setEditing(undefined)}
          onChoose={(groupid, comment) => {
            setEditing(undefined);
            propose(editing === "new" ? addGroup(groupid, comment) : changeGroup(groupid, comment));
          }}
        />
      )}
    </div>
  );
}

function Groups({
  groups,
  mayChange,
  onEdit,
}: {
  groups: GroupEntry[];
  mayChange: boolean;
  onEdit: (group: GroupEntry) => void;
}) {
  const propose = usePropose();
  return (
    <Table variant="compact" gridBreakPoint="grid-md" aria-label="Groups">
      <Thead>
        <Tr>
          <Th width={20}>Group</Th>
          <Th>Who is in it</Th>
          <Th width={30}>Remark</Th>
          {mayChange && <Th screenReaderText="Actions" />}
        </Tr>
      </Thead>
      <Tbody>
        {groups.map((group) => (
          <Tr key={group.groupid}>
            <Td dataLabel="Group" className="ik-wrap">
              {group.groupid}
            </Td>
            <Td dataLabel="Who is in it">
              <ul className="ik-labels">
                {items(group.users).map((userid) => (
                  <li key={userid}>
                    <UserLink userid={userid} />
                  </li>
                ))}
              </ul>
            </Td>
            <Td dataLabel="Remark" className="ik-wrap">
              {group.comment}
            </Td>
            {mayChange && (
              <Td isActionCell>
                <ActionsColumn
                  items={[
                    { title: "Edit", onClick: () => onEdit(group) },
                    { isSeparator: true },
                    { title: "Remove", isDanger: true, onClick: () => propose(removeGroup(group.groupid)) },
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

/** Names of groups and roles, as the API has them. */
const NAME = /^[A-Za-z0-9._-]+$/;

function GroupDialog({
  group,
  onClose,
  onChoose,
}: {
  group?: GroupEntry;
  onClose: () => void;
  onChoose: (groupid: string, comment: string) => void;
}) {
  const [name, setName] = useState(group?.groupid ?? "");
  const [comment, setComment] = useState(group?.comment ?? "");
  const isName = NAME.test(name);
  return (
    <FormDialog
      title={group ? `Edit group ${group.groupid}` : "Add group"}
      isValid={isName}
      onClose={onClose}
      onSubmit={() => onChoose(name, comment)}
    >
      {!group && (
        <TextField
          label="Name"
          isRequired
          autoFocus
          maxLength={64}
          value={name}
          onChange={setName}
          error={name !== "" && !isName && "Letters, digits, dots, dashes and underscores."}
        />
      )}
      <TextField label="Remark" value={comment} onChange={setComment} autoFocus={group !== undefined} />
    </FormDialog>
  );
}
