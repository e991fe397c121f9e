import { useState } from "react";
import { CheckField, FormDialog, SelectField, TextField } from "../../kit/form";
import { localOf, secondsOf } from "../../kit/format";
import type { TokenFields } from "./changes";
import type { OwnedToken } from "./data";

/** As the API has it. */
const NAME = /^[A-Za-z][A-Za-z0-9._-]+$/;

export function TokenDialog({
  token,
  owners,
  owner,
  onClose,
  onChoose,
}: {
  token?: OwnedToken;
  /** Who can be chosen to own a new one. */
  owners: string[];
  owner: string;
  onClose: () => void;
  onChoose: (owner: string, tokenid: string, fields: TokenFields) => void;
}) {
  const [userid, setUserid] = useState(token?.userid ?? owner);
  const [name, setName] = useState(token?.tokenid ?? "");
  const [comment, setComment] = useState(token?.comment ?? "");
  const [expire, setExpire] = useState(token?.expire ?? 0);
  const [privsep, setPrivsep] = useState(token ? token.privsep === 1 : true);
  const isName = NAME.test(name);
  return (
    <FormDialog
      title={token ? `Edit token ${token.userid}!${token.tokenid}` : "Make an API token"}
      isValid={isName && userid !== ""}
      onClose={onClose}
      onSubmit={() => onChoose(userid, name, { comment, expire, privsep })}
    >
      {!token && (
        <>
          {owners.length > 1 && (
            <SelectField
              label="User"
              isRequired
              value={userid}
              onChange={setUserid}
              choices={owners.map((value) => ({ value }))}
            />
          )}
          <TextField
            label="Name"
            isRequired
            autoFocus
            maxLength={64}
            value={name}
            onChange={setName}
            error={
              name !== "" &&
              !isName &&
              "A letter, then at least one of letters, digits, dots, dashes and underscores."
            }
          />
        </>
      )}
      <CheckField
        label="Privileges of its own"
        description={
          privsep
            ? "It may do what both its user and the roles given to the token itself allow."
            : "It may do everything that its user may do."
        }
        value={privsep}
        onChange={setPrivsep}
      />
      <TextField
        label="Ends"
        type="datetime-local"
        help="Empty: never."
        value={localOf(expire)}
        onChange={(text) => setExpire(secondsOf(text))}
      />
      <TextField label="Remark" value={comment} onChange={setComment} />
    </FormDialog>
  );
}
