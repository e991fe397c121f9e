import { Alert, Button, List, ListItem } from "@patternfly/react-core";
import { useState } from "react";
import { DiffView } from "../../kit/diff/DiffView";
import { FormDialog, SelectField, TextField } from "../../kit/form";
import { count, dateTime } from "../../kit/format";
import { usePropose } from "../../kit/plan/Changes";
import { Loaded } from "../../kit/states";
import type { ChangeSet, ChangeSetDetails, Conflict } from "../../kit/types";
import { discardSet, looksLikeName, make, rebase, stageSet, useChangeSet, useOwns } from "./changeSets";

/** Where edits go: what everybody stages, or a change set; and how the chosen one stands. */
export function ChangeSets({
  node,
  sets,
  chosen,
  mayChange,
  onChoose,
}: {
  node: string;
  sets: readonly ChangeSet[];
  chosen: ChangeSet | undefined;
  mayChange: boolean;
  onChoose: (name: string) => void;
}) {
  const [isMaking, setIsMaking] = useState(false);
  const choices = sets.map((set) => ({ value: set.name, label: labelOf(set) }));
  return (
    <div className="ik-stack">
      <div className="ik-actions">
        <SelectField
          label="Edits go to"
          empty="the staged file, which is everybody's"
          value={chosen?.name ?? ""}
          choices={choices}
          onChange={onChoose}
        />
        {mayChange && (
          <Button variant="link" onClick={() => setIsMaking(true)}>
            New change set
          </Button>
        )}
      </div>
      {chosen && <Chosen key={chosen.name} node={node} set={chosen} mayChange={mayChange} />}
      {isMaking && (
        <MakeDialog
          node={node}
          names={sets.map(({ name }) => name)}
          onClose={() => setIsMaking(false)}
          onMade={onChoose}
        />
      )}
    </div>
  );
}

function labelOf({ name, author, lines, outdated, error }: ChangeSet): string {
  if (error) return `${name} (damaged)`;
  const state = [count(lines, "line"), ...(outdated === 1 ? ["out of date"] : [])];
  return `${name} by ${author} (${state.join(", ")})`;
}

/** What the chosen change set changes, and what its author can do with it. */
function Chosen({ node, set, mayChange }: { node: string; set: ChangeSet; mayChange: boolean }) {
  const details = useChangeSet(node, set.name);
  const propose = usePropose();
  const isOwn = useOwns()(set) && mayChange;
  const isOutdated = set.outdated === 1;
  const isSound = !set.error;
  return (
    <section aria-label={`Change set ${set.name}`} className="ik-stack">
      <p>
        {set.title && `${set.title}. `}
        {isSound && `Made by ${set.author}, changed ${dateTime(set.changed)}.`}
        {!isOwn && " Only its author and root@pam change it."}
      </p>
      {isOwn && (
        <div className="ik-actions">
          <Button
            variant="secondary"
            isDisabled={!isSound || isOutdated || set.lines === 0}
            onClick={() => propose(stageSet(node, set.name))}
          >
            Stage it
          </Button>
          <Button
            variant="secondary"
            isDisabled={!isSound || !isOutdated}
            onClick={() => propose(rebase(node, set.name))}
          >
            Rebase
          </Button>
          <Button variant="secondary" isDanger onClick={() => propose(discardSet(node, set.name))}>
            Discard it
          </Button>
        </div>
      )}
      <Loaded query={details} what="the change set">
        {(found) => <Standing found={found} />}
      </Loaded>
    </section>
  );
}

function Standing({ found }: { found: ChangeSetDetails }) {
  const { conflicts = [] } = found;
  if (found.error)
    return (
      <Alert isInline variant="danger" title="Its file is not understood, and left alone">
        {found.error}
      </Alert>
    );
  return (
    <>
      {found.outdated === 1 && (
        <Alert
          isInline
          variant="warning"
          title="It is out of date: something else was configured since it was made"
        >
          {conflicts.length === 0 ? (
            <p>Rebase it to have both. Then it can be staged.</p>
          ) : (
            <>
              <p>Both changed the same, each in another way. One of them has to give way first:</p>
              <List>
                {conflicts.map((conflict) => (
                  <ListItem key={`${conflict.iface} ${conflict.option}`}>{inWords(conflict)}</ListItem>
                ))}
              </List>
            </>
          )}
          {found.since && <DiffView diff={found.since} />}
        </Alert>
      )}
      {found.diff ? (
        <Alert isInline variant="info" title="What it changes. Nothing of it is staged yet">
          <DiffView diff={found.diff} />
        </Alert>
      ) : (
        <p className="ik-subtle">It changes nothing yet. What you edit below goes into it.</p>
      )}
    </>
  );
}

function inWords({ iface, option, own, current }: Conflict): string {
  const what = [iface, option].filter(Boolean).join(" ");
  return `${what}: ${own ?? "removed"} here, ${current ?? "removed"} there`;
}

function MakeDialog({
  node,
  names,
  onClose,
  onMade,
}: {
  node: string;
  names: readonly string[];
  onClose: () => void;
  onMade: (name: string) => void;
}) {
  const propose = usePropose();
  const [name, setName] = useState("");
  const [title, setTitle] = useState("");
  const isTaken = names.includes(name);
  const wrong =
    (isTaken && "There is one of this name") ||
    (name !== "" && !looksLikeName(name) && "Letters, digits, '-' and '_', the first one a letter");
  const submit = () => {
    onClose();
    onMade(name);
    propose(make(node, name, title.trim()));
  };
  return (
    <FormDialog
      title="New change set"
      description="A copy of the configuration that only you edit, until you stage it."
      isValid={name !== "" && !wrong}
      onClose={onClose}
      onSubmit={submit}
    >
      <TextField
        label="Name"
        value={name}
        error={wrong}
        onChange={setName}
        isRequired
        autoFocus
        maxLength={40}
      />
      <TextField label="What it is for" value={title} onChange={setTitle} maxLength={256} />
    </FormDialog>
  );
}
