import { TextInput, ToolbarItem } from "@patternfly/react-core";

type Bounds = { since?: string; until?: string };

/** Two fields of a toolbar that narrow a list down to a time; `what` is what happened then, as "Started". */
export function TimeRange({
  what,
  value,
  onChange,
}: {
  what: string;
  value: (name: keyof Bounds) => string;
  onChange: (changed: Bounds) => void;
}) {
  return (["since", "until"] as const).map((name) => (
    <ToolbarItem key={name}>
      <label className="ik-field">
        <span>{name === "since" ? "Since" : "Until"}</span>
        <TextInput
          type="datetime-local"
          aria-label={`${what} ${name}`}
          value={value(name)}
          onChange={(_, time) => onChange({ [name]: time })}
        />
      </label>
    </ToolbarItem>
  ));
}
