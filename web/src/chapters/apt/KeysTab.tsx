import { Button, Label } from "@patternfly/react-core";
import DownloadIcon from "@patternfly/react-icons/dist/esm/icons/download-icon";
import KeyIcon from "@patternfly/react-icons/dist/esm/icons/key-icon";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { useNow } from "../../kit/clock";
import { date, fingerprint } from "../../kit/format";
import { usePropose } from "../../kit/plan/Changes";
import { Loaded, Nothing } from "../../kit/states";
import { fetchKey, installKey } from "./changes";
import { useRepositories } from "./data";
import { keysOf, type UsedKey } from "./judge";
import { KeyDialog } from "./KeyDialog";

/** A key that expires within this time is worth a look. */
const SOON_S = 90 * 86_400;

/** Which key signs what. */
export function KeysTab({ node, mayChange }: { node: string; mayChange: boolean }) {
  const repositories = useRepositories(node);
  const propose = usePropose();
  const [installing, setInstalling] = useState(false);
  return (
    <div className="ik-stack">
      {mayChange && (
        <div className="ik-actions">
          <Button variant="secondary" icon={<KeyIcon />} onClick={() => setInstalling(true)}>
            Install a key
          </Button>
          <Button variant="secondary" icon={<DownloadIcon />} onClick={() => propose(fetchKey(node))}>
            Download the product&apos;s key
          </Button>
        </div>
      )}
      <Loaded query={repositories} what="the keys">
        {({ signatures }) => <Keys keys={keysOf(signatures)} />}
      </Loaded>
      {installing && (
        <KeyDialog
          onClose={() => setInstalling(false)}
          onChoose={(chosen) => {
            setInstalling(false);
            propose(installKey(node, chosen));
          }}
        />
      )}
    </div>
  );
}

function Keys({ keys }: { keys: UsedKey[] }) {
  if (keys.length === 0) {
    return (
      <Nothing title="No key is in use yet" icon={KeyIcon}>
        Which key signs a repository is known once its package lists were downloaded, or when the repository
        names its keyring itself.
      </Nothing>
    );
  }
  return (
    <Table
      variant="compact"
      gridBreakPoint="grid-lg"
      aria-label="Keys that sign the repositories of this host"
    >
      <Thead>
        <Tr>
          <Th width={25}>Owner</Th>
          <Th>Fingerprint</Th>
          <Th>Created</Th>
          <Th>Expires</Th>
          <Th>Signs</Th>
          <Th>Keyring</Th>
        </Tr>
      </Thead>
      <Tbody>
        {keys.map((key) => (
          <Tr key={`${key.keyring} ${key.fingerprint}`}>
            <Td dataLabel="Owner">
              {key["user-ids"].map((name) => (
                <div key={name} className="ik-wrap">
                  {name}
                </div>
              ))}
            </Td>
            <Td dataLabel="Fingerprint">
              <span className="ik-mono">{fingerprint(key.fingerprint)}</span>
              {key.subkey && (
                <div className="ik-subtle ik-mono ik-small">subkey {fingerprint(key.subkey)}</div>
              )}
            </Td>
            <Td dataLabel="Created" modifier="nowrap">
              {date(key.created)}
            </Td>
            <Td dataLabel="Expires" modifier="nowrap">
              <Validity usedKey={key} />
            </Td>
            <Td dataLabel="Signs">
              <Signed usedKey={key} />
            </Td>
            <Td dataLabel="Keyring">
              <span className="ik-mono ik-wrap">{key.keyring}</span>
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function Signed({ usedKey: { signs, proven } }: { usedKey: UsedKey }) {
  return (
    <>
      {signs.map(({ path, index, suite }) => (
        <div key={`${path} ${index} ${suite}`} title={`entry ${index + 1} of ${path}`}>
          {suite}
        </div>
      ))}
      {!proven && <div className="ik-subtle ik-small">not seen on package lists yet</div>}
    </>
  );
}

function Validity({ usedKey: { revoked, expires } }: { usedKey: UsedKey }) {
  const now = useNow();
  if (revoked === 1) {
    return (
      <Label isCompact color="red">
        revoked
      </Label>
    );
  }
  if (expires == null) return "never";
  if (expires > now + SOON_S) return date(expires);
  return (
    <Label isCompact color={expires < now ? "red" : "orange"}>
      {expires < now ? "expired" : "soon"}: {date(expires)}
    </Label>
  );
}
