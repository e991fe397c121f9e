import { Button, Card, CardBody, CardFooter, CardHeader, CardTitle, Title } from "@patternfly/react-core";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import type { Finding } from "../../kit/types";
import { fixOf } from "./data";

/** What is wrong, what shows it, and what cures it. */
export function FindingCard({ finding }: { finding: Finding }) {
  const propose = usePropose();
  const mayChange = useMay("Sys.Modify");
  return (
    <Card isCompact component="article" className={`ik-finding ik-finding--${finding.level}`}>
      <CardHeader>
        <CardTitle>
          <Title headingLevel="h2" size="md">
            {finding.message}
          </Title>
        </CardTitle>
      </CardHeader>
      <CardBody className="ik-stack ik-stack--tight">
        {finding.evidence && <pre className="ik-code">{finding.evidence}</pre>}
        {finding.advice && <p>{finding.advice}</p>}
        <p className="ik-subtle ik-small ik-mono">{finding.id}</p>
      </CardBody>
      {mayChange && finding.fixes.length > 0 && (
        <CardFooter className="ik-actions">
          {finding.fixes.map((fix, index) => (
            <Button key={index} variant="secondary" size="sm" onClick={() => propose(fixOf(fix))}>
              {fix.label}
            </Button>
          ))}
        </CardFooter>
      )}
    </Card>
  );
}
