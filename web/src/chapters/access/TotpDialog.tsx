import { ClipboardCopy } from "@patternfly/react-core";
import { useState } from "react";
import { FormDialog, TextField } from "../../kit/form";
import { useNodes } from "../../kit/nodes";
import type { NewTotp } from "./changes";
import { Mine, useMustConfirm } from "./Mine";
import { QrCode } from "./QrCode";
import { newSecret, otpauth, spaced } from "./totp";

/** An authenticator app is given a secret, and shows that it has it by a code. */
export function TotpDialog({
  userid,
  onClose,
  onChoose,
}: {
  userid: string;
  onClose: () => void;
  onChoose: (factor: NewTotp) => void;
}) {
  const nodes = useNodes();
  const mustConfirm = useMustConfirm();
  const [secret] = useState(newSecret);
  const [description, setDescription] = useState("");
  const [value, setValue] = useState("");
  const [password, setPassword] = useState("");
  const totp = otpauth(userid, nodes.data?.[0]?.node ?? location.hostname, secret);
  const isCode = /^\d{6}$/.test(value.trim());
  return (
    <FormDialog
      title={`Add an authenticator app for ${userid}`}
      isValid={description !== "" && isCode && (!mustConfirm || password !== "")}
      onClose={onClose}
      onSubmit={() =>
        onChoose({ totp, description, value: value.trim(), password: mustConfirm ? password : undefined })
      }
    >
      <div className="ik-totp">
        <QrCode text={totp} label="QR code for the authenticator app" />
        <div className="ik-stack ik-stack--tight">
          <p>Let the app read this code, or type the secret into it.</p>
          <div role="group" aria-label="Secret of the app">
            <ClipboardCopy variant="inline-compact" isCode hoverTip="Copy the secret" clickTip="Copied">
              {spaced(secret)}
            </ClipboardCopy>
          </div>
        </div>
      </div>
      <TextField
        label="Name of the app"
        isRequired
        autoFocus
        maxLength={255}
        value={description}
        onChange={setDescription}
        help="So that you know later which one it is, as: my phone."
      />
      {mustConfirm && <Mine value={password} onChange={setPassword} autoFocus={false} />}
      <TextField
        label="Code that the app shows now"
        isRequired
        autoComplete="one-time-code"
        value={value}
        onChange={setValue}
        error={value !== "" && !isCode && "Six digits."}
      />
    </FormDialog>
  );
}
