import { useState } from "react";
import { FormDialog, TextField } from "../../kit/form";
import { Mine, useIsMe } from "./Mine";

/** As the API has it. */
const SHORTEST = 8;

export function PasswordDialog({
  userid,
  onClose,
  onChoose,
}: {
  userid: string;
  onClose: () => void;
  onChoose: (password: string, present: string) => void;
}) {
  const isMe = useIsMe(userid);
  const [present, setPresent] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const isSame = password === again;
  const isLong = password.length >= SHORTEST;
  return (
    <FormDialog
      title={`Change the password of ${userid}`}
      description="Other sessions of this user end with it."
      isValid={isSame && isLong && (!isMe || present !== "")}
      onClose={onClose}
      onSubmit={() => onChoose(password, present)}
    >
      {isMe && <Mine value={present} onChange={setPresent} />}
      <TextField
        label="New password"
        type="password"
        autoComplete="new-password"
        isRequired
        autoFocus={!isMe}
        maxLength={64}
        value={password}
        onChange={setPassword}
        help={`At least ${SHORTEST} characters.`}
        error={password !== "" && !isLong && `At least ${SHORTEST} characters.`}
      />
      <TextField
        label="New password again"
        type="password"
        autoComplete="new-password"
        isRequired
        maxLength={64}
        value={again}
        onChange={setAgain}
        error={again !== "" && !isSame && "The two are not the same."}
      />
    </FormDialog>
  );
}
