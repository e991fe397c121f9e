import { Alert } from "@patternfly/react-core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog, TextField } from "../../kit/form";
import { makeKey, whyNoKeys } from "../../kit/webauthn";
import type { NewKey } from "./changes";
import { keyQuestion } from "./data";
import { Mine, useMustConfirm } from "./Mine";

/** A security key makes a pair of keys for this host; the public one is what the plan keeps. */
export function KeyDialog({
  userid,
  onClose,
  onChoose,
}: {
  userid: string;
  onClose: () => void;
  onChoose: (factor: NewKey) => void;
}) {
  const mustConfirm = useMustConfirm();
  const [description, setDescription] = useState("");
  const [password, setPassword] = useState("");
  const mine = mustConfirm ? password : undefined;
  const make = useMutation({
    mutationFn: async () => makeKey(await keyQuestion(userid, mine)),
    onSuccess: ({ challenge, answer: value }) => onChoose({ description, challenge, value, password: mine }),
  });
  const why = whyNoKeys();
  return (
    <FormDialog
      title={`Add a security key for ${userid}`}
      submit={make.isPending ? "Touch the key" : "Use the key"}
      isValid={!why && !make.isPending && description !== "" && mine !== ""}
      onClose={onClose}
      onSubmit={() => make.mutate()}
    >
      {why && <Alert isInline variant="warning" title={why} />}
      {make.error && <Alert isInline isLiveRegion variant="danger" title={make.error.message} />}
      <TextField
        label="Name of the key"
        isRequired
        autoFocus
        maxLength={255}
        value={description}
        onChange={setDescription}
        help="So that you know later which one it is, as: the blue one."
      />
      {mustConfirm && <Mine value={password} onChange={setPassword} autoFocus={false} />}
    </FormDialog>
  );
}
