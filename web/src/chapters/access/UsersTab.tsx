import { Button, Label, Switch } from "@patternfly/react-core";
import PlusIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import { ActionsColumn, Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import { Loaded } from "../../kit/states";
import type { UserEntry } from "../../kit/types";
import { addUser, changeUser, enableUser, removeUser } from "./changes";
import { items, useUsers } from "./data";
import { Expiry, UserLink } from "./parts";
import { UserDialog } from "./UserDialog";

export function UsersTab() {
  const users = useUsers();
  const propose = usePropose();
  const mayChange = useMay("User.Modify");
  const [editing, setEditing] = useState<UserEntry | "new">();
  return (
    <div className="ik-stack">
      {mayChange && (
        <div className="ik-actions">
          <Button icon={<PlusIcon />} onClick={() => setEditing("new")}>
            Add user
          </Button>
        </div>
      )}
      <Loaded query={users} what="the users">
        {(list) => <Users users={list} mayChange={mayChange} onEdit={setEditing} />}
      </Loaded>
      {editing && (
        <UserDialog
          user={editing === "new" ? undefined : editing}
          onClose={() => setEditing(undefined)}
          onChoose={(userid, fields) => {
            setEditing(undefined);
            propose(editing === "new" ? addUser(userid, fields) : changeUser(userid, fields));
          }}
        />
      )}
    </div>
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
                <ActionsColumn
                  items={[
                    { title: "Edit", onClick: () => onEdit(user) },
                    { isSeparator: true },
                    {
                      title: "Remove",
                      isDanger: true,
                      isDisabled: user.userid === ROOT,
                      onClick: () => propose(removeUser(user.userid)),
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

/** Whoever is always there and can do everything. */
const ROOT = "root@pam";

function nameOf({ firstname, lastname }: UserEntry): string {
  return [firstname, lastname].filter(Boolean).join(" ");
}
