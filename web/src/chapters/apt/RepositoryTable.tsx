import { Button, Card, CardBody, CardHeader, CardTitle, Label, Switch, Title } from "@patternfly/react-core";
import ExclamationTriangleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import LockIcon from "@patternfly/react-icons/dist/esm/icons/lock-icon";
import { ActionsColumn, Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import type { Repository, RepositoryFile } from "../../kit/types";
import { aptChanges } from "./changes";
import { ComponentsDialog } from "./ComponentsDialog";
import type { Row } from "./data";
import { SignatureState } from "./SignatureState";

export interface RepositoryTableProps {
  node: string;
  file: RepositoryFile;
  rows: Row[];
  digest: string;
}

/** The repositories of one file, in the order of the file: the first source is the preferred one. */
export function RepositoryTable({ node, file, rows, digest }: RepositoryTableProps) {
  const propose = usePropose();
  const mayChange = useMay("Sys.Modify");
  const [editing, setEditing] = useState<Row>();
  const changes = aptChanges(node, digest);
  const hasOptions = rows.some(({ repository }) => (repository.Options?.length ?? 0) > 0);
  const id = `file-${file.path.replace(/\W/g, "-")}`;
  return (
    <Card isCompact component="section" aria-labelledby={id}>
      <CardHeader
        actions={{
          hasNoOffset: true,
          actions: mayChange && file.editable === 1 && file["file-type"] === "list" && (
            <Button variant="link" isInline onClick={() => propose(changes.convert(file.path))}>
              Convert to .sources
            </Button>
          ),
        }}
      >
        <CardTitle>
          <Title headingLevel="h2" size="md" id={id} className="ik-mono ik-wrap">
            {file.path}
          </Title>
          {file.editable === 0 && (
            <Label isCompact icon={<LockIcon />}>
              symbolic link: cannot be edited
            </Label>
          )}
        </CardTitle>
      </CardHeader>
      <CardBody className="ik-repositories">
        <Table variant="compact" gridBreakPoint="grid-xl" aria-labelledby={id}>
          <Thead>
            <Tr>
              <Th modifier="nowrap">Enabled</Th>
              <Th>Types</Th>
              <Th width={25}>URIs</Th>
              <Th>Suites</Th>
              <Th modifier="nowrap">Components</Th>
              {hasOptions && <Th>Options</Th>}
              <Th>Origin</Th>
              <Th>Signed by</Th>
              {mayChange && <Th screenReaderText="Actions" />}
            </Tr>
          </Thead>
          <Tbody>
            {rows.map((row) => (
              <RepositoryRow
                key={row.index}
                row={row}
                hasOptions={hasOptions}
                mayChange={mayChange}
                onEnable={(enabled) => propose(changes.enable(row, enabled))}
                onEdit={() => setEditing(row)}
                onRemove={() => propose(changes.remove(row))}
              />
            ))}
          </Tbody>
        </Table>
        {rows.length === 0 && <p className="ik-subtle ik-pad--small">This file names no repository.</p>}
      </CardBody>
      {editing && (
        <ComponentsDialog
          row={editing}
          onClose={() => setEditing(undefined)}
          onChoose={(components) => {
            setEditing(undefined);
            propose(changes.components(editing, components));
          }}
        />
      )}
    </Card>
  );
}

function RepositoryRow({
  row,
  hasOptions,
  mayChange,
  onEnable,
  onEdit,
  onRemove,
}: {
  row: Row;
  hasOptions: boolean;
  mayChange: boolean;
  onEnable: (enabled: boolean) => void;
  onEdit: () => void;
  onRemove: () => void;
}) {
  const { repository, warnings } = row;
  const enabled = repository.Enabled === 1;
  const name = nameOf(repository);
  return (
    <Tr className={enabled ? undefined : "ik-repositories__off"}>
      <Td dataLabel="Enabled">
        <Switch
          id={`enabled ${row.path} ${row.index}`}
          aria-label={`${name}: enabled`}
          isChecked={enabled}
          isDisabled={!mayChange || !row.editable}
          onChange={(_, on) => onEnable(on)}
        />
      </Td>
      <Td dataLabel="Types" modifier="nowrap">
        {repository.Types.join(" ")}
      </Td>
      <Td dataLabel="URIs" className="ik-wrap">
        <Lines lines={repository.URIs} />
        {repository.Comment && <Comment text={repository.Comment} />}
      </Td>
      <Td dataLabel="Suites">
        <Lines lines={repository.Suites} />
        {warnings.map(({ property, message }, index) => (
          <p key={index} className="ik-repositories__warning">
            <ExclamationTriangleIcon aria-hidden /> {property && property !== "Suites" ? `${property}: ` : ""}
            {message}
          </p>
        ))}
      </Td>
      <Td dataLabel="Components">{repository.Components?.join(" ") || <None />}</Td>
      {hasOptions && (
        <Td dataLabel="Options" className="ik-wrap">
          {repository.Options?.length ? (
            <Lines lines={repository.Options.map(({ Key, Values }) => `${Key}=${Values.join(",")}`)} />
          ) : (
            <None />
          )}
        </Td>
      )}
      <Td dataLabel="Origin">{row.origin ?? <span className="ik-subtle">unknown</span>}</Td>
      <Td dataLabel="Signed by">
        <SignatureState signatures={row.signatures} />
      </Td>
      {mayChange && (
        <Td isActionCell>
          <ActionsColumn
            isDisabled={!row.editable}
            items={[
              { title: enabled ? "Disable" : "Enable", onClick: () => onEnable(!enabled) },
              { title: "Edit components", onClick: onEdit },
              { isSeparator: true },
              { title: "Remove", onClick: onRemove, isDanger: true },
            ]}
          />
        </Td>
      )}
    </Tr>
  );
}

/** An entry as it would be called aloud. */
export function nameOf({ Types, URIs, Suites, Components = [] }: Repository): string {
  return [...Types, ...URIs, ...Suites, ...Components].join(" ");
}

function Lines({ lines }: { lines: string[] }) {
  return lines.map((line, index) => <div key={index}>{line}</div>);
}

function Comment({ text }: { text: string }) {
  return (
    <div className="ik-repositories__comment">
      <span className="pf-v6-screen-reader">Comment: </span>
      {text
        .trimEnd()
        .split("\n")
        .map((line, index) => (
          <div key={index}>#{line}</div>
        ))}
    </div>
  );
}

function None() {
  return <span className="ik-subtle">none</span>;
}
