import { Button, Label } from "@patternfly/react-core";
import PlusIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import { ActionsColumn, Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { ChoicesField, FormDialog, TextField } from "../../kit/form";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import { Loaded } from "../../kit/states";
import type { RoleEntry } from "../../kit/types";
import { addRole, changeRole, removeRole } from "./changes";
import { items, useRoles } from "./data";
import { Privileges } from "./parts";

export function RolesTab() {
  const roles = useRoles();
  const propose = usePropose();
  const mayChange = useMay("Sys.Modify");
  const [editing, setEditing] = useState<RoleEntry | "new">();
  return (
    <div className="ik-stack">
      {mayChange && (
        <div className="ik-actions">
          <Button icon={<PlusIcon />} onClick={() => setEditing("new")}>
            Add role
          </Button>
        </div>
      )}
      <Loaded query={roles} what="the roles">
        {(list) => <Roles roles={list} mayChange={mayChange} onEdit={setEditing} />}
      </Loaded>
      {editing && roles.data && (
        <RoleDialog
          role={editing === "new" ? undefined : editing}
          known={privilegesOf(roles.data)}
          onClose={() => setEditing(undefined)}
          onChoose={(roleid, privs) => {
            setEditing(undefined);
            propose(editing === "new" ? addRole(roleid, privs) : changeRole(roleid, privs));
          }}
        />
      )}
    </div>
  );
}

/** Every privilege there is: the predefined roles hold them all. */
function privilegesOf(roles: RoleEntry[]): string[] {
  return [...new Set(roles.flatMap(({ privs }) => items(privs)))].sort();
}

function Roles({
  roles,
  mayChange,
  onEdit,
}: {
  roles: RoleEntry[];
  mayChange: boolean;
  onEdit: (role: RoleEntry) => void;
}) {
  const propose = usePropose();
  return (
    <Table variant="compact" gridBreakPoint="grid-md" aria-label="Roles">
      <Thead>
        <Tr>
          <Th width={20}>Role</Th>
          <Th>Privileges</Th>
          {mayChange && <Th screenReaderText="Actions" />}
        </Tr>
      </Thead>
      <Tbody>
        {roles.map((role) => (
          <Tr key={role.roleid}>
            <Td dataLabel="Role" className="ik-wrap">
              {role.roleid}{" "}
              {role.special === 1 && (
                <Label isCompact color="grey">
                  predefined
                </Label>
              )}
            </Td>
            <Td dataLabel="Privileges">
              <Privileges privileges={items(role.privs)} />
            </Td>
            {mayChange && (
              <Td isActionCell>
                {role.special === 0 && (
                  <ActionsColumn
                    items={[
                      { title: "Edit", onClick: () => onEdit(role) },
                      { isSeparator: true },
                      { title: "Remove", isDanger: true, onClick: () => propose(removeRole(role.roleid)) },
                    ]}
                  />
                )}
              </Td>
            )}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

const NAME = /^[A-Za-z0-9._-]+$/;

function RoleDialog({
  role,
  known,
  onClose,
  onChoose,
}: {
  role?: RoleEntry;
  known: string[];
  onClose: () => void;
  onChoose: (roleid: string, privs: string[]) => void;
}) {
  const [name, setName] = useState(role?.roleid ?? "");
  const [privileges, setPrivileges] = useState(items(role?.privs));
  const isName = NAME.test(name);
  return (
    <FormDialog
      title={role ? `Edit role ${role.roleid}` : "Add role"}
      isValid={isName}
      onClose={onClose}
      onSubmit={() => onChoose(name, privileges)}
    >
      {!role && (
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
      <ChoicesField label="Privileges" choices={known} chosen={privileges} onChange={setPrivileges} />
    </FormDialog>
  );
}
