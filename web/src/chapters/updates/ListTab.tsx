import { Button, List, ListItem, Title, Toolbar, ToolbarContent, ToolbarItem } from "@patternfly/react-core";
import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import { FilterField } from "../../kit/FilterField";
import { dateTime } from "../../kit/format";
import { useQueryParams } from "../../kit/router";
import { Loaded, Nothing } from "../../kit/states";
import { useStanding, useUpdates, type Standing, type Update } from "./data";
import { pending } from "./UpdatesLine";
import { UpdateTable } from "./UpdateTable";

export function ListTab({
  node,
  onChangelog,
  onHold,
  onRelease,
}: {
  node: string;
  onChangelog: (update: Update) => void;
  onHold: (update: Update) => void;
  onRelease: (name: string) => void;
}) {
  const standing = useStanding(node);
  const updates = useUpdates(node);
  return (
    <div className="ik-stack">
      <Loaded query={standing} what="how this host stands" rows={1}>
        {(at) => <Facts standing={at} />}
      </Loaded>
      <Loaded query={updates} what="the updates">
        {(list) => <Updates updates={list} onChangelog={onChangelog} onHold={onHold} />}
      </Loaded>
      {standing.data && <Held held={standing.data.held} onRelease={onRelease} />}
    </div>
  );
}

function Facts({ standing }: { standing: Standing }) {
  const { refreshed, listed } = standing;
  const times = [
    refreshed != null && `Package lists of ${dateTime(refreshed)}`,
    listed != null && `list of updates of ${dateTime(listed)}`,
  ].filter(Boolean);
  return (
    <div>
      <p>{pending(standing)}</p>
      {times.length > 0 && <p className="ik-subtle ik-small">{times.join(", ")}</p>}
    </div>
  );
}

function Updates({
  updates,
  onChangelog,
  onHold,
}: {
  updates: Update[];
  onChangelog: (update: Update) => void;
  onHold: (update: Update) => void;
}) {
  const [query, setQuery] = useQueryParams();
  const wanted = query.get("package") ?? "";
  const found = updates.filter(({ Package: name, Origin: origin }) =>
    `${name} ${origin}`.toLowerCase().includes(wanted.toLowerCase()),
  );
  if (updates.length === 0) {
    return (
      <Nothing title="No updates" icon={CheckCircleIcon}>
        Every package is installed in the newest version that the package lists of this host know.
      </Nothing>
    );
  }
  return (
    <>
      <Toolbar className="ik-toolbar">
        <ToolbarContent>
          <ToolbarItem>
            <FilterField
              label="Package or origin"
              value={wanted}
              onChange={(text) => setQuery({ package: text })}
            />
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {found.length === 0 ? (
        <Nothing
          title="No update matches"
          action={{ label: "Clear the filter", onClick: () => setQuery({ package: "" }) }}
        />
      ) : (
        <UpdateTable label="Available updates" updates={found} onChangelog={onChangelog} onHold={onHold} />
      )}
    </>
  );
}

function Held({ held, onRelease }: { held: Standing["held"]; onRelease: (name: string) => void }) {
  if (held.length === 0) return null;
  return (
    <section className="ik-stack ik-stack--tight">
      <Title headingLevel="h2" size="md">
        Held packages
      </Title>
      <p>They stay at their version whatever there is.</p>
      <List isPlain aria-label="Held packages">
        {held.map(({ name, version }) => (
          <ListItem key={name}>
            {name} {version}{" "}
            <Button variant="link" isInline aria-label={`Release ${name}`} onClick={() => onRelease(name)}>
              Release
            </Button>
          </ListItem>
        ))}
      </List>
    </section>
  );
}
