import { useState } from "react";
import { FormDialog, SelectField, TextField } from "../../kit/form";
import { usePropose } from "../../kit/plan/Changes";
import type { Nic, NicScheme } from "../../kit/types";
import { nameAdvice, nameFault, pinScheme, rename } from "./cards";

/** Another name for a card. */
export function RenameDialog({
  node,
  nic,
  nics,
  onClose,
}: {
  node: string;
  nic: Nic;
  nics: readonly Nic[];
  onClose: () => void;
}) {
  const propose = usePropose();
  const [name, setName] = useState("");
  const wanted = name.trim();
  const fault = nameFault(wanted, nic, nics);
  const submit = () => {
    onClose();
    propose(rename(node, nic, wanted));
  };
  return (
    <FormDialog
      title={`Rename ${nic.name}`}
      description="From the next restart on. Everything that names the card follows; the plan shows what."
      isValid={wanted !== "" && !fault}
      onClose={onClose}
      onSubmit={submit}
    >
      <TextField
        label="New name"
        help={nameAdvice(wanted) ?? "As enwan0: it begins with en, and no scheme makes it"}
        error={fault}
        value={name}
        onChange={setName}
        isRequired
        autoFocus
      />
    </FormDialog>
  );
}

/** A scheme that stays whatever systemd brings. */
export function SchemeDialog({
  node,
  scheme,
  onClose,
}: {
  node: string;
  scheme: NicScheme;
  onClose: () => void;
}) {
  const propose = usePropose();
  const known = scheme.schemes.filter((one) => one.known === 1).reverse();
  const [version, setVersion] = useState(scheme.pinned ?? scheme["in-use"] ?? known[0]?.version ?? "");
  const submit = () => {
    onClose();
    propose(pinScheme(node, version));
  };
  return (
    <FormDialog
      title="Keep a naming scheme"
      description={`It is put on the kernel command line in ${scheme.file ?? "the file of the boot loader"}.`}
      isValid={version !== ""}
      onClose={onClose}
      onSubmit={submit}
    >
      <SelectField
        label="Scheme"
        help={known.find((one) => one.version === version)?.changes}
        value={version}
        onChange={setVersion}
        choices={known.map((one) => ({
          value: one.version,
          label: one["in-use"] === 1 ? `${one.version}, in use now` : one.version,
        }))}
      />
    </FormDialog>
  );
}
