import { Button, Label, Tooltip } from "@patternfly/react-core";
import ShieldIcon from "@patternfly/react-icons/dist/esm/icons/shield-alt-icon";
import { ActionsColumn, Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { bytes } from "../../kit/format";
import { fate, sorted, type Update } from "./data";

/** Packages with what becomes of each; the name opens what has changed. */
export function UpdateTable({
  label,
  updates,
  onChangelog,
  onHold,
}: {
  label: string;
  updates: Update[];
  onChangelog: (update: Update) => void;
  onHold?: (update: Update) => void;
}) {
  return (
    <Table variant="compact" gridBreakPoint="grid-lg" aria-label={label}>
      <Thead>
        <Tr>
          <Th width={30}>Package</Th>
          <Th>Installed</Th>
          <Th>New</Th>
          <Th>An upgrade</Th>
          <Th>Origin</Th>
          <Th modifier="nowrap">Size</Th>
          {onHold && <Th screenReaderText="Actions" />}
        </Tr>
      </Thead>
      <Tbody>
        {sorted(updates).map((update) => (
          <UpdateRow
            key={`${update.Package} ${update.Arch}`}
            update={update}
            onChangelog={onChangelog}
            onHold={onHold}
          />
        ))}
      </Tbody>
    </Table>
  );
}

function UpdateRow({
  update,
  onChangelog,
  onHold,
}: {
  update: Update;
  onChangelog: (update: Update) => void;
  onHold?: (update: Update) => void;
}) {
  const { Package: name, Title: title, OldVersion: old, Version: version, Origin: origin } = update;
  return (
    <Tr>
      <Td dataLabel="Package">
        <Button
          variant="link"
          isInline
          aria-label={`Changelog of ${name}`}
          onClick={() => onChangelog(update)}
        >
          {name}
        </Button>
        <div className="ik-subtle ik-small">{title}</div>
      </Td>
      <Td dataLabel="Installed" className="ik-wrap">
        {old ?? <span className="ik-subtle">not installed</span>}
      </Td>
      <Td dataLabel="New" className="ik-wrap">
        {version}
      </Td>
      <Td dataLabel="An upgrade">
        <span className="ik-labels">
          <FateLabel update={update} />
          {update.Security === 1 && (
            <Label isCompact variant="outline" color="red" icon={<ShieldIcon />}>
              security
            </Label>
          )}
        </span>
      </Td>
      <Td dataLabel="Origin">{origin}</Td>
      <Td dataLabel="Size" modifier="nowrap">
        {update.Size ? bytes(update.Size) : ""}
      </Td>
      {onHold && (
        <Td isActionCell>
          <ActionsColumn
            items={[
              { title: "Changelog", onClick: () => onChangelog(update) },
              { title: "Hold", isDisabled: old == null, onClick: () => onHold(update) },
            ]}
          />
        </Td>
      )}
    </Tr>
  );
}

function FateLabel({ update }: { update: Update }) {
  const { color, word, why } = fate(update);
  return (
    <Tooltip content={why}>
      <Label isCompact variant="outline" color={color} tabIndex={0}>
        {word}
      </Label>
    </Tooltip>
  );
}
