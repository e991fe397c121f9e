import { FormSelect, FormSelectOption, Toolbar, ToolbarContent, ToolbarItem } from "@patternfly/react-core";
import { useMemo } from "react";
import { ChapterPage } from "../../kit/ChapterPage";
import { FilterField } from "../../kit/FilterField";
import { TimeRange } from "../../kit/TimeRange";
import { secondsOf } from "../../kit/format";
import { useQueryParams } from "../../kit/router";
import type { Priority } from "../../kit/types";
import type { LogFilter } from "./data";
import { LogView } from "./LogView";

const PRIORITIES: { value: Priority; label: string }[] = [
  { value: "emerg", label: "Emergencies" },
  { value: "alert", label: "Alerts and worse" },
  { value: "crit", label: "Critical and worse" },
  { value: "err", label: "Errors and worse" },
  { value: "warning", label: "Warnings and worse" },
  { value: "notice", label: "Notices and worse" },
  { value: "info", label: "Without debugging" },
];

/** What this host wrote into its journal. */
export function LogPage({ node }: { node: string }) {
  const [query, setQuery] = useQueryParams();
  const filter = useFilter(query);
  return (
    <ChapterPage
      title="System log"
      node={node}
      help={{ guide: "services", man: ["journalctl.1"] }}
      intro="What the kernel, the services and this program have written, newest at the bottom."
    >
      <div className="ik-stack">
        <Filters query={query} onChange={setQuery} />
        <LogView key={JSON.stringify(filter)} node={node} filter={filter} label="the system log" />
      </div>
    </ChapterPage>
  );
}

/** What the address says, as the API wants it. */
function useFilter(query: URLSearchParams): LogFilter {
  const said = query.toString();
  return useMemo(() => {
    const given = new URLSearchParams(said);
    const priority = PRIORITIES.find(({ value }) => value === given.get("priority"))?.value;
    return {
      service: given.get("unit") || undefined,
      priority,
      since: seconds(given.get("since")),
      until: seconds(given.get("until")),
    };
  }, [said]);
}

function seconds(local: string | null): number | undefined {
  return secondsOf(local ?? "") || undefined;
}

function Filters({
  query,
  onChange,
}: {
  query: URLSearchParams;
  onChange: (changed: Record<string, string>) => void;
}) {
  const value = (name: string) => query.get(name) ?? "";
  return (
    <Toolbar className="ik-toolbar" aria-label="Filters">
      <ToolbarContent>
        <ToolbarItem>
          <FilterField
            label="Unit"
            placeholder="Service or unit, as chrony"
            value={value("unit")}
            onChange={(unit) => onChange({ unit })}
          />
        </ToolbarItem>
        <ToolbarItem>
          <FormSelect
            aria-label="Priority"
            value={value("priority")}
            onChange={(_, priority) => onChange({ priority })}
          >
            <FormSelectOption value="" label="Everything" />
            {PRIORITIES.map(({ value: priority, label }) => (
              <FormSelectOption key={priority} value={priority} label={label} />
            ))}
          </FormSelect>
        </ToolbarItem>
        <TimeRange what="Written" value={value} onChange={onChange} />
      </ToolbarContent>
    </Toolbar>
  );
}
