import {
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
} from "@patternfly/react-core";
import type { ReactNode } from "react";

/** What is known, as pairs of words; what is not known is left out. */
export function Facts({ label, facts }: { label: string; facts: [string, ReactNode][] }) {
  return (
    <DescriptionList
      isCompact
      columnModifier={{ default: "1Col", md: "2Col", xl: "3Col" }}
      aria-label={label}
    >
      {facts
        .filter(([, value]) => value != null && value !== "")
        .map(([term, value]) => (
          <DescriptionListGroup key={term}>
            <DescriptionListTerm>{term}</DescriptionListTerm>
            <DescriptionListDescription>{value}</DescriptionListDescription>
          </DescriptionListGroup>
        ))}
    </DescriptionList>
  );
}

export function words(...parts: (string | null | undefined)[]): string {
  return parts.filter(Boolean).join(" ");
}
