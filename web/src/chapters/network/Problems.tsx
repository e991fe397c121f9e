import { Alert, List, ListItem } from "@patternfly/react-core";
import type { LineProblem } from "../../kit/types";

/** Lines of a file that have no effect. */
export function Problems({ file, problems = [] }: { file: string; problems?: readonly LineProblem[] }) {
  if (problems.length === 0) return null;
  return (
    <Alert isInline variant="warning" title={`Lines of ${file} without effect`}>
      <List>
        {problems.map(({ line, reason }) => (
          <ListItem key={line} className="ik-wrap">
            Line {line}: {reason}
          </ListItem>
        ))}
      </List>
      <p>They are kept as they are.</p>
    </Alert>
  );
}
