import {
  FormSelect,
  FormSelectOption,
  Switch,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from "@patternfly/react-core";
import { FilterField } from "../../kit/FilterField";
import { TimeRange } from "../../kit/TimeRange";
import { secondsOf } from "../../kit/format";
import type { TaskQuery } from "./data";

const NAMES = ["errors", "type", "user", "status", "since", "until"] as const;
type Name = (typeof NAMES)[number];

export const CLEARED = Object.fromEntries([...NAMES, "start"].map((name) => [name, ""]));

export function isFiltered(query: URLSearchParams): boolean {
  return NAMES.some((name) => (query.get(name) ?? "") !== "");
}

/** What the address says about filters, as the API wants it. */
export function filterParams(query: URLSearchParams): TaskQuery {
  const given = (name: Name) => query.get(name) ?? undefined;
  return {
    errors: given("errors") === "1" ? 1 : undefined,
    typefilter: given("type"),
    userfilter: given("user"),
    statusfilter: given("status"),
    since: seconds(given("since")),
    until: seconds(given("until")),
  };
}

function seconds(local: string | undefined): number | undefined {
  return secondsOf(local ?? "") || undefined;
}

export function Filters({
  query,
  onChange,
}: {
  query: URLSearchParams;
  onChange: (changed: Partial<Record<Name, string>>) => void;
}) {
  const value = (name: Name) => query.get(name) ?? "";
  return (
    <Toolbar className="ik-toolbar" aria-label="Filters">
      <ToolbarContent>
        <ToolbarItem alignSelf="center">
          <Switch
            id="errors"
            label="Errors only"
            isChecked={value("errors") === "1"}
            onChange={(_, on) => onChange({ errors: on ? "1" : "" })}
          />
        </ToolbarItem>
        <ToolbarItem>
          <FilterField
            label="Type of task"
            placeholder="Type, as aptupdate"
            value={value("type")}
            onChange={(type) => onChange({ type })}
          />
        </ToolbarItem>
        <ToolbarItem>
          <FilterField label="User" value={value("user")} onChange={(user) => onChange({ user })} />
        </ToolbarItem>
        <ToolbarItem>
          <FormSelect
            aria-label="Result"
            value={value("status")}
            isDisabled={value("errors") === "1"}
            onChange={(_, status) => onChange({ status })}
          >
            <FormSelectOption value="" label="Any result" />
            <FormSelectOption value="ok" label="OK" />
            <FormSelectOption value="warning" label="Warnings" />
            <FormSelectOption value="error" label="Error" />
            <FormSelectOption value="unknown" label="Unknown" />
          </FormSelect>
        </ToolbarItem>
        <TimeRange what="Started" value={value} onChange={onChange} />
      </ToolbarContent>
    </Toolbar>
  );
}
