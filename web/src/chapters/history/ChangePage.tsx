import {
  Alert,
  Button,
  ClipboardCopy,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  Label,
  Title,
} from "@patternfly/react-core";
import type { ReactNode } from "react";
import { ChapterPage } from "../../kit/ChapterPage";
import { DiffView } from "../../kit/diff/DiffView";
import { dateTime } from "../../kit/format";
import { finishOf, undoOf, usePropose } from "../../kit/plan/Changes";
import { Link } from "../../kit/router";
import { useMay } from "../../kit/session";
import { Loaded } from "../../kit/states";
import type { Change, ChangedFile, ChangeStep } from "../../kit/types";
import { ChangeStateLabel } from "./ChangeState";
import { useChange } from "./data";

/** One change with its steps and diffs. */
export function ChangePage({ node, id }: { node: string; id: string }) {
  const change = useChange(node, Number(id));
  const propose = usePropose();
  const mayChange = useMay("Sys.Modify");
  const entry = change.data;
  return (
    <ChapterPage
      title={`Change ${id}`}
      node={node}
      intro={entry?.summary}
      crumbs={[{ label: "History", to: ["nodes", node, "history"] }]}
      actions={
        mayChange &&
        entry && (
          <>
            {canBeFinished(entry) && (
              <Button onClick={() => propose(finishOf(node, entry.id))}>Carry out the rest</Button>
            )}
            {entry.reversible === 1 && (
              <Button variant="secondary" onClick={() => propose(undoOf(node, entry.id))}>
                Undo
              </Button>
            )}
          </>
        )
      }
    >
      <Loaded query={change} what={`change ${id}`}>
        {(detail) => <Details node={node} entry={detail} />}
      </Loaded>
    </ChapterPage>
  );
}

/** A change that ended half way can be brought to either end. */
function canBeFinished({ state, "finished-by": by }: Change): boolean {
  return (state === "interrupted" || state === "failed") && by == null;
}

function Details({ node, entry }: { node: string; entry: Change }) {
  return (
    <div className="ik-stack ik-stack--wide">
      {entry.error && (
        <Alert isInline variant="danger" title="Why it failed">
          {entry.error}
        </Alert>
      )}
      <Facts node={node} entry={entry} />
      {entry.steps.length > 0 && (
        <Part title="Steps">
          <ol className="ik-steps">
            {entry.steps.map((step, index) => (
              <Step key={index} step={step} />
            ))}
          </ol>
        </Part>
      )}
      {entry.files.length > 0 && (
        <Part title="Files">
          {entry.files.map((file) => (
            <File key={file.path} file={file} />
          ))}
        </Part>
      )}
      {entry.command && (
        <Part title="The same from the command line">
          <ClipboardCopy
            isReadOnly
            isCode
            hoverTip="Copy"
            clickTip="Copied"
            textAriaLabel="Equivalent command line"
          >
            {entry.command}
          </ClipboardCopy>
        </Part>
      )}
    </div>
  );
}

const STEP = {
  pending: { color: "grey", word: "not begun" },
  started: { color: "orange", word: "begun" },
  done: { color: "green", word: "done" },
  failed: { color: "red", word: "failed" },
  "taken-back": { color: "orange", word: "taken back" },
} as const satisfies Record<ChangeStep["state"], unknown>;

function Step({ step: { what, detail, state, error } }: { step: ChangeStep }) {
  const { color, word } = STEP[state];
  return (
    <li>
      {what}{" "}
      <Label isCompact variant="outline" color={color}>
        {word}
      </Label>
      {error && <p className="ik-wrap">{error}</p>}
      {/* the diffs of files follow below */}
      {!detail.startsWith("--- ") && detail.trim() !== "" && (
        <pre className="ik-code">{detail.trimEnd()}</pre>
      )}
    </li>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="ik-stack ik-stack--tight">
      <Title headingLevel="h2" size="lg">
        {title}
      </Title>
      {children}
    </section>
  );
}

function Facts({ node, entry }: { node: string; entry: Change }) {
  const undoneBy = entry["undone-by"];
  const facts: [string, ReactNode][] = [
    ["State", <ChangeStateLabel key="state" state={entry.state} />],
    ["User", entry.user],
    ["From", entry.origin],
    ["Time", dateTime(entry.time)],
    ["Call", <code key="call" className="ik-wrap">{`${entry.verb} ${entry.path}`}</code>],
  ];
  if (entry.upid)
    facts.push([
      "Task",
      <Link key="task" to={["nodes", node, "tasks", entry.upid]}>
        Task log
      </Link>,
    ]);
  if (entry.undoes) facts.push(["Undoes", <ChangeLink key="undoes" node={node} id={entry.undoes} />]);
  const finishes = entry.finishes;
  const finishedBy = entry["finished-by"];
  if (finishes) facts.push(["Finishes", <ChangeLink key="finishes" node={node} id={finishes} />]);
  if (finishedBy) facts.push(["Finished by", <ChangeLink key="finished" node={node} id={finishedBy} />]);
  if (undoneBy) facts.push(["Undone by", <ChangeLink key="undone" node={node} id={undoneBy} />]);
  return (
    <DescriptionList
      isCompact
      columnModifier={{ default: "1Col", md: "2Col", xl: "3Col" }}
      aria-label="About this change"
    >
      {facts.map(([term, description]) => (
        <DescriptionListGroup key={term}>
          <DescriptionListTerm>{term}</DescriptionListTerm>
          <DescriptionListDescription>{description}</DescriptionListDescription>
        </DescriptionListGroup>
      ))}
    </DescriptionList>
  );
}

function ChangeLink({ node, id }: { node: string; id: number }) {
  return <Link to={["nodes", node, "history", id]}>Change {id}</Link>;
}

const NOW = {
  new: undefined,
  unknown: "Whether this file was changed since cannot be told.",
  old: "On the host this file is again as it was before the change.",
  other:
    "On the host this file has been changed since, so an undo will be refused until you decide what to keep.",
} as const;

function File({ file }: { file: ChangedFile }) {
  const note = NOW[file.now];
  return (
    <div className="ik-stack ik-stack--tight">
      <DiffView diff={file.diff} />
      {note && <p className="ik-subtle">{note}</p>}
    </div>
  );
}
