import { Button, ClipboardCopy, Label } from "@patternfly/react-core";
import KeyIcon from "@patternfly/react-icons/dist/esm/icons/key-icon";
import { ExpandableRowContent, Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { useNow } from "../../kit/clock";
import { count, date, fingerprint } from "../../kit/format";
import { usePropose } from "../../kit/plan/Changes";
import { Loaded, Nothing } from "../../kit/states";
import type { Key } from "../../kit/types";
import { installKey } from "./changes";
import { useKeys } from "./data";
import { KeyDialog } from "./KeyDialog";

/** A key that expires within this time is worth a look. */
const SOON_S = 90 * 86_400;

export function KeysTab({ node, mayChange }: { node: string; mayChange: boolean }) {
  const keys = useKeys(node);
  const propose = usePropose();
  const [installing, setInstalling] = useState(false);
  return (
    <div className="ik-stack">
      {mayChange && (
        <div>
          <Button variant="secondary" icon={<KeyIcon />} onClick={() => setInstalling(true)}>
            Install a key
          </Button>
        </div>
      )}
      <Loaded query={keys} what="the keys">
        {(list) =>
          list.length === 0 ? (
            <Nothing title="No key is installed" icon={KeyIcon}>
              Without keys APT cannot verify any repository and refuses to use it.
            </Nothing>
          ) : (
            <KeyTable keys={list} />
          )
        }
      </Loaded>
      {installing && (
        <KeyDialog
          onClose={() => setInstalling(false)}
          onChoose={({ name, content, sha512 }) => {
            setInstalling(false);
            propose(installKey(node, name, content, sha512));
          }}
        />
      )}
    </div>
  );
}

function KeyTable({ keys }: { keys: Key[] }) {
  const [open, setOpen] = useState<string>();
  return (
    <Table variant="compact" gridBreakPoint="grid-lg" aria-label="Keys that APT trusts">
      <Thead>
        <Tr>
          <Th screenReaderText="Details" />
          <Th>Owner</Th>
          <Th>Fingerprint</Th>
          <Th>Expires</Th>
          <Th>Signs</Th>
          <Th>File</Th>
        </Tr>
      </Thead>
      {keys.map((key, index) => {
        const id = `${key.path} ${key.fingerprint}`;
        const isOpen = open === id;
        return (
          <Tbody key={id} isExpanded={isOpen}>
            <Tr>
              <Td
                expand={{
                  rowIndex: index,
                  isExpanded: isOpen,
                  onToggle: () => setOpen(isOpen ? undefined : id),
                }}
              />
              <Td dataLabel="Owner" className="ik-wrap">
                {key.uids[0] ?? "no name"}
              </Td>
              <Td dataLabel="Fingerprint">
                <span className="ik-mono">{fingerprint(key.fingerprint)}</span>
              </Td>
              <Td dataLabel="Expires">
                <Validity keyOf={key} />
              </Td>
              <Td dataLabel="Signs">
                {key.signs.length > 0 ? count(key.signs.length, "repository", "repositories") : "none"}
              </Td>
              <Td dataLabel="File">
                <span className="ik-mono ik-wrap">{key.path}</span>
              </Td>
            </Tr>
            <Tr isExpanded={isOpen}>
              <Td colSpan={6}>
                <ExpandableRowContent>
                  <KeyDetails keyOf={key} />
                </ExpandableRowContent>
              </Td>
            </Tr>
          </Tbody>
        );
      })}
    </Table>
  );
}

function Validity({ keyOf: key }: { keyOf: Key }) {
  const now = useNow();
  if (key.revoked === 1) {
    return (
      <Label isCompact color="red">
        revoked
      </Label>
    );
  }
  if (key.expires === undefined) return "never";
  const color = key.expires < now ? "red" : key.expires < now + SOON_S ? "orange" : undefined;
  if (!color) return date(key.expires);
  return (
    <Label isCompact color={color}>
      {key.expires < now ? "expired" : "soon"}: {date(key.expires)}
    </Label>
  );
}

function KeyDetails({ keyOf: key }: { keyOf: Key }) {
  return (
    <dl className="ik-facts">
      <dt>Names</dt>
      <dd>{key.uids.join(", ") || "none"}</dd>
      {key.created !== undefined && (
        <>
          <dt>Created</dt>
          <dd>{date(key.created)}</dd>
        </>
      )}
      <dt>Signs</dt>
      <dd>
        {key.signs.length === 0
          ? "no repository of this host"
          : key.signs.map(({ path, index }) => `entry ${index + 1} of ${path}`).join(", ")}
      </dd>
      <dt>SHA-512 of the file</dt>
      <dd>
        <Sum name="SHA-512" value={key.sha512} />
      </dd>
      <dt>MD5 of the file</dt>
      <dd>
        <Sum name="MD5" value={key.md5} />
        <span className="ik-subtle">A second look only: MD5 alone proves nothing.</span>
      </dd>
    </dl>
  );
}

function Sum({ name, value }: { name: string; value: string }) {
  return (
    <ClipboardCopy
      isReadOnly
      isCode
      variant="inline-compact"
      hoverTip="Copy"
      clickTip="Copied"
      textAriaLabel={name}
    >
      {value}
    </ClipboardCopy>
  );
}
