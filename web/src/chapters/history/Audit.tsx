import {
  Button,
  FormSelect,
  FormSelectOption,
  Label,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from "@patternfly/react-core";
import DownloadIcon from "@patternfly/react-icons/dist/esm/icons/download-icon";
import UserShieldIcon from "@patternfly/react-icons/dist/esm/icons/user-shield-icon";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { urlOf } from "../../kit/api";
import { FilterField } from "../../kit/FilterField";
import { TimeRange } from "../../kit/TimeRange";
import { dateTime, secondsOf } from "../../kit/format";
import { Pager, usePaging } from "../../kit/paging";
import { Link, useQueryParams } from "../../kit/router";
import { Loaded, Nothing } from "../../kit/states";
import type { AuditEntry, AuditKind, AuditOutcome } from "../../kit/types";
import { useAudit } from "./data";

const KINDS: Record<AuditKind, string> = {
  login: "Login",
  logout: "Logout",
  token: "API token used",
  refusal: "Refusal",
  act: "Act",
  change: "Change",
  confirm: "Confirmation",
  revert: "Taken back",
  archive: "Archive",
};

const OUTCOMES = {
  ok: { color: "green", word: "done" },
  refused: { color: "orange", word: "refused" },
  failed: { color: "red", word: "failed" },
  unfinished: { color: "grey", word: "unfinished" },
} as const satisfies Record<AuditOutcome, unknown>;

const FILTERS = ["user", "kind", "outcome", "since", "until"] as const;
const CLEARED = Object.fromEntries([...FILTERS, "start"].map((name) => [name, ""]));

/** Who came, who was refused, and what was done. */
export function Audit({ node }: { node: string }) {
  const [query, setQuery] = useQueryParams();
  const paging = usePaging();
  const range = { since: seconds(query.get("since")), until: seconds(query.get("until")) };
  const audit = useAudit(node, {
    start: paging.start,
    limit: paging.limit,
    user: query.get("user") || undefined,
    kind: known(KINDS, query.get("kind")),
    outcome: known(OUTCOMES, query.get("outcome")),
    ...range,
  });
  const filtered = FILTERS.some((name) => query.get(name));
  return (
    <div className="ik-stack">
      <Filters query={query} onChange={(changed) => setQuery({ ...changed, start: "" })} />
      <div className="ik-actions">
        <Button
          component="a"
          variant="secondary"
          icon={<DownloadIcon />}
          href={urlOf("/nodes/{node}/history/export", { node }, range)}
          download={`${node}-history.jsonl`}
        >
          Export the whole history of this time
        </Button>
      </div>
      <Loaded query={audit} what="the audit">
        {({ entries, total }) =>
          entries.length > 0 ? (
            <>
              <Entries node={node} entries={entries} />
              <Pager paging={paging} total={total} what="entries" />
            </>
          ) : (
            <Nothing
              title={filtered ? "No entry matches" : "Nothing was noted yet"}
              icon={UserShieldIcon}
              action={filtered ? { label: "Clear the filters", onClick: () => setQuery(CLEARED) } : undefined}
            />
          )
        }
      </Loaded>
    </div>
  );
}

function seconds(local: string | null): number | undefined {
  return secondsOf(local ?? "") || undefined;
}

function known<T extends string>(names: Record<T, unknown>, name: string | null): T | undefined {
  return name !== null && Object.hasOwn(names, name) ? (name as T) : undefined;
}

function Entries({ node, entries }: { node: string; entries: AuditEntry[] }) {
  return (
    <Table variant="compact" gridBreakPoint="grid-lg" aria-label="Audit, newest first">
      <Thead>
        <Tr>
          <Th>Time</Th>
          <Th>Kind</Th>
          <Th>User</Th>
          <Th>From</Th>
          <Th width={40}>What</Th>
          <Th>Outcome</Th>
        </Tr>
      </Thead>
      <Tbody>
        {entries.map((entry) => (
          <Tr key={entry.id}>
            <Td dataLabel="Time" modifier="nowrap">
              {dateTime(entry.time)}
            </Td>
            <Td dataLabel="Kind">{KINDS[entry.kind]}</Td>
            <Td dataLabel="User" className="ik-wrap">
              {entry.user || <span className="ik-subtle">nobody named</span>}
            </Td>
            <Td dataLabel="From" className="ik-wrap">
              {entry.origin}
            </Td>
            <Td dataLabel="What" className="ik-wrap">
              {entry.change == null ? (
                entry.what
              ) : (
                <Link to={["nodes", node, "history", entry.change]}>{entry.what}</Link>
              )}
              {entry.count != null && entry.count > 1 && ` (${entry.count} times)`}
              {entry.reason && <div className="ik-subtle ik-small">{entry.reason}</div>}
            </Td>
            <Td dataLabel="Outcome">
              <Label isCompact variant="outline" color={OUTCOMES[entry.outcome].color}>
                {OUTCOMES[entry.outcome].word}
              </Label>
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function Filters({
  query,
  onChange,
}: {
  query: URLSearchParams;
  onChange: (changed: Record<string, string>) => void;
}) {
  const value = (name: (typeof FILTERS)[number]) => query.get(name) ?? "";
  return (
    <Toolbar className="ik-toolbar" aria-label="Filters">
      <ToolbarContent>
        <ToolbarItem>
          <FilterField label="User" value={value("user")} onChange={(user) => onChange({ user })} />
        </ToolbarItem>
        <ToolbarItem>
          <FormSelect aria-label="Kind" value={value("kind")} onChange={(_, kind) => onChange({ kind })}>
            <FormSelectOption value="" label="Any kind" />
            {Object.entries(KINDS).map(([kind, label]) => (
              <FormSelectOption key={kind} value={kind} label={label} />
            ))}
          </FormSelect>
        </ToolbarItem>
        <ToolbarItem>
          <FormSelect
            aria-label="Outcome"
            value={value("outcome")}
            onChange={(_, outcome) => onChange({ outcome })}
          >
            <FormSelectOption value="" label="Any outcome" />
            {Object.entries(OUTCOMES).map(([outcome, { word }]) => (
              <FormSelectOption key={outcome} value={outcome} label={word} />
            ))}
          </FormSelect>
        </ToolbarItem>
        <TimeRange what="Noted" value={value} onChange={onChange} />
      </ToolbarContent>
    </Toolbar>
  );
}
