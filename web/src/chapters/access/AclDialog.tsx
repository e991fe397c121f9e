import { useState } from "react";
import { CheckField, FormDialog, SelectField, TextField } from "../../kit/form";
import { useNodes } from "../../kit/nodes";
import type { AclWanted } from "./changes";
import { items, tokensOf, useGroups, useRoles, useUsers } from "./data";

const KINDS = [
  { value: "user", label: "A user" },
  { value: "group", label: "A group" },
  { value: "token", label: "An API token" },
] as const;

/** Paths that every installation has. */
const PATHS = ["/", "/access", "/access/groups", "/access/realm", "/nodes", "/pool", "/storage", "/vms"];

/** A role on a path, for somebody. */
export function AclDialog({
  onClose,
  onChoose,
}: {
  onClose: () => void;
  onChoose: (entry: AclWanted) => void;
}) {
  const names = useNames();
  const roles = useRoles();
  const nodes = useNodes();
  const [path, setPath] = useState("/");
  const [type, setType] = useState<AclWanted["type"]>("user");
  const [ugid, setUgid] = useState("");
  const [roleid, setRole] = useState("");
  const [propagate, setPropagate] = useState(true);
  const role = roles.data?.find((candidate) => candidate.roleid === roleid);
  const isPath = path.startsWith("/");
  return (
    <FormDialog
      title="Give a role"
      isValid={isPath && ugid !== "" && roleid !== ""}
      onClose={onClose}
      onSubmit={() => onChoose({ path, type, ugid, roleid, propagate })}
    >
      <TextField
        label="Path"
        isRequired
        autoFocus
        value={path}
        onChange={setPath}
        options={[...PATHS, ...(nodes.data ?? []).map(({ node }) => `/nodes/${node}`)]}
        help="/ is everything. A node is /nodes/NAME."
        error={!isPath && "A path begins with /."}
      />
      <SelectField
        label="To"
        value={type}
        onChange={(chosen) => {
          setType(chosen);
          setUgid("");
        }}
        choices={KINDS}
      />
      <SelectField
        label="Name"
        isRequired
        value={ugid}
        onChange={setUgid}
        empty="Choose"
        choices={names[type].map((name) => ({ value: name }))}
      />
      <SelectField
        label="Role"
        isRequired
        value={roleid}
        onChange={setRole}
        empty="Choose"
        choices={(roles.data ?? []).map((candidate) => ({ value: candidate.roleid }))}
        help={
          role && (items(role.privs).join(", ") || "No privilege: it takes away what a path above gives.")
        }
      />
      <CheckField
        label="Below the path, too"
        description="For everything whose path begins with this one."
        value={propagate}
        onChange={setPropagate}
      />
    </FormDialog>
  );
}

function useNames(): Record<AclWanted["type"], string[]> {
  const users = useUsers();
  const groups = useGroups();
  return {
    user: (users.data ?? []).map(({ userid }) => userid),
    group: (groups.data ?? []).map(({ groupid }) => groupid),
    token: tokensOf(users.data ?? []).map(({ userid, tokenid }) => `${userid}!${tokenid}`),
  };
}
