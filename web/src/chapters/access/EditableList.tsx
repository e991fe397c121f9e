import { Button } from "@patternfly/react-core";
import PlusIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import { ActionsColumn } from "@patternfly/react-table";
import type { UseQueryResult } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { TextField } from "../../kit/form";
import { Loaded } from "../../kit/states";

/** A list whose entries are added and edited in a dialog. */
export function EditableList<Entry extends object>({
  query,
  what,
  add,
  mayChange,
  dialog,
  children,
}: {
  query: UseQueryResult<Entry[]>;
  /** As in "Cannot show the groups". */
  what: string;
  /** What the button says. */
  add: string;
  mayChange: boolean;
  /** The dialog about an entry, or about a new one. */
  dialog: (entry: Entry | undefined, onClose: () => void) => ReactNode;
  children: (entries: Entry[], onEdit: (entry: Entry) => void) => ReactNode;
}) {
  const [editing, setEditing] = useState<Entry | "new">();
  return (
    <div className="ik-stack">
      {mayChange && (
        <div className="ik-actions">
          <Button icon={<PlusIcon />} onClick={() => setEditing("new")}>
            {add}
          </Button>
        </div>
      )}
      <Loaded query={query} what={what}>
        {(entries) => children(entries, setEditing)}
      </Loaded>
      {editing && dialog(editing === "new" ? undefined : editing, () => setEditing(undefined))}
    </div>
  );
}

/** What can be done with an entry. */
export function EntryActions({
  onEdit,
  onRemove,
  isKept = false,
}: {
  onEdit: () => void;
  onRemove: () => void;
  /** It can be edited but not removed. */
  isKept?: boolean;
}) {
  return (
    <ActionsColumn
      items={[
        { title: "Edit", onClick: onEdit },
        { isSeparator: true },
        { title: "Remove", isDanger: true, isDisabled: isKept, onClick: onRemove },
      ]}
    />
  );
}

const NAME = /^[A-Za-z0-9._-]+$/;

/** Whether the API takes this as the name of a group or role. */
export function isName(name: string): boolean {
  return NAME.test(name);
}

export function NameField({ value, onChange }: { value: string; onChange: (name: string) => void }) {
  return (
    <TextField
      label="Name"
      isRequired
      autoFocus
      maxLength={64}
      value={value}
      onChange={onChange}
      error={value !== "" && !isName(value) && "Letters, digits, dots, dashes and underscores."}
    />
  );
}
