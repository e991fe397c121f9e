import UsersIcon from "@patternfly/react-icons/dist/esm/icons/users-icon";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { FormDialog, TextField } from "../../kit/form";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import { Nothing } from "../../kit/states";
import type { GroupEntry } from "../../kit/types";
import { addGroup, changeGroup, removeGroup } from "./changes";
import { items, useGroups } from "./data";
import { EditableList, EntryActions, isName, NameField } from "./EditableList";
import { UserLink } from "./parts";

export function GroupsTab() {
  const groups = useGroups();
  const mayChange = useMay("Group.Allocate");
  return (
    <EditableList
      query={groups}
      what="the groups"
      add="Add group"
      mayChange={mayChange}
      dialog={(group, onClose) => <GroupDialog group={group} onClose={onClose} />}
    >
      {(list, onEdit) =>
        list.length === 0 ? (
          <Nothing title="There is no group" icon={UsersIcon}>
            A role that is given to a group holds for everybody in it.
          </Nothing>
        ) : (
          <Groups groups={list} mayChange={mayChange} onEdit={onEdit} />
        )
      }
    </EditableList>
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
                <EntryActions
                  onEdit={() => onEdit(group)}
                  onRemove={() => propose(removeGroup(group.groupid))}
                />
              </Td>
            )}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function GroupDialog({ group, onClose }: { group?: GroupEntry; onClose: () => void }) {
  const propose = usePropose();
  const [name, setName] = useState(group?.groupid ?? "");
  const [comment, setComment] = useState(group?.comment ?? "");
  const submit = () => {
    onClose();
    propose(group ? changeGroup(name, comment) : addGroup(name, comment));
  };
  return (
    <FormDialog
      title={group ? `Edit group ${group.groupid}` : "Add group"}
      isValid={isName(name)}
      onClose={onClose}
      onSubmit={submit}
    >
      {!group && <NameField value={name} onChange={setName} />}
      <TextField label="Remark" value={comment} onChange={setComment} autoFocus={group !== undefined} />
    </FormDialog>
  );
}
