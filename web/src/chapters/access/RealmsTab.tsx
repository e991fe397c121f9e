import { Button, Label } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { CheckField, FormDialog, TextField } from "../../kit/form";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import { Loaded } from "../../kit/states";
import type { Realm } from "../../kit/types";
import { changeRealm } from "./changes";
import { useRealms } from "../../kit/realms";

export function RealmsTab() {
  const realms = useRealms();
  const propose = usePropose();
  const mayChange = useMay("User.Modify");
  const [editing, setEditing] = useState<Realm>();
  return (
    <>
      <Loaded query={realms} what="the realms">
        {(list) => (
          <Table variant="compact" gridBreakPoint="grid-md" aria-label="Realms">
            <Thead>
              <Tr>
                <Th>Realm</Th>
                <Th>Kind</Th>
                <Th width={50}>Remark</Th>
                {mayChange && <Th screenReaderText="Actions" />}
              </Tr>
            </Thead>
            <Tbody>
              {list.map((realm) => (
                <Tr key={realm.realm}>
                  <Td dataLabel="Realm">
                    {realm.realm}{" "}
                    {realm.default === 1 && (
                      <Label isCompact color="blue">
                        chosen at first
                      </Label>
                    )}
                  </Td>
                  <Td dataLabel="Kind">{KIND[realm.type] ?? realm.type}</Td>
                  <Td dataLabel="Remark" className="ik-wrap">
                    {realm.comment}
                  </Td>
                  {mayChange && (
                    <Td isActionCell>
                      <Button
                        variant="secondary"
                        size="sm"
                        aria-label={`Edit realm ${realm.realm}`}
                        onClick={() => setEditing(realm)}
                      >
                        Edit
                      </Button>
                    </Td>
                  )}
                </Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </Loaded>
      {editing && (
        <RealmDialog
          realm={editing}
          onClose={() => setEditing(undefined)}
          onChoose={(comment, isDefault) => {
            setEditing(undefined);
            propose(changeRealm(editing.realm, comment, isDefault));
          }}
        />
      )}
    </>
  );
}

const KIND: Record<string, string> = {
  pam: "accounts of the host",
  pve: "accounts of this program",
};

function RealmDialog({
  realm,
  onClose,
  onChoose,
}: {
  realm: Realm;
  onClose: () => void;
  onChoose: (comment: string, isDefault: boolean) => void;
}) {
  const [comment, setComment] = useState(realm.comment ?? "");
  const [isDefault, setDefault] = useState(realm.default === 1);
  return (
    <FormDialog
      title={`Edit realm ${realm.realm}`}
      onClose={onClose}
      onSubmit={() => onChoose(comment, isDefault)}
    >
      <TextField
        label="Remark"
        autoFocus
        help="What people see when they choose a realm."
        value={comment}
        onChange={setComment}
      />
      <CheckField label="Chosen at first when people log in" value={isDefault} onChange={setDefault} />
    </FormDialog>
  );
}
