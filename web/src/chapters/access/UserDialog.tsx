import { useState } from "react";
import { CheckField, ChoicesField, FormDialog, SelectField, TextField } from "../../kit/form";
import { localOf, secondsOf } from "../../kit/format";
import { useRealms } from "../../kit/realms";
import type { UserEntry } from "../../kit/types";
import type { UserFields } from "./changes";
import { items, useGroups } from "./data";

/** A new user, or what is known of one. */
export function UserDialog({
  user,
  onClose,
  onChoose,
}: {
  user?: UserEntry;
  onClose: () => void;
  onChoose: (userid: string, fields: UserFields) => void;
}) {
  const groups = useGroups();
  const realms = useRealms();
  const [name, setName] = useState("");
  const [realm, setRealm] = useState("pve");
  const [fields, setFields] = useState(() => fieldsOf(user));
  const set = (changed: Partial<UserFields>) => setFields((before) => ({ ...before, ...changed }));
  const isName = NAME.test(name);
  const known = [...new Set([...(groups.data ?? []).map(({ groupid }) => groupid), ...fields.groups])];
  return (
    <FormDialog
      title={user ? `Edit ${user.userid}` : "Add user"}
      isValid={user !== undefined || isName}
      onClose={onClose}
      onSubmit={() => onChoose(user?.userid ?? `${name}@${realm}`, fields)}
    >
      {!user && (
        <>
          <TextField
            label="User name"
            isRequired
            autoFocus
            value={name}
            onChange={setName}
            error={name !== "" && !isName && "Without blanks, colons, slashes and @."}
          />
          <SelectField
            label="Realm"
            value={realm}
            onChange={setRealm}
            choices={(realms.data ?? []).map(({ realm: id, comment }) => ({
              value: id,
              label: comment ? `${comment} (${id})` : id,
            }))}
            help={
              realm === "pam"
                ? "An account of the host's own: it must exist there, with its password."
                : "An account of this program only. It can log in once it has a password."
            }
          />
        </>
      )}
      <TextField label="First name" value={fields.firstname} onChange={(firstname) => set({ firstname })} />
      <TextField label="Last name" value={fields.lastname} onChange={(lastname) => set({ lastname })} />
      <TextField
        label="Mail address"
        type="email"
        value={fields.email}
        onChange={(email) => set({ email })}
      />
      {known.length > 0 && (
        <ChoicesField
          label="Groups"
          choices={known}
          chosen={fields.groups}
          onChange={(chosen) => set({ groups: chosen })}
        />
      )}
      <TextField
        label="Ends"
        type="datetime-local"
        help="Empty: never."
        value={localOf(fields.expire)}
        onChange={(text) => set({ expire: secondsOf(text) })}
      />
      <TextField label="Remark" value={fields.comment} onChange={(comment) => set({ comment })} />
      <CheckField label="May log in" value={fields.enable} onChange={(enable) => set({ enable })} />
    </FormDialog>
  );
}

/** As the API has it, before the realm. */
const NAME = /^[^\s:/@\p{Cc}]+$/u;

function fieldsOf(user: UserEntry | undefined): UserFields {
  return {
    firstname: user?.firstname ?? "",
    lastname: user?.lastname ?? "",
    email: user?.email ?? "",
    comment: user?.comment ?? "",
    enable: user ? user.enable === 1 : true,
    expire: user?.expire ?? 0,
    groups: items(user?.groups),
  };
}
