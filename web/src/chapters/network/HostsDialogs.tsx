import { FormGroup, TextArea } from "@patternfly/react-core";
import { useId, useState } from "react";
import { FormDialog, TextField } from "../../kit/form";
import { usePropose } from "../../kit/plan/Changes";
import type { Hosts, HostsEntry } from "../../kit/types";
import { addEntry, editEntry, looksLikeAddress, writeHosts } from "./data";

const NAMES = /^[A-Za-z\d.-]+$/;

/** A new entry, or one that says something else. */
export function EntryDialog({
  node,
  hosts,
  entry,
  onClose,
}: {
  node: string;
  hosts: Hosts;
  entry?: HostsEntry;
  onClose: () => void;
}) {
  const propose = usePropose();
  const [address, setAddress] = useState(entry?.address ?? "");
  const [names, setNames] = useState(entry?.names.join(" ") ?? "");
  const [comment, setComment] = useState(entry?.comment ?? "");
  const words = names.split(/[\s,;]+/).filter((name) => name !== "");
  const wrongName = words.find((name) => !NAMES.test(name) && !entry?.names.includes(name));
  const submit = () => {
    onClose();
    const fields = { address: address.trim(), names: words.join(" "), comment: comment.trim() };
    propose(entry ? editEntry(node, hosts, entry, fields) : addEntry(node, hosts, fields));
  };
  return (
    <FormDialog
      title={entry ? "Edit entry" : "Add entry"}
      isValid={looksLikeAddress(address) && words.length > 0 && wrongName === undefined}
      onClose={onClose}
      onSubmit={submit}
    >
      <TextField
        label="Address"
        value={address}
        onChange={setAddress}
        error={
          address !== "" &&
          !looksLikeAddress(address) &&
          "This is no address, as 192.0.2.10 or 2001:db8::10 would be"
        }
        isRequired
        autoFocus
      />
      <TextField
        label="Names"
        help="Separated by blanks, the canonical one first: nas.example.org nas"
        value={names}
        onChange={setNames}
        error={wrongName !== undefined && `${wrongName} has characters that a name cannot have`}
        isRequired
      />
      <TextField label="Remark" value={comment} onChange={setComment} maxLength={1024} />
    </FormDialog>
  );
}

/** The whole file. */
export function TextDialog({ node, hosts, onClose }: { node: string; hosts: Hosts; onClose: () => void }) {
  const propose = usePropose();
  const [text, setText] = useState(hosts.data);
  const id = useId();
  const submit = () => {
    onClose();
    propose(writeHosts(node, hosts, text));
  };
  return (
    <FormDialog title="/etc/hosts" onClose={onClose} onSubmit={submit}>
      <FormGroup label="Text" fieldId={id}>
        <TextArea
          id={id}
          className="ik-mono"
          value={text}
          onChange={(_, changed) => setText(changed)}
          rows={14}
          resizeOrientation="vertical"
          spellCheck={false}
        />
      </FormGroup>
    </FormDialog>
  );
}
