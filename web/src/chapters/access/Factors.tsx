import { Alert, Button, Label } from "@patternfly/react-core";
import KeyIcon from "@patternfly/react-icons/dist/esm/icons/key-icon";
import { ActionsColumn, Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog } from "../../kit/form";
import { dateTime } from "../../kit/format";
import type { ChangeCall } from "../../kit/plan/change";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import { Loaded, Nothing } from "../../kit/states";
import type { Factor } from "../../kit/types";
import { addKey, addRecovery, addTotp, changeFactor, removeFactor } from "./changes";
import { useFactors, useUnlock } from "./data";
import { KeyDialog } from "./KeyDialog";
import { Mine, useIsMe, useMustConfirm } from "./Mine";
import { Section } from "./parts";
import { TotpDialog } from "./TotpDialog";

/** A change that is made as soon as whoever is logged in has shown that it is them. */
type Wanted = { title: string; make: (password: string | undefined) => ChangeCall };

/** What a user is asked for besides the password. */
export function Factors({ userid }: { userid: string }) {
  const factors = useFactors(userid);
  const propose = usePropose();
  const mayManage = useMay("User.Modify");
  const isMe = useIsMe(userid);
  const mayChange = mayManage || isMe;
  const mustConfirm = useMustConfirm();
  const [adding, setAdding] = useState<"app" | "key">();
  const [wanted, setWanted] = useState<Wanted>();
  const want = (what: Wanted) => (mustConfirm ? setWanted(what) : propose(what.make(undefined)));
  return (
    <Section
      title="Second factors"
      actions={
        mayChange && (
          <>
            <Button variant="secondary" onClick={() => setAdding("app")}>
              Add an authenticator app
            </Button>
            <Button variant="secondary" onClick={() => setAdding("key")}>
              Add a security key
            </Button>
            <Button
              variant="secondary"
              onClick={() =>
                want({
                  title: "Make recovery keys",
                  make: (password) => addRecovery(userid, password),
                })
              }
            >
              Make recovery keys
            </Button>
          </>
        )
      }
    >
      <Loaded query={factors} what="the second factors" rows={2}>
        {({ entries, isLocked }) => (
          <>
            {isLocked && <Locked userid={userid} mayUnlock={mayManage} />}
            {entries.length === 0 ? (
              <Nothing title="A password is enough" icon={KeyIcon}>
                With a second factor a stolen password alone opens nothing.
              </Nothing>
            ) : (
              <List userid={userid} factors={entries} mayChange={mayChange} onWant={want} />
            )}
          </>
        )}
      </Loaded>
      {adding === "app" && (
        <TotpDialog
          userid={userid}
          onClose={() => setAdding(undefined)}
          onChoose={(factor) => {
            setAdding(undefined);
            propose(addTotp(userid, factor));
          }}
        />
      )}
      {adding === "key" && (
        <KeyDialog
          userid={userid}
          onClose={() => setAdding(undefined)}
          onChoose={(factor) => {
            setAdding(undefined);
            propose(addKey(userid, factor));
          }}
        />
      )}
      {wanted && (
        <Confirm
          wanted={wanted}
          onClose={() => setWanted(undefined)}
          onConfirm={(password) => {
            setWanted(undefined);
            propose(wanted.make(password));
          }}
        />
      )}
    </Section>
  );
}

const KINDS: Record<string, string> = {
  totp: "Authenticator app",
  webauthn: "Security key",
  recovery: "Recovery keys",
};

function List({
  userid,
  factors,
  mayChange,
  onWant,
}: {
  userid: string;
  factors: Factor[];
  mayChange: boolean;
  onWant: (wanted: Wanted) => void;
}) {
  return (
    <Table variant="compact" gridBreakPoint="grid-md" aria-label="Second factors">
      <Thead>
        <Tr>
          <Th>Kind</Th>
          <Th width={40}>Name</Th>
          <Th>Added</Th>
          <Th>State</Th>
          {mayChange && <Th screenReaderText="Actions" />}
        </Tr>
      </Thead>
      <Tbody>
        {factors.map((factor) => {
          const { id, type, description, created, enable } = factor;
          const isOn = enable === 1;
          const turn = isOn ? "Switch off" : "Switch on";
          return (
            <Tr key={id}>
              <Td dataLabel="Kind">{KINDS[type] ?? type}</Td>
              <Td dataLabel="Name" className="ik-wrap">
                {description || (
                  <span className="ik-subtle">{id === type ? "each works once" : "no name"}</span>
                )}
              </Td>
              <Td dataLabel="Added" modifier="nowrap">
                {dateTime(created)}
              </Td>
              <Td dataLabel="State">
                <Label isCompact color={isOn ? "green" : "grey"}>
                  {isOn ? "in use" : "off"}
                </Label>
              </Td>
              {mayChange && (
                <Td isActionCell>
                  <ActionsColumn
                    items={[
                      {
                        title: turn,
                        onClick: () =>
                          onWant({
                            title: `${turn}: ${description || type}`,
                            make: (password) => changeFactor(userid, id, !isOn, password),
                          }),
                      },
                      { isSeparator: true },
                      {
                        title: "Remove",
                        isDanger: true,
                        onClick: () =>
                          onWant({
                            title: `Remove: ${description || type}`,
                            make: (password) => removeFactor(userid, id, password),
                          }),
                      },
                    ]}
                  />
                </Td>
              )}
            </Tr>
          );
        })}
      </Tbody>
    </Table>
  );
}

function Confirm({
  wanted,
  onClose,
  onConfirm,
}: {
  wanted: Wanted;
  onClose: () => void;
  onConfirm: (password: string) => void;
}) {
  const [password, setPassword] = useState("");
  return (
    <FormDialog
      title={wanted.title}
      description="Whoever sits down at your open browser must not be able to do this."
      isValid={password !== ""}
      onClose={onClose}
      onSubmit={() => onConfirm(password)}
    >
      <Mine value={password} onChange={setPassword} />
    </FormDialog>
  );
}

function Locked({ userid, mayUnlock }: { userid: string; mayUnlock: boolean }) {
  const unlock = useMutation({ mutationFn: useUnlock(userid) });
  return (
    <Alert
      isInline
      variant="warning"
      title="Second factors are locked after too many wrong answers"
      actionLinks={
        mayUnlock && (
          <Button variant="link" isInline isLoading={unlock.isPending} onClick={() => unlock.mutate()}>
            Take them again
          </Button>
        )
      }
    >
      {unlock.error?.message}
    </Alert>
  );
}
