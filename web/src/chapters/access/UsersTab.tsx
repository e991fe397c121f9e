import { Label, Switch } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import type { UserEntry } from "../../kit/types";
import { addUser, changeUser, enableUser, removeUser } from "./changes";
import { items, useUsers } from "./data";
import { EditableList, EntryActions } from "./EditableList";
import { Expiry, UserLink } from "./parts";
import { UserDialog } from "./UserDialog";

export function UsersTab() {
  const users = useUsers();
  const propose = usePropose();
  const mayChange = useMay("User.Modify");
  return (
    <EditableList
      query={users}
      what="the users"
      add="Add user"
      mayChange={mayChange}
      dialog={(user, onClose) => (
        <UserDialog
          user={user}
          onClose={onClose}
          onChoose={(userid, fields) => {
            onClose();
            propose(user ? changeUser(userid, fields) : addUser(userid, fields));
          }}
        />
      )}
    >
      {(list, onEdit) => <Users users={list} mayChange={mayChange} onEdit={onEdit} />}
    </EditableList>
  );
}

function Users({
  users,
  mayChange,
  onEdit,
}: {
  users: UserEntry[];
  mayChange: boolean;
  onEdit: (user: UserEntry) => void;
}) {
  const propose = usePropose();
  return (
    <Table variant="compact" gridBreakPoint="grid-lg" aria-label="Users">
      <Thead>
        <Tr>
          <Th>May log in</Th>
          <Th width={20}>User</Th>
          <Th>Name</Th>
          <Th>Groups</Th>
          <Th>Ends</Th>
          <Th>Second factor</Th>
          <Th width={20}>Remark</Th>
          {mayChange && <Th screenReaderText="Actions" />}
        </Tr>
      </Thead>
      <Tbody>
        {users.map((user) => (
          <Tr key={user.userid}>
            <Td dataLabel="May log in">
              <Switch
                id={`enabled ${user.userid}`}
                aria-label={`${user.userid}: may log in`}
                isChecked={user.enable === 1}
                isDisabled={!mayChange || user.userid === ROOT}
                onChange={(_, on) => propose(enableUser(user.userid, on))}
              />
            </Td>
            <Td dataLabel="User">
              <UserLink userid={user.userid} />
            </Td>
            <Td dataLabel="Name" className="ik-wrap">
              {nameOf(user)}
            </Td>
            <Td dataLabel="Groups" className="ik-wrap">
              {items(user.groups).join(", ")}
            </Td>
            <Td dataLabel="Ends" modifier="nowrap">
              <Expiry expire={user.expire} />
            </Td>
            <Td dataLabel="Second factor">{user.keys && <Label isCompact>yes</Label>}</Td>
            <Td dataLabel="Remark" className="ik-wrap">
              {user.comment}
            </Td>
            {mayChange && (
              <Td isActionCell>
                <EntryActions
                  onEdit={() => onEdit(user)}
                  onRemove={() => propose(removeUser(user.userid))}
                  isKept={user.userid === ROOT}
                />
              </Td>
            )}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

/** Whoever is always there and can do everything. */
const ROOT = "root@pam";

function nameOf({ firstname, lastname }: UserEntry): string {
  return [firstname, lastname].filter(Boolean).join(" ");
}
