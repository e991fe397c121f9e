import { Label } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { ChoicesField, FormDialog } from "../../kit/form";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import type { RoleEntry } from "../../kit/types";
import { addRole, changeRole, removeRole } from "./changes";
import { items, useRoles } from "./data";
import { EditableList, EntryActions, isName, NameField } from "./EditableList";
import { Privileges } from "./parts";

export function RolesTab() {
  const roles = useRoles();
  const mayChange = useMay("Sys.Modify");
  return (
    <EditableList
      query={roles}
      what="the roles"
      add="Add role"
      mayChange={mayChange}
      dialog={(role, onClose) => (
        <RoleDialog role={role} known={privilegesOf(roles.data ?? [])} onClose={onClose} />
      )}
    >
      {(list, onEdit) => <Roles roles={list} mayChange={mayChange} onEdit={onEdit} />}
    </EditableList>
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
                  <EntryActions
                    onEdit={() => onEdit(role)}
                    onRemove={() => propose(removeRole(role.roleid))}
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

function RoleDialog({ role, known, onClose }: { role?: RoleEntry; known: string[]; onClose: () => void }) {
  const propose = usePropose();
  const [name, setName] = useState(role?.roleid ?? "");
  const [privileges, setPrivileges] = useState(items(role?.privs));
  const submit = () => {
    onClose();
    propose(role ? changeRole(name, privileges) : addRole(name, privileges));
  };
  return (
    <FormDialog
      title={role ? `Edit role ${role.roleid}` : "Add role"}
      isValid={isName(name)}
      onClose={onClose}
      onSubmit={submit}
    >
      {!role && <NameField value={name} onChange={setName} />}
      <ChoicesField label="Privileges" choices={known} chosen={privileges} onChange={setPrivileges} />
    </FormDialog>
  );
}
