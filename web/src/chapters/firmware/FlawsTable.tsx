import { Label } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { Nothing } from "../../kit/states";
import type { Flaw } from "./data";

const LOOK = {
  "not-affected": { color: "green", word: "not affected" },
  mitigated: { color: "blue", word: "mitigated" },
  vulnerable: { color: "red", word: "vulnerable" },
  unknown: { color: "grey", word: "not known" },
} as const;

/** Those that somebody has to do something about come first. */
const ORDER: Flaw["standing"][] = ["vulnerable", "unknown", "mitigated", "not-affected"];

export function FlawsTable({ flaws }: { flaws: Flaw[] }) {
  if (flaws.length === 0) return <Nothing title="The kernel says nothing about flaws of this CPU" />;
  const sorted = [...flaws].sort((a, b) => ORDER.indexOf(a.standing) - ORDER.indexOf(b.standing));
  return (
    <Table variant="compact" gridBreakPoint="grid-md" aria-label="Known flaws of CPUs">
      <Thead>
        <Tr>
          <Th width={25}>Flaw</Th>
          <Th width={15}>This CPU is</Th>
          <Th>What the kernel says</Th>
        </Tr>
      </Thead>
      <Tbody>
        {sorted.map(({ name, standing, text }) => (
          <Tr key={name}>
            <Td dataLabel="Flaw">{name}</Td>
            <Td dataLabel="This CPU is">
              <Label isCompact variant="outline" color={LOOK[standing].color}>
                {LOOK[standing].word}
              </Label>
            </Td>
            <Td dataLabel="What the kernel says" className="ik-wrap">
              {text}
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
