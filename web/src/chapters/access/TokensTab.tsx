import { Button } from "@patternfly/react-core";
import KeyIcon from "@patternfly/react-icons/dist/esm/icons/key-icon";
import PlusIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { usePropose } from "../../kit/plan/Changes";
import { useSession } from "../../kit/session";
import { Loaded, Nothing } from "../../kit/states";
import { addToken, changeToken, removeToken } from "./changes";
import { tokensOf, useUsers, type OwnedToken } from "./data";
import { EntryActions } from "./EditableList";
import { Expiry, UserLink } from "./parts";
import { TokenDialog } from "./TokenDialog";

/** The tokens of everybody, or of one user. */
export function TokensTab({ userid }: { userid?: string }) {
  const users = useUsers();
  const session = useSession();
  const propose = usePropose();
  const [editing, setEditing] = useState<OwnedToken | "new">();
  const me = session.is === "in" ? session.session.username : "";
  return (
    <div className="ik-stack">
      <div className="ik-actions">
        <Button
          icon={<PlusIcon />}
          variant={userid ? "secondary" : "primary"}
          onClick={() => setEditing("new")}
        >
          Make an API token
        </Button>
      </div>
      <Loaded query={users} what="the API tokens">
        {(list) => {
          const tokens = tokensOf(list).filter((token) => !userid || token.userid === userid);
          return tokens.length === 0 ? (
            <Nothing title="There is no API token" icon={KeyIcon}>
              A token lets a script in without a password, with fewer privileges if need be.
            </Nothing>
          ) : (
            <Tokens tokens={tokens} hasOwner={!userid} onEdit={setEditing} />
          );
        }}
      </Loaded>
      {editing && (
        <TokenDialog
          token={editing === "new" ? undefined : editing}
          owners={userid ? [userid] : (users.data ?? []).map((user) => user.userid)}
          owner={userid ?? me}
          onClose={() => setEditing(undefined)}
          onChoose={(owner, tokenid, fields) => {
            setEditing(undefined);
            const call = editing === "new" ? addToken : changeToken;
            propose(call(owner, tokenid, fields));
          }}
        />
      )}
    </div>
  );
}

function Tokens({
  tokens,
  hasOwner,
  onEdit,
}: {
  tokens: OwnedToken[];
  hasOwner: boolean;
  onEdit: (token: OwnedToken) => void;
}) {
  const propose = usePropose();
  return (
    <Table variant="compact" gridBreakPoint="grid-md" aria-label="API tokens">
      <Thead>
        <Tr>
          {hasOwner && <Th>User</Th>}
          <Th>Name</Th>
          <Th>Privileges</Th>
          <Th>Ends</Th>
          <Th width={30}>Remark</Th>
          <Th screenReaderText="Actions" />
        </Tr>
      </Thead>
      <Tbody>
        {tokens.map((token) => (
          <Tr key={`${token.userid}!${token.tokenid}`}>
            {hasOwner && (
              <Td dataLabel="User">
                <UserLink userid={token.userid} />
              </Td>
            )}
            <Td dataLabel="Name" className="ik-wrap">
              {token.tokenid}
            </Td>
            <Td dataLabel="Privileges">{token.privsep === 1 ? "of its own" : "its user's"}</Td>
            <Td dataLabel="Ends" modifier="nowrap">
              <Expiry expire={token.expire} />
            </Td>
            <Td dataLabel="Remark" className="ik-wrap">
              {token.comment}
            </Td>
            <Td isActionCell>
              <EntryActions
                onEdit={() => onEdit(token)}
                onRemove={() => propose(removeToken(token.userid, token.tokenid))}
              />
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
